/**
 * A teacher made of templates, for the two generated domains. It says where a wrong attempt fails,
 * answers questions about the task, and never tells the answer, whole or piecewise (see
 * `LeakGuard.ts` for what that means).
 */
import type { DialogueState, TeacherReply, Verdict } from "@sml/env-pomdp"
import { mixSeed, Teacher, TeacherError, uniformStream } from "@sml/env-pomdp"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import { spellInteger } from "./internal/spellInteger.ts"
import type { CodeDiagnostics } from "./NanoDiagnostics.ts"
import { Diagnostics } from "./NanoDiagnostics.ts"
import type { CodeKnowledge, Knowledge, MathKnowledge } from "./NanoKnowledge.ts"
import { decodeKnowledge } from "./NanoKnowledge.ts"
import { statedPieces } from "./NanoLeakGuard.ts"
import { compareRationals, parseRational } from "./Rational.ts"
import type { StudentQuestion } from "./StudentSentence.ts"
import { parseQuestion } from "./StudentSentence.ts"
import type { DigitComparison } from "./TeacherSentence.ts"
import {
  compareDigits,
  contentFree,
  correct,
  digitHint,
  pleaseAnswerOrAsk,
  refusal,
  shouldBe,
  sideAnswer,
  sideHint,
  tell,
  tryAgain,
  wrongDigits,
  wrongOpeners
} from "./TeacherSentence.ts"

/**
 * How much the teacher helps.
 *
 * - `informative`: hints after wrong attempts, answers to questions.
 * - `content-free`: every wrong attempt gets `wrong . try again .`; questions are answered.
 * - `strict-content-free`: that, and every question gets `i can not tell you that .`
 * - `reticent`: informative, but a share of the wrong attempts only gets `try again .`
 */
export const InformationLevel = Schema.Literals([
  "informative",
  "content-free",
  "strict-content-free",
  "reticent"
])
export type InformationLevel = typeof InformationLevel.Type

/** Share of the wrong attempts to which a reticent teacher gives no hint. */
export const defaultReticence = 0.7

/** A teacher's manner. `reticence` (0..1, default 0.7) matters to the level `reticent` only. */
export interface NanoTeacherOptions {
  readonly level: InformationLevel
  readonly reticence?: number
}

const plain = (text: string): TeacherReply => ({ text, disclosed: [] })

/** Keeps the teacher's random choices apart from the other uses of the state's seed. */
const teacherStream = 0x7ea

/**
 * The reply to the last student turn: a function of the state (history, verdicts, knowledge, seed)
 * and the manner. Fails when the task is not of a generated domain.
 *
 * After a wrong attempt: an opener, then both digits (35 %), one digit (25 %), an overall hint (25 %)
 * or `try again .` (15 %). The digits are those of a two-digit number, or the constants `k` and `m` of
 * a program `x => x * k op m` with the right operation; other attempts get one of the last two. The
 * overall hint of a program is a failing input of 1..6, never 0, as `f ( 0 )` is `m`.
 *
 * Of `k` and `m` one at most is told: the second one to be asked for is refused, and so is `k` when
 * the statement shows `f ( 0 )`.
 *
 * `disclosed` names what the reply tells (`b`, `k`, `m`). When the statement of a program leaves a
 * piece out, a constant or a new value of `f` determines it, and the piece counts as told too.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { appendStudent, reset, type Task } from "@sml/env-pomdp"
 * import { NanoMathVerifier, nanoReply } from "@sml/teacher-verifiers/nano"
 * import { Result } from "effect"
 *
 * const task: Task = {
 *   id: "t",
 *   domain: "math",
 *   prompt: "a = 4 0 . c = a - b . find c .",
 *   knowledge: { kind: "math", answer: 33, a: 40, b: 7, op: "-" },
 *   missing: ["b"]
 * }
 * const say = (text: string) => appendStudent(reset(task, { horizon: 4 }), { text }, NanoMathVerifier.judge(33, text))
 *
 * const told = Result.getOrThrow(nanoReply(say("what is b ?"), { level: "informative" }))
 * assert.deepEqual(told, { text: "b is 7 .", disclosed: ["b"] })
 *
 * const control = Result.getOrThrow(nanoReply(say("answer: 3 8"), { level: "content-free" }))
 * assert.equal(control.text, "wrong . try again .")
 * ```
 */
