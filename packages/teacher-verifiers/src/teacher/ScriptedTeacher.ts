/**
 * A teacher made of rules: deterministic English from what the verifier found out and from private
 * knowledge. It says where a wrong attempt fails, answers questions about the task, tells one held-back
 * piece at a time, and never the answer. For questions with mathematical answers and for programs; the
 * embedded student's own domains have `NanoTeacher`.
 */
import type { Attempt, DialogueState, TeacherReply } from "@sml/env-pomdp"
import { disclosedSoFar, Teacher, TeacherError } from "@sml/env-pomdp"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import { ProgramDiagnostics, type TestResult } from "../code/ProgramDiagnostics.ts"
import { MathDiagnostics } from "../math/MathDiagnostics.ts"
import {
  isAskingForAnswer,
  isAskingForMore,
  isAskingHow,
  isAskingWhatIsWrong,
  isQuestion
} from "./internal/questionKind.ts"
import { sanitize } from "./internal/sanitize.ts"
import { contentWords, matchScores } from "./internal/shardWords.ts"
import { findLeak, leakContext } from "./LeakGuard.ts"
import type { Shard } from "./Shard.ts"
import type { TeacherKnowledge } from "./TeacherKnowledge.ts"
import { readTeacherKnowledge } from "./TeacherKnowledge.ts"

/**
 * How much the teacher tells of a wrong attempt. Questions are answered at all levels but `strict`.
 *
 * - `none`: "Not correct. Try again."
 * - `binary`: which answer was read, and that it is not correct.
 * - `hint`: also the direction of the error, or how many tests fail and in what way.
 * - `diagnostic`: also how far off it is and a step of the worked solution; of a program the first test
 *   that fails, with what it should give and what came.
 * - `strict`: "Not correct. Try again." and every question is refused.
 */
export const TeacherLevel = Schema.Literals(["none", "binary", "hint", "diagnostic", "strict"])
export type TeacherLevel = typeof TeacherLevel.Type

/** A teacher's manner. */
export interface ScriptedTeacherOptions {
  readonly level: TeacherLevel
}

/** Sentences that the evaluation's controls rely on. */
const notCorrect = "Not correct. Try again."
const correct = "That is correct."
const cannotTell = "I can not tell you that."
const notTheAnswer = "I can not tell you the answer. That is for you to find."
const pleaseAnswer = "Please give an answer, or ask a question."
const noQuestions = "I do not answer questions. Give an answer."

const plain = (text: string): TeacherReply => ({ text, disclosed: [] })

/** Student text inside a reply: one line, harmless, short. */
const echo = (text: string, limit = 160): string =>
  sanitize(text.replaceAll(/\s+/g, " ").trim(), limit)

const mathDiagnostics = Schema.decodeUnknownOption(MathDiagnostics)
const programDiagnostics = Schema.decodeUnknownOption(ProgramDiagnostics)

const pieces = (knowledge: TeacherKnowledge): ReadonlyArray<Shard> => knowledge.shards ?? []

/** The pieces that have not been told yet. */
const heldBack = (state: DialogueState, knowledge: TeacherKnowledge): ReadonlyArray<Shard> => {
  const told = disclosedSoFar(state)
  return pieces(knowledge).filter(({ name }) => !told.has(name))
}

/** A number that a text writes plainly, else NaN. */
const plainNumber = (text: string): number => {
  const bare = text.replaceAll(/[\s,$€£{}]|\\!|\\boxed/g, "")
  return /^-?\d+(?:\.\d+)?$/.test(bare) ? Number(bare) : Number.NaN
}

/** How far off, in words that do not determine the answer. */
const distance = (answer: number, reference: number): string | undefined => {
  if (Number.isNaN(answer) || Number.isNaN(reference) || answer === reference) return undefined
  const ratio = Math.abs(reference === 0 ? Number.POSITIVE_INFINITY : answer / reference)
  if (answer * reference < 0) return "The sign is wrong."
  if (reference === 0 || ratio > 3 || ratio < 1 / 3) return "You are far off."
  return Math.abs(ratio - 1) <= 0.1 ? "You are close." : undefined
}

