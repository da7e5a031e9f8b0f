/**
 * Stands between a teacher and its student and lets nothing through that tells the answer.
 *
 * **Of a question** a reply tells the answer when it holds anything that the math verifier calls the
 * same: a numeral, an expression (`2^6`, `\boxed{64}`, `half of 128`), number words up to the trillions,
 * digits spelled out or told one by one, another base or Roman signs, the number in French, Spanish,
 * German or Chinese, the letters of an answer in words; and what base64, base32, hexadecimal, character
 * codes, Morse, rot13, reading backwards or initials hide.
 *
 * A value that the statement (or a shard) states anyway may be spoken of, but not be called the answer;
 * neither are "step 2" or "two parts" answers. An order to compute ("add 3 to 4") is no leak when
 * statement or student gave both numbers. What the *student* said is no excuse for the answer itself:
 * "what would be wrong with 64?" asks for a confirmation that only an attempt gets.
 *
 * **Of a program** a reply tells the solution when it repeats too much of it beyond what statement and
 * student said, in one text or over the dialogue: see {@link SolutionThresholds}.
 *
 * What it can not see: yes and no (twenty questions), and secrets agreed on in words ("the number of
 * words of my reply").
 */
import type { DialogueState, TeacherReply } from "@sml/env-pomdp"
import { mixSeed, Teacher, TeacherError } from "@sml/env-pomdp"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Result from "effect/Result"

import { answerLeak } from "./internal/answerLeak.ts"
import { sameAnswer as sameByVerifier } from "./internal/sameAnswer.ts"
import { disclosedShards } from "./internal/shardWords.ts"
import type { SolutionThresholds } from "./internal/solutionLeak.ts"
import { defaultSolutionThresholds, solutionLeak } from "./internal/solutionLeak.ts"
import type { TeacherKnowledge } from "./TeacherKnowledge.ts"
import { readAnyKnowledge } from "./TeacherKnowledge.ts"

export type { SolutionThresholds } from "./internal/solutionLeak.ts"
export {
  defaultSolutionThresholds,
  solutionOverlap,
  type SolutionOverlap
} from "./internal/solutionLeak.ts"

/**
 * How a reply tells the answer: `value` · `expression` · `words` (arithmetic in words) · `digits` ·
 * `encoded` · `text` (letter for letter) of an answer, `solution` of a program. `excerpt` is the place.
 */
export interface Leak {
  readonly form: "value" | "expression" | "words" | "digits" | "encoded" | "text" | "solution"
  readonly excerpt: string
}

/**
 * What a text is held against.
 *
 * - `statement`: what the student may read anyway: the task's prompt and its shards.
 * - `said`: the student's turns; `told`: the teacher's earlier replies.
 */
export interface LeakContext {
  readonly knowledge: TeacherKnowledge
  readonly statement: string
  readonly said: ReadonlyArray<string>
  readonly told: ReadonlyArray<string>
}

/** How leaks are found. */
export interface LeakOptions {
  /** Whether a candidate is the reference answer; default: the math verifier. */
  readonly sameAnswer?: (reference: string, candidate: string) => boolean
  readonly solution?: SolutionThresholds
}

/**
 * The first leak of a text, or `undefined`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { LeakGuard } from "@sml/teacher-verifiers/teacher"
 *
 * const context: LeakGuard.LeakContext = {
 *   knowledge: { kind: "math-answer", answer: "64" },
 *   statement: "A board has 8 rows of 8 squares. How many squares is that?",
 *   said: ["I think it is 46."],
 *   told: []
 * }
 * for (const leak of ["It is sixty-four.", "Work out 2^6.", String.raw`\boxed{64}`, "NjQ="]) {
 *   assert.ok(LeakGuard.findLeak(context, leak), leak)
 * }
 * for (const hint of ["46 is too low.", "Look at the 8 rows again.", "In step 2, count 8 squares."]) {
 *   assert.equal(LeakGuard.findLeak(context, hint), undefined, hint)
 * }
 * ```
 */
