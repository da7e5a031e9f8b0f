/** Whether a student does what the feedback says. */
import type { Episode, Verdict } from "@sml/env-pomdp"
import { isCorrect, studentTurns } from "@sml/env-pomdp"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

import type { Informativeness } from "./Informativeness.ts"
import { readNumber } from "./internal/readNumber.ts"
import type { Metric } from "./Metric.ts"

/**
 * What the feedback to a wrong attempt asks of the next attempt, in a form that a program can check:
 *
 * - `Different`: not that answer again (all that "wrong" says);
 * - `Higher`, `Lower`: a number above · below `than`, the answer that was given;
 * - `PassTest`: test number `test` (from 0), which fails, must pass.
 */
export const Demand = Schema.Union([
  Schema.TaggedStruct("Different", { answer: Schema.String }),
  Schema.TaggedStruct("Higher", { than: Schema.String }),
  Schema.TaggedStruct("Lower", { than: Schema.String }),
  Schema.TaggedStruct("PassTest", { test: Schema.Int })
])
export type Demand = typeof Demand.Type

/** The part of the verifiers' diagnostics that says which way to go, whichever verifier wrote them. */
const NumberSide = Schema.Struct({
  kind: Schema.Literal("math-answer"),
  answer: Schema.String,
  side: Schema.NullOr(Schema.Literals(["low", "high"]))
})
const GeneratedNumber = Schema.Struct({
  kind: Schema.Literal("math"),
  answer: Schema.NullOr(Schema.String),
  comparison: Schema.String
})
const TestResults = Schema.Struct({
  kind: Schema.Literal("program"),
  tests: Schema.Array(Schema.Struct({ verdict: Schema.String }))
})
/** A verdict on moving goals holds the diagnostics of the goal in force. */
const EvolvedDiagnostics = Schema.Struct({ goal: Schema.Int, diagnostics: Schema.Json })
const readEvolved = Schema.decodeUnknownOption(EvolvedDiagnostics)
const readSide = Schema.decodeUnknownOption(NumberSide)
const readGenerated = Schema.decodeUnknownOption(GeneratedNumber)
const readTests = Schema.decodeUnknownOption(TestResults)

interface Sided {
  readonly answer: string
  readonly side: "low" | "high" | null
}

const diagnosticsOf = (verdict: Verdict): Schema.Json => {
  if (verdict._tag === "NoAttempt") return null
  const { diagnostics } = verdict
  return Option.match(readEvolved(diagnostics), {
    onNone: () => diagnostics,
    onSome: (evolved) => evolved.diagnostics
  })
}

const sidedOf = (verdict: Verdict): Sided | undefined => {
  const diagnostics = diagnosticsOf(verdict)
  const found = Option.getOrUndefined(readSide(diagnostics))
  if (found !== undefined) return found
  const generated = Option.getOrUndefined(readGenerated(diagnostics))
  if (generated === undefined || generated.answer === null) return undefined
  const { answer, comparison } = generated
  return { answer, side: comparison === "low" || comparison === "high" ? comparison : null }
}

const testsOf = (verdict: Verdict) =>
  Option.getOrUndefined(readTests(diagnosticsOf(verdict)))?.tests

/** One attempt: its words and the verdict on them. */
export interface JudgedTurn {
  readonly text: string
  readonly verdict: Verdict
}

const answerOf = ({ text, verdict }: JudgedTurn): string =>
  sidedOf(verdict)?.answer ?? text.trim().replaceAll(/\s+/g, " ")

/**
 * What a teacher of the given informativeness asks for after this wrong attempt; `undefined` where it
 * asks for nothing. `none` never does; `binary` asks for a different answer; `hint` and `diagnostic`
 * for the other side of a number; `diagnostic` for the first failing test to pass; and both for a
 * different answer where the verifier knows neither.
 */
export const demandOf = (
  attempt: JudgedTurn,
  informativeness: Informativeness
): Demand | undefined => {
  const { verdict } = attempt
  if (informativeness === "none" || verdict._tag !== "Attempt" || verdict.correct) return undefined
  const different: Demand = { _tag: "Different", answer: answerOf(attempt) }
  if (informativeness === "binary") return different
  const sided = sidedOf(verdict)
  if (sided?.side === "low") return { _tag: "Higher", than: sided.answer }
  if (sided?.side === "high") return { _tag: "Lower", than: sided.answer }
  if (informativeness === "hint") return different
  const failing = testsOf(verdict)?.findIndex((test) => test.verdict !== "pass") ?? -1
  return failing < 0 ? different : { _tag: "PassTest", test: failing }
}