/** The steps of a worked solution that can be told: the first half, without those that tell the answer. */
const solutionSteps = (state: DialogueState, solution: string): ReadonlyArray<string> => {
  const secret = leakContext(state)
  if (Result.isFailure(secret)) return []
  // a step must not mention the value even where the statement happens to
  const context = { ...secret.success, statement: "" }
  const lines = solution
    .replaceAll(/<<[^<>]*>>/g, "")
    .split(/\n+|(?<=[.!?])\s+(?=[A-Z])/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("####"))
  return lines
    .slice(0, Math.floor(lines.length / 2))
    .filter((line) => line.length <= 300 && findLeak(context, line) === undefined)
}

/** How many wrong attempts there have been, the last one included. */
const wrongAttempts = (state: DialogueState): number =>
  state.verdicts.filter((verdict) => verdict._tag === "Attempt" && !verdict.correct).length

const said = (text: string | undefined): ReadonlyArray<string> => (text === undefined ? [] : [text])

/** The hint of a task for the last wrong attempt: the next one each time, then the last. */
const nextHint = (state: DialogueState, { hints = [] }: TeacherKnowledge): string | undefined =>
  hints[Math.min(wrongAttempts(state), hints.length) - 1]

const mathFinding = (
  state: DialogueState,
  level: "binary" | "hint" | "diagnostic",
  { answer, comparison, side }: MathDiagnostics,
  reference: string,
  solution: string | undefined,
  hint: string | undefined
): string => {
  if (comparison === "undecided") {
    return level === "binary"
      ? notCorrect
      : "I could not read your answer, so it counts as not correct. Write the final answer alone, for example \\boxed{...}."
  }
  const shown = echo(answer, 80)
  const opener =
    shown === "" ? "Your answer is not correct." : `Your answer ${shown} is not correct.`
  if (level === "binary") return `${opener} Try again.`
  const direction = side === null ? [] : [`It is too ${side}.`]
  if (level === "hint") {
    return [opener, ...(side === null ? said(hint) : direction), "Try again."].join(" ")
  }
  const steps = solution === undefined ? [] : solutionSteps(state, solution)
  const step = steps[wrongAttempts(state) - 1]
  const off = distance(plainNumber(answer), plainNumber(reference))
  return [
    opener,
    ...direction,
    ...(off === undefined ? [] : [off]),
    ...said(hint),
    ...(step === undefined ? [] : [`Hint: ${step}`]),
    ...(step === undefined && hint === undefined && side === null
      ? ["Check each step of your work."]
      : [])
  ].join(" ")
}

const categories: Readonly<Record<TestResult["verdict"], string>> = {
  pass: "works",
  fail: "gives a wrong result",
  error: "stops with an error",
  timeout: "takes too long",
  memory: "uses too much memory",
  "output-limit": "prints too much",
  unsupported: "gives something that is not plain data",
  flaky: "gives different results for the same input"
}

const firstFailing = (tests: ReadonlyArray<TestResult>): TestResult | undefined =>
  tests.find(({ verdict }) => verdict !== "pass")

const programFinding = (
  level: "binary" | "hint" | "diagnostic",
  { tests, verdict }: ProgramDiagnostics
): string => {
  if (level === "binary") return "Your program is not correct. Try again."
  const failing = tests.filter((test) => test.verdict !== "pass")
  const first = firstFailing(tests)
  if (first === undefined) return `Your program ${categories[verdict]}. Try again.`
  const count = `${failing.length} of ${tests.length} tests`
  if (level === "hint") {
    const type = first.error === null ? "" : ` (${echo(first.error.type, 60)})`
    return `Your program ${categories[first.verdict]}${type}: it fails ${count}. Try again.`
  }
  const { call, error, expected, got } = first
  return [
    `Your program fails ${count}.`,
    `The first one: ${echo(call, 300)}`,
    ...(error === null
      ? [
          `It ${categories[first.verdict]}${expected === null ? "" : `: it should give ${echo(expected)}`}${got === null ? "" : `${expected === null ? ":" : ", but"} it gives ${echo(got)}`}.`
        ]
      : [
          `It stops with ${echo(`${error.type}: ${error.message}`, 200)}${error.line === null ? "" : ` in line ${error.line}`}.`,
          ...(expected === null ? [] : [`It should give ${echo(expected)}.`])
        ])
  ].join("\n")
}