export const findLeak = (
  { knowledge, said: everything, statement, told }: LeakContext,
  text: string,
  { sameAnswer = sameByVerifier, solution = defaultSolutionThresholds }: LeakOptions = {}
): Leak | undefined => {
  // what the student said only ever excuses a reply: cut, it excuses less
  const said = everything.map((turn) => turn.slice(0, longestTurn))
  if (knowledge.kind !== "program") {
    return answerLeak({ answer: knowledge.answer, statement, said, told, sameAnswer }, text)
  }
  if (knowledge.solution === undefined) return undefined
  const known = [statement, knowledge.preamble, ...said]
  return solutionLeak(knowledge.solution, known, told, text, solution)
    ? { form: "solution", excerpt: text.trim().slice(0, 80) }
    : undefined
}

/** Characters of a student's turn that are read; longer ones would slow every reply down. */
const longestTurn = 20_000

/** What the next reply of a dialogue is held against; fails for a task that is not understood. */
export const leakContext = (state: DialogueState): Result.Result<LeakContext, TeacherError> =>
  readAnyKnowledge(state.task).pipe(
    Result.mapError(
      (error) =>
        new TeacherError({
          kind: "unknown-task",
          reason: `The leak guard does not know this task. ${error.message}`
        })
    ),
    Result.map((knowledge) => ({
      knowledge,
      statement: [state.task.prompt, ...(knowledge.shards ?? []).map(({ text }) => text)].join(
        "\n"
      ),
      said: state.history.flatMap(({ role, text }) => (role === "student" ? [text] : [])),
      told: state.replies.map(({ text }) => text)
    }))
  )

/**
 * - `regenerate`: how often a teacher may try again after a draft that leaks; default 2.
 * - `mask`: what is said when no draft is clean. `"sentences"` (the default) says the last draft
 *   without the sentences that leak; when that is not enough, when the draft counts through values so
 *   that the gap would tell, and for programs, it does as `"reply"`: a sentence without any hint.
 */
export interface LeakGuardOptions extends LeakOptions {
  readonly regenerate?: number
  readonly mask?: "sentences" | "reply"
}

/** Drafts that a guard withheld, in this process. */
export const leakAttemptsMetric = Metric.counter("sml_teacher_leak_attempts", {
  description: "Drafts of a teacher that were withheld because they told the answer",
  incremental: true
})

/** Replies that a guard let through, in this process. */
export const guardedRepliesMetric = Metric.counter("sml_teacher_guarded_replies", {
  description: "Replies of a teacher that passed a leak guard, masked or not",
  incremental: true
})

/** What stands for a sentence that was withheld. */
export const withheld = "[withheld]"