/**
 * Whether an attempt does what was asked. A right attempt does. A number does when it lies beyond the
 * reference, or on the old side but nearer to it than the old answer in the direction that was asked.
 * `undefined` where it cannot be told: numbers that cannot be read, an attempt without diagnostics.
 */
export const meetsDemand = (demand: Demand, attempt: JudgedTurn): boolean | undefined => {
  const { verdict } = attempt
  if (isCorrect(verdict)) return true
  switch (demand._tag) {
    case "Different":
      return answerOf(attempt) !== demand.answer
    case "PassTest": {
      const tests = testsOf(verdict)
      return tests === undefined ? undefined : tests[demand.test]?.verdict === "pass"
    }
    default: {
      const sided = sidedOf(verdict)
      const [past, now] = [demand.than, sided?.answer].map((text) =>
        text === undefined ? undefined : readNumber(text)
      )
      if (sided?.side === (demand._tag === "Higher" ? "high" : "low")) return true
      if (past === undefined || now === undefined) return undefined
      return demand._tag === "Higher" ? now > past : now < past
    }
  }
}

/** Reads what the teacher's answer to turn `index` (from 0) asked for. */
export type ReadDemand = (episode: Episode, index: number) => Demand | undefined

const fromDiagnostics =
  (informativeness: Informativeness): ReadDemand =>
  (episode, index) => {
    const text = studentTurns(episode)[index]?.text
    const verdict = episode.state.verdicts[index]
    return text === undefined || verdict === undefined
      ? undefined
      : demandOf({ text, verdict }, informativeness)
  }

/**
 * `uptake`: of the wrong attempts that feedback and, later, another attempt followed, the share whose
 * next attempt does what the feedback asked. Questions in between do not count against the student,
 * and a student that never attempts again is not counted: read it beside the attempt rate.
 *
 * What the feedback asked is taken from the verifier's diagnostics and the teacher's informativeness,
 * not from its words: a teacher that does not say what it could say makes this number lower. Give
 * `read` where the teacher keeps a record of what it said.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { type Episode, reset } from "@sml/env-pomdp"
 * import { uptake } from "@sml/eval-harness"
 *
 * const attempt = (answer: string, side: "low" | "high") =>
 *   ({
 *     _tag: "Attempt",
 *     correct: false,
 *     diagnostics: { kind: "math-answer", answer, comparison: "different", reason: null, side }
 *   }) as const
 * const task = { id: "6*7", domain: "math", prompt: "6 * 7 ?", knowledge: 42, missing: [] }
 * const said = ["40", "45", "46"]
 * const episode: Episode = {
 *   state: {
 *     ...reset(task, { horizon: 3 }),
 *     history: [
 *       { role: "teacher", text: task.prompt },
 *       ...said.map((text) => ({ role: "student", text }) as const)
 *     ],
 *     verdicts: [attempt("40", "low"), attempt("45", "high"), attempt("46", "high")],
 *     replies: [{ text: "too low", disclosed: [] }, { text: "too high", disclosed: [] }]
 *   },
 *   stop: "horizon",
 *   reward: 0
 * }
 * // 40 was too low and 45 is more; 45 was too high and 46 is not less
 * assert.deepEqual(uptake("diagnostic").measure(episode), { numerator: 1, denominator: 2 })
 * ```
 */
export const uptake = (
  informativeness: Informativeness,
  read: ReadDemand = fromDiagnostics(informativeness)
): Metric => ({
  name: "uptake",
  range: [0, 1],
  measure: (episode) => {
    const { replies, verdicts } = episode.state
    const texts = studentTurns(episode)
    let numerator = 0
    let denominator = 0
    let pending: Demand | undefined
    for (const [index, verdict] of verdicts.entries()) {
      if (verdict._tag !== "Attempt") continue
      const met =
        pending === undefined
          ? undefined
          : meetsDemand(pending, { text: texts[index]?.text ?? "", verdict })
      if (met !== undefined) {
        denominator++
        if (met) numerator++
      }
      pending = replies[index] === undefined ? undefined : read(episode, index)
    }
    return { numerator, denominator }
  }
})