/** What there is to say about an attempt. */
const finding = (
  state: DialogueState,
  knowledge: TeacherKnowledge,
  attempt: Attempt,
  level: TeacherLevel
): string => {
  if (level === "none" || level === "strict") return notCorrect
  const hint = nextHint(state, knowledge)
  if (knowledge.kind === "program") {
    return Option.match(programDiagnostics(attempt.diagnostics), {
      onNone: () => notCorrect,
      onSome: (diagnostics) =>
        [programFinding(level, diagnostics), ...(level === "diagnostic" ? said(hint) : [])].join(
          "\n"
        )
    })
  }
  return Option.match(mathDiagnostics(attempt.diagnostics), {
    onNone: () =>
      level === "binary" || hint === undefined ? notCorrect : `Not correct. ${hint} Try again.`,
    onSome: (diagnostics) =>
      mathFinding(
        state,
        level,
        diagnostics,
        knowledge.answer,
        knowledge.kind === "math-answer" ? knowledge.solution : undefined,
        hint
      )
  })
}

const tell = ({ name, text }: Shard): TeacherReply => ({ text, disclosed: [name] })

const sentencesOf = (statement: string): ReadonlyArray<string> =>
  statement
    .split(/(?<=[.!?])\s+|\n+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== "")

/** The sentence in which a statement says how to answer, or the form that every verifier reads. */
const howToAnswer = ({ task }: DialogueState, knowledge: TeacherKnowledge): string => {
  const own = sentencesOf(task.prompt).find((sentence) =>
    /\b(?:end with|write your|give your|answer in|final answer)\b/i.test(sentence)
  )
  if (own !== undefined) return sanitize(own, 300)
  if (knowledge.kind !== "program") return "Write your final answer as \\boxed{...}."
  const name = { python: "Python", javascript: "JavaScript", typescript: "TypeScript" }
  return `Write the whole program in ${name[knowledge.language]}, in one fenced code block.`
}

const answerQuestion = (
  state: DialogueState,
  knowledge: TeacherKnowledge,
  question: string,
  level: TeacherLevel
): TeacherReply => {
  const held = heldBack(state, knowledge)
  const all = pieces(knowledge)
  if (isAskingForAnswer(question)) return plain(notTheAnswer)
  // names count as words of their piece
  const scores = matchScores(
    question,
    all.map(({ name, text }) => `${name.replaceAll(/[_-]/g, " ")} ${text}`)
  )
  const best = Math.max(0, ...scores)
  const isHeld = (shard: Shard) => held.includes(shard)
  // of equally good pieces one that is new
  const asked =
    all.find((shard, at) => scores[at] === best && isHeld(shard)) ??
    all.find((_shard, at) => scores[at] === best)
  if (best > 0 && asked !== undefined) return tell(asked)
  const last = state.verdicts.findLast((verdict) => verdict._tag === "Attempt")
  if (isAskingWhatIsWrong(question) && last !== undefined) {
    return plain(
      level === "hint" || level === "diagnostic"
        ? finding(state, knowledge, last, level)
        : "I can not say more than that it is not correct."
    )
  }
  const next = held[0]
  if (isAskingForMore(question)) {
    return next === undefined ? plain("You have all the information that there is.") : tell(next)
  }
  if (isAskingHow(question)) return plain(howToAnswer(state, knowledge))
  const known = sentencesOf(state.task.prompt)
  const words = contentWords(question)
  const matches = matchScores(question, known)
  const most = Math.max(0, ...matches)
  const sentence = known[matches.indexOf(most)]
  if (sentence !== undefined && most > 0 && words.size > 0) {
    return plain(
      sentence.endsWith("?")
        ? "That is what you are to find out."
        : `The task says: ${sanitize(sentence, 600)}`
    )
  }
  return plain(
    held.length === 0 ? cannotTell : `${cannotTell} Ask about something that the task leaves open.`
  )
}