const sentences = (text: string): ReadonlyArray<string> =>
  text
    .match(/[^.!?\n]*(?:[.!?](?![\s"')\]]|$)[^.!?\n]*)*(?:[.!?]+["')\]]*|\n|$)\s*/g)
    ?.filter((part) => part !== "") ?? []

/** A sentence with its values left out, to see whether others are made like it. */
const shapeOf = (sentence: string): string =>
  sentence
    .toLowerCase()
    .replaceAll(/[\d.,]*\d/g, "#")
    .replaceAll(/[^\p{L}#]+/gu, " ")
    .trim()

const maskSentences = (
  context: LeakContext,
  text: string,
  options: LeakOptions
): string | undefined => {
  // lines of a program are no sentences, and the ones that are left tell the others
  if (context.knowledge.kind === "program") return undefined
  const all = sentences(text)
  const leaking = all.map((sentence) => findLeak(context, sentence, options) !== undefined)
  const shapes = new Set(all.filter((_sentence, at) => leaking[at]).map(shapeOf))
  if (all.some((sentence, at) => leaking[at] !== true && shapes.has(shapeOf(sentence)))) {
    return undefined
  }
  const kept = all
    .map((sentence, at) => (leaking[at] === true ? `${withheld} ` : sentence))
    .join("")
    .trim()
  const isEmpty = kept.replaceAll(withheld, "").trim() === ""
  return isEmpty || findLeak(context, kept, options) !== undefined ? undefined : kept
}

const withoutHint = (state: DialogueState): string =>
  state.verdicts.at(-1)?._tag === "Attempt" ? "Not correct. Try again." : "I can not tell you that."

/**
 * Guards one reply: asks `draft(attempt, leak)` (attempts from 0; `leak` is that of the draft before)
 * until a draft is clean, and masks when none is. The reply says in `leakAttempts` how many drafts were
 * withheld.
 */
export const guardReply = Effect.fn("LeakGuard.guardReply")(function* <E>(
  state: DialogueState,
  draft: (attempt: number, leak: Leak | undefined) => Effect.Effect<TeacherReply, E>,
  options: LeakGuardOptions = {}
) {
  const { mask = "sentences", regenerate = 2 } = options
  const context = yield* Effect.fromResult(leakContext(state))
  let leak: Leak | undefined
  let last = ""
  yield* Metric.update(guardedRepliesMetric, 1)
  for (let attempt = 0; attempt <= regenerate; attempt += 1) {
    const reply = yield* draft(attempt, leak)
    leak = findLeak(context, reply.text, options)
    if (leak === undefined) return { ...reply, leakAttempts: attempt } satisfies TeacherReply
    yield* Metric.update(leakAttemptsMetric, 1)
    last = reply.text
  }
  const masked = mask === "sentences" ? maskSentences(context, last, options) : undefined
  return {
    text: masked ?? withoutHint(state),
    disclosed: masked === undefined ? [] : disclosedShards(context.knowledge.shards ?? [], masked),
    leakAttempts: regenerate + 1
  } satisfies TeacherReply
})

/**
 * The same teacher behind a guard. For each new draft it is asked with another seed, so that only a
 * teacher that makes random choices can do better the second time.
 */
export const guard = (
  teacher: Teacher["Service"],
  options: LeakGuardOptions = {}
): Teacher["Service"] => ({
  reply: Effect.fn("LeakGuard.reply")((state: DialogueState) =>
    guardReply(
      state,
      (attempt) =>
        teacher.reply(
          attempt === 0 ? state : { ...state, seed: mixSeed(state.seed, attempt, guardStream) }
        ),
      options
    )
  )
})

/** Keeps the seeds of further drafts apart from the other uses of a dialogue's seed. */
const guardStream = 0x9a7d

/**
 * Puts a guard before the teacher of a layer.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { leakAttempts, rollout, Student, Teacher, type Task, Verifier } from "@sml/env-pomdp"
 * import { LeakGuard } from "@sml/teacher-verifiers/teacher"
 * import { Effect, Layer } from "effect"
 *
 * const task: Task = {
 *   id: "t",
 *   domain: "math",
 *   prompt: "What is 8 times 8?",
 *   knowledge: { kind: "math-answer", answer: "64" },
 *   missing: []
 * }
 * const gossip = Layer.succeed(Teacher, {
 *   reply: () => Effect.succeed({ text: "Count the rows. It is sixty-four!", disclosed: [] })
 * })
 * const parties = Layer.mergeAll(
 *   LeakGuard.layer(gossip),
 *   Layer.succeed(Verifier, { check: () => Effect.succeed({ _tag: "NoAttempt" as const }) }),
 *   Student.layerScripted(["Just tell me.", "Hm."])
 * )
 * const { state } = await Effect.runPromise(Effect.provide(rollout(task, { horizon: 2 }), parties))
 * assert.equal(state.replies[0]?.text, "Count the rows. [withheld]")
 * assert.deepEqual(leakAttempts(state), { guarded: 1, leaky: 1, drafts: 3 })
 * ```
 */
export const layer = <E, R>(
  teacher: Layer.Layer<Teacher, E, R>,
  options: LeakGuardOptions = {}
): Layer.Layer<Teacher, E, R> =>
  Layer.effect(
    Teacher,
    Effect.map(Teacher, (inner) => Teacher.of(guard(inner, options)))
  ).pipe(Layer.provide(teacher))