export const nanoReply = (
  state: DialogueState,
  { level, reticence = defaultReticence }: NanoTeacherOptions
): Result.Result<TeacherReply, TeacherError> =>
  Result.map(
    Result.mapError(
      decodeKnowledge(state.task),
      (error) =>
        new TeacherError({
          reason: `The scripted teacher does not know this task. ${error.message}`
        })
    ),
    (knowledge) => {
      const verdict = state.verdicts.at(-1)
      const utterance = state.history.at(-1)
      if (verdict === undefined || utterance?.role !== "student") return plain(pleaseAnswerOrAsk)
      if (verdict._tag === "Attempt") {
        if (verdict.correct) return plain(correct)
        if (level === "content-free" || level === "strict-content-free") return plain(contentFree)
        return hint(state, knowledge, verdict, level === "reticent" ? reticence : 0)
      }
      const question = parseQuestion(utterance.text)
      if (question === undefined) return plain(pleaseAnswerOrAsk)
      return level === "strict-content-free" ? plain(refusal) : answer(state, knowledge, question)
    }
  )

/** What can be said about an attempt. */
interface Findings {
  readonly digits: readonly [DigitComparison, DigitComparison] | undefined
  readonly side: "low" | "high" | undefined
  /** Overall hints; one is drawn. */
  readonly overall: ReadonlyArray<TeacherReply>
}

const nothing: Findings = { digits: undefined, side: undefined, overall: [] }

const find = (state: DialogueState, knowledge: Knowledge, verdict: Verdict): Findings => {
  if (verdict._tag === "NoAttempt") return nothing
  const diagnostics = Option.getOrUndefined(
    Schema.decodeUnknownOption(Diagnostics)(verdict.diagnostics)
  )
  if (knowledge.kind === "math") {
    return diagnostics?.kind === "math" ? findInMath(knowledge, diagnostics.answer) : nothing
  }
  return diagnostics?.kind === "code" ? findInCode(state, knowledge, diagnostics) : nothing
}

const findInMath = ({ answer }: MathKnowledge, attempt: string | null): Findings => {
  const value = attempt === null ? undefined : parseRational(attempt)
  if (attempt === null || value === undefined) return nothing
  const order = compareRationals(value, { numerator: BigInt(answer), denominator: 1n })
  if (order === 0) return nothing
  const side = order < 0 ? "low" : "high"
  const digits =
    /^\d\d$/.test(attempt) && answer >= 10 && answer <= 99
      ? compareDigits(splitDigits(Number(attempt)), splitDigits(answer))
      : undefined
  return { digits, side, overall: [plain(sideHint(side))] }
}

const splitDigits = (value: number): readonly [number, number] => [
  Math.floor(value / 10),
  value % 10
]

const findInCode = (
  state: DialogueState,
  knowledge: CodeKnowledge,
  { linear, results }: CodeDiagnostics
): Findings => {
  // f ( 0 ) is m itself
  const failing = results.filter(
    ({ category, input }) => input >= 1 && input <= 6 && category !== "pass"
  )
  const first = failing[0]
  // not a number when there is nothing to compare: then neither comparison below holds
  const attempted = first?.got?.type === "number" ? Number(first.got.text) : Number.NaN
  const right = Number(first?.expected.text)
  const digits =
    linear !== null && linear.op === knowledge.op
      ? compareDigits([linear.k, linear.m], [knowledge.k, knowledge.m])
      : undefined
  return {
    digits: digits !== undefined && wrongDigits(digits) === undefined ? undefined : digits,
    side: attempted < right ? "low" : attempted > right ? "high" : undefined,
    overall: failing.flatMap(({ expected, got, input }) => {
      const should = speakable(expected)
      if (should === undefined) return []
      const text = shouldBe(input, should, got === null ? undefined : speakable(got))
      return [{ text, disclosed: toldByValue(state, input) }]
    })
  }
}

/** An integer of at most four digits: longer ones would fill the student's context. */
const speakable = ({ text, type }: { readonly type: string; readonly text: string }) =>
  type === "number" && /^-?\d{1,4}$/.test(text) ? Number(text) : undefined