/** Whether the reply keeps the answer to itself; where it does not, there is a plainer one. */
const guarded = (state: DialogueState, reply: TeacherReply, plainer: string): TeacherReply => {
  const context = leakContext(state)
  if (Result.isFailure(context) || reply.disclosed.length > 0) return reply
  return findLeak(context.success, reply.text) === undefined ? reply : plain(plainer)
}

/**
 * The reply to the last student turn: a function of the state and the level. Fails when the task is
 * not a general one ("math-answer", "program", "generated", "text-answer").
 *
 * A wrong attempt is told so, with what the level allows. An utterance without an attempt that asks
 * something gets, in this order: a refusal if it asks for the answer; the held-back piece whose words it
 * shares, one at a time, with its name in `disclosed`; more about the last attempt (`hint` and
 * `diagnostic`); the next piece when it asks what is missing; how to answer; the sentence of the
 * statement it asks about; else a plain "I can not tell you that." Anything else is asked for an answer.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { appendStudent, reset, type Task } from "@sml/env-pomdp"
 * import { scriptedReply } from "@sml/teacher-verifiers/teacher"
 * import { Result } from "effect"
 *
 * const task: Task = {
 *   id: "t",
 *   domain: "math",
 *   prompt: "How many shells did Leigh find?",
 *   knowledge: {
 *     kind: "math-answer",
 *     answer: "16",
 *     shards: [
 *       { name: "kyle", text: "Kyle found 48 shells." },
 *       { name: "leigh", text: "Leigh found a third of what Kyle found." }
 *     ]
 *   },
 *   missing: ["kyle", "leigh"]
 * }
 * const ask = (text: string) =>
 *   Result.getOrThrow(
 *     scriptedReply(appendStudent(reset(task, { horizon: 4 }), { text }, { _tag: "NoAttempt" }), {
 *       level: "hint"
 *     })
 *   )
 * assert.deepEqual(ask("How many did Kyle find?"), { text: "Kyle found 48 shells.", disclosed: ["kyle"] })
 * assert.equal(ask("What is the answer?").text, "I can not tell you the answer. That is for you to find.")
 * ```
 */
export const scriptedReply = (
  state: DialogueState,
  { level }: ScriptedTeacherOptions
): Result.Result<TeacherReply, TeacherError> =>
  readTeacherKnowledge(state.task).pipe(
    Result.mapError(
      (error) =>
        new TeacherError({
          kind: "unknown-task",
          reason: `The scripted teacher does not know this task. ${error.message}`
        })
    ),
    Result.map((knowledge) => {
      const verdict = state.verdicts.at(-1)
      const turn = state.history.at(-1)
      if (verdict === undefined || turn?.role !== "student") return plain(pleaseAnswer)
      if (verdict._tag === "Attempt") {
        return verdict.correct
          ? plain(correct)
          : guarded(state, plain(finding(state, knowledge, verdict, level)), notCorrect)
      }
      if (!isQuestion(turn.text)) {
        return plain(
          level === "hint" || level === "diagnostic"
            ? `${pleaseAnswer} ${howToAnswer(state, knowledge)}`
            : pleaseAnswer
        )
      }
      if (level === "strict") return plain(noQuestions)
      return guarded(state, answerQuestion(state, knowledge, turn.text, level), cannotTell)
    })
  )

/** The scripted teacher as a service. */
export const layer = (options: ScriptedTeacherOptions): Layer.Layer<Teacher> =>
  Layer.succeed(
    Teacher,
    Teacher.of({
      reply: Effect.fn("ScriptedTeacher.reply")((state: DialogueState) =>
        Effect.fromResult(scriptedReply(state, options))
      )
    })
  )
