/**
 * Two questions that a base must answer well before reinforcement learning is worth its time: can it
 * use what it is told, and does it read hints at all?
 */
import type { Task } from "@sml/env-pomdp"
import { mixSeed, Student, successTurn, textSeed, Verifier } from "@sml/env-pomdp"
import { evaluate } from "@sml/eval-harness"
import { TaskSource } from "@sml/tasks"
import type { NanoDomain } from "@sml/tasks"
import { askFor, decodeKnowledge, NanoTeacher, tell } from "@sml/teacher-verifiers/nano"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

/** How many held-out tasks, and which. */
export interface GateOptions {
  readonly domain: NanoDomain
  /** Dialogues per condition; 400 or more for a half-width of 0.05. */
  readonly count: number
  /** Unsigned 32-bit integer; default 0. */
  readonly seed?: number
}

/** The probe's result: P(right first answer), over `n` tasks each. */
export interface ToldVersusDirect {
  readonly direct: number
  readonly told: number
  readonly n: number
}

/** The tasks of a gate: held out, fully specified. */
const heldOut = Effect.fnUntraced(function* ({ count, domain, seed = 0 }: GateOptions) {
  const source = yield* TaskSource
  return yield* source.take({ domain, split: "test", seed, count })
})

/** A question for the hidden quantity and the answer to it, as they stand in a dialogue. */
const disclosure = (task: Task) =>
  Result.map(decodeKnowledge(task), (knowledge) => {
    const [name, value] =
      knowledge.kind === "math" ? (["b", knowledge.b] as const) : (["k", knowledge.k] as const)
    return [
      { role: "student", text: askFor(name) },
      { role: "teacher", text: tell(name, value) }
    ] as const
  })

/**
 * The share of tasks that the student gets right at its first answer: as they stand, and after the
 * hidden quantity (`b`, or `k`) was asked for and told. Same tasks, same seeds.
 */
export const probeTold = Effect.fn("NanoStudent.probeTold")(function* (options: GateOptions) {
  const tasks = yield* heldOut(options)
  const student = yield* Student
  const verifier = yield* Verifier
  const isRight = Effect.fnUntraced(function* (task: Task, index: number, told: boolean) {
    const said = told ? yield* Effect.fromResult(disclosure(task)) : []
    const { text } = yield* student.speak(
      { history: [{ role: "teacher", text: task.prompt }, ...said] },
      {
        episode: `${told ? "told" : "direct"}/${task.id}/${index}`,
        turn: told ? 1 : 0,
        seed: mixSeed(options.seed ?? 0, textSeed(task.id), index)
      }
    )
    const verdict = yield* verifier.check(task, text)
    return verdict._tag === "Attempt" && verdict.correct
  })
  const share = Effect.fnUntraced(function* (told: boolean) {
    const right = yield* Effect.forEach(
      tasks.map((task, index) => [task, index] as const),
      ([task, index]) => isRight(task, index, told),
      { concurrency: "unbounded" }
    )
    return right.filter(Boolean).length / tasks.length
  })
  const direct = yield* share(false)
  const told = yield* share(true)
  return { direct, told, n: tasks.length } satisfies ToldVersusDirect
})

/** Success within 10 turns by what the teacher says to wrong attempts, over `n` dialogues each. */
export interface FeedbackGap {
  readonly informative: number
  readonly contentFree: number
  readonly n: number
}

/** Student turns of a dialogue of {@link probeFeedback}. */
const horizon = 10

/**
 * Success within 10 turns with the informative teacher and with one that only says `wrong . try again
 * .`. Same tasks, same seeds.
 */
export const probeFeedback = Effect.fn("NanoStudent.probeFeedback")(function* (
  options: GateOptions
) {
  const tasks = yield* heldOut(options)
  const success = Effect.fnUntraced(function* (level: "informative" | "content-free") {
    const episodes = yield* evaluate(tasks, {
      horizon,
      seed: options.seed ?? 0,
      condition: level
    }).pipe(Effect.provide(NanoTeacher.layer({ level })))
    return episodes.filter((episode) => successTurn(episode) !== undefined).length / tasks.length
  })
  const informative = yield* success("informative")
  const contentFree = yield* success("content-free")
  return { informative, contentFree, n: tasks.length } satisfies FeedbackGap
})

/** Least factor between told and direct, and least gap between informative and content-free. */
export const gateThresholds = { toldOverDirect: 1.5, feedbackGap: 0.05 } as const

/** Whether the base can use what it is told; one that is never right cannot. */
export const passesTold = ({ direct, told }: ToldVersusDirect): boolean =>
  told > 0 && told >= gateThresholds.toldOverDirect * direct

/** Whether the base reads hints. */
export const passesFeedback = ({ contentFree, informative }: FeedbackGap): boolean =>
  informative - contentFree > gateThresholds.feedbackGap