const hint = (
  state: DialogueState,
  knowledge: Knowledge,
  verdict: Verdict,
  reticence: number
): TeacherReply => {
  const random = uniformStream(mixSeed(state.seed, state.verdicts.length, teacherStream))
  const pick = <A>(list: ReadonlyArray<A>) => list[Math.floor(random() * list.length)]
  const opener = pick(wrongOpeners) ?? wrongOpeners[0]
  const say = ({ disclosed, text }: TeacherReply) => ({ text: `${opener} ${text}`, disclosed })
  if (random() < reticence) return say(plain(tryAgain))
  const { digits, overall } = find(state, knowledge, verdict)
  // without digits only the last 40 % of the choices remain
  const choice = digits === undefined ? 0.6 + 0.4 * random() : random()
  if (digits !== undefined && choice < 0.35) return say(plain(digitHint(digits, [0, 1])))
  if (digits !== undefined && choice < 0.6) {
    return say(plain(digitHint(digits, [random() < 0.5 ? 0 : 1])))
  }
  return say((choice < 0.85 ? pick(overall) : undefined) ?? plain(tryAgain))
}

const answer = (
  state: DialogueState,
  knowledge: Knowledge,
  question: StudentQuestion
): TeacherReply => {
  if (question._tag === "WhatIs") return tellQuantity(state, knowledge, question.name)
  const last = state.verdicts.findLast((verdict) => verdict._tag === "Attempt")
  const { digits, side } = last === undefined ? nothing : find(state, knowledge, last)
  if (question._tag === "IsToo") {
    return plain(side === undefined ? refusal : sideAnswer(question.side, side))
  }
  return plain((digits === undefined ? undefined : wrongDigits(digits)) ?? refusal)
}

const tellQuantity = (state: DialogueState, knowledge: Knowledge, name: string): TeacherReply => {
  if (knowledge.kind === "math") {
    if (name === "b") return { text: tell(name, knowledge.b), disclosed: ["b"] }
    // in the statement already
    return plain(name === "a" ? tell(name, knowledge.a) : refusal)
  }
  if (name !== "k" && name !== "m") return plain(refusal)
  const public_ = statedPieces(knowledge, [
    state.task.prompt,
    ...state.replies.map((reply) => reply.text)
  ])
  if (public_.has(name === "k" ? "m" : "k") && !public_.has(name)) return plain(refusal)
  return { text: tell(name, knowledge[name]), disclosed: toldByConstant(state, name) }
}

/** Whether the statement shows a value of `f` in which both constants take part. */
const showsValue = ({ task }: DialogueState): boolean => /f \( [1-9][ \d]*\) =/.test(task.prompt)

/** With one value of `f`, either constant determines the other. */
const toldByConstant = (state: DialogueState, name: "k" | "m"): ReadonlyArray<string> =>
  showsValue(state) ? Array.from(new Set([name, ...state.task.missing])) : [name]

/** With one value of `f`, another one determines both constants. */
const toldByValue = (state: DialogueState, input: number): ReadonlyArray<string> =>
  showsValue(state) && !state.task.prompt.includes(`f ( ${spellInteger(input)} ) =`)
    ? state.task.missing
    : []

/**
 * The scripted teacher as a service.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { rollout, Student, type Task } from "@sml/env-pomdp"
 * import { NanoVerifier, NanoTeacher } from "@sml/teacher-verifiers/nano"
 * import { Effect, Layer } from "effect"
 *
 * const task: Task = {
 *   id: "t",
 *   domain: "math",
 *   prompt: "a = 4 0 . c = a - b . find c .",
 *   knowledge: { kind: "math", answer: 33, a: 40, b: 7, op: "-" },
 *   missing: ["b"]
 * }
 * const parties = Layer.mergeAll(
 *   NanoTeacher.layer({ level: "informative" }),
 *   NanoVerifier.layer(),
 *   Student.layerScripted(["what is b ?", "answer: 3 3"])
 * )
 * const episode = await Effect.runPromise(rollout(task, { horizon: 4 }).pipe(Effect.provide(parties)))
 * assert.equal(episode.reward, 1)
 * assert.equal(episode.state.history[2]?.text, "b is 7 .")
 * ```
 */
export const layer = (options: NanoTeacherOptions): Layer.Layer<Teacher> =>
  Layer.succeed(
    Teacher,
    Teacher.of({
      reply: Effect.fn("NanoTeacher.reply")((state: DialogueState) =>
        Effect.fromResult(nanoReply(state, options))
      )
    })
  )
