/**
 * A teacher made of a language model with privileged information (arXiv:2602.16488): the reference
 * answer, the solution and what the verifier found. It is told to guide without telling, and a
 * {@link LeakGuard} makes sure of it.
 */
import type { DialogueState, TeacherReply } from "@sml/env-pomdp"
import { mixSeed, Teacher, type TeacherError, turnsTaken } from "@sml/env-pomdp"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"

import { sanitize } from "./internal/sanitize.ts"
import { disclosedShards } from "./internal/shardWords.ts"
import { type Leak, type LeakGuardOptions, guardReply, leakContext } from "./LeakGuard.ts"
import {
  type TeacherFailure,
  TeacherMalformed,
  TeacherModel,
  type TeacherModelShape,
  TeacherTimeout,
  toTeacherError
} from "./TeacherModel.ts"
import { teacherPrompt } from "./teacherPrompt.ts"

/** How a language model teaches. */
export interface LanguageModelTeacherOptions {
  /** The guard before the student; `"off"` lets every leak through, to measure a teacher by itself. */
  readonly guard?: LeakGuardOptions | "off"
  /** Time for one answer of the model; default 60 s. */
  readonly timeout?: Duration.Input
  /** When to ask again after a failure that can pass; default: 3 times, after 0.5 s, 1 s, 2 s, jittered. */
  readonly retry?: Schedule.Schedule<unknown, TeacherFailure>
  /** Time for one reply with all its retries and drafts; default 3 minutes. */
  readonly deadline?: Duration.Input
  /** Longest reply, in characters; what is beyond is cut after a sentence; default 1,500. */
  readonly maxCharacters?: number
}

const defaultRetry: Schedule.Schedule<unknown, TeacherFailure> = Schedule.exponential(
  "500 millis"
).pipe(Schedule.jittered, Schedule.upTo({ times: 3 }))

const isPassing = (failure: TeacherFailure): boolean =>
  failure._tag === "TeacherUnavailable" ? failure.isRetryable : true

/** The words that are meant for the student: without thoughts, and not longer than allowed. */
const readReply = (raw: string, limit: number): Result.Result<string, TeacherMalformed> => {
  const spoken = raw.replaceAll(/<think(?:ing)?>[\s\S]*?(?:<\/think(?:ing)?>|$)/gi, "")
  // some servers leave out the opening mark
  const afterThoughts = spoken.split(/<\/think(?:ing)?>/i).at(-1) ?? ""
  const text = sanitize(afterThoughts, Number.POSITIVE_INFINITY)
    .trim()
    .replace(/^(?:teacher|tutor|assistant)\s*:\s*/i, "")
    .trim()
  if (!/[\p{L}\p{N}]/u.test(text)) {
    return Result.fail(
      new TeacherMalformed({
        reason: `The teacher's language model said nothing to the student (${raw.length} characters in all); give it more tokens, or choose another model.`
      })
    )
  }
  if (text.length <= limit) return Result.succeed(text)
  const cut = text.slice(0, limit)
  const end = Math.max(
    cut.lastIndexOf(". "),
    cut.lastIndexOf("? "),
    cut.lastIndexOf("! "),
    cut.lastIndexOf("\n")
  )
  return Result.succeed(cut.slice(0, end > limit / 2 ? end + 1 : limit).trim())
}

const seconds = (input: Duration.Input): string => `${Duration.toSeconds(input)} s`

/** The teacher that a model makes. */
export const make = (
  model: TeacherModelShape,
  options: LanguageModelTeacherOptions = {}
): Teacher["Service"] => {
  const {
    deadline = "3 minutes",
    guard = {},
    maxCharacters = 1500,
    retry = defaultRetry,
    timeout = "60 seconds"
  } = options

  const ask = Effect.fnUntraced(function* (
    state: DialogueState,
    attempt: number,
    leak: Leak | undefined
  ) {
    const { knowledge } = yield* Effect.fromResult(leakContext(state))
    const messages = teacherPrompt(state, knowledge, leak)
    let tries = 0
    const once = Effect.suspend(() => {
      const seed = mixSeed(state.seed, turnsTaken(state), attempt, tries, teacherStream)
      tries += 1
      return model.complete(messages, seed)
    }).pipe(
      Effect.flatMap((raw) => Effect.fromResult(readReply(raw, maxCharacters))),
      Effect.timeoutOrElse({
        duration: timeout,
        orElse: () =>
          Effect.fail(
            new TeacherTimeout({
              reason: `The teacher's language model gave no answer within ${seconds(timeout)}; allow more time, or choose a faster model.`
            })
          )
      })
    )
    const text = yield* once.pipe(
      Effect.retry({ schedule: retry, while: isPassing }),
      Effect.mapError(toTeacherError)
    )
    return {
      text,
      disclosed: disclosedShards(knowledge.shards ?? [], text)
    } satisfies TeacherReply
  })

  const reply = Effect.fn("LanguageModelTeacher.reply")(
    (state: DialogueState): Effect.Effect<TeacherReply, TeacherError> =>
      (guard === "off"
        ? ask(state, 0, undefined)
        : guardReply(state, (attempt, leak) => ask(state, attempt, leak), guard)
      ).pipe(
        Effect.timeoutOrElse({
          duration: deadline,
          orElse: () =>
            Effect.fail(
              toTeacherError(
                new TeacherTimeout({
                  reason: `The teacher had no reply to ${state.episode} within ${seconds(deadline)}; allow more time, or choose a faster model.`
                })
              )
            )
        })
      )
  )
  return { reply }
}

/** Keeps the teacher's seeds apart from the other uses of a dialogue's seed. */
const teacherStream = 0x7eac

/**
 * The language model as a teacher, guarded unless the options say otherwise. For a model of `effect/ai`
 * provide {@link TeacherModel.layerLanguageModel}; for the student's own weights see the README.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { rollout, Student, type Task, Verifier } from "@sml/env-pomdp"
 * import { LanguageModelTeacher, TeacherModel } from "@sml/teacher-verifiers/teacher"
 * import { Effect, Layer } from "effect"
 *
 * const task: Task = {
 *   id: "t",
 *   domain: "math",
 *   prompt: "What is 8 times 8?",
 *   knowledge: { kind: "math-answer", answer: "64" },
 *   missing: []
 * }
 * // a model that does what its prompt forbids, until it is told so
 * const model = TeacherModel.fromCompletion((messages) =>
 *   Effect.succeed(
 *     messages.at(-1)?.content.includes("withheld") === true
 *       ? "Think of a board with 8 rows."
 *       : "It is 64."
 *   )
 * )
 * const parties = Layer.mergeAll(
 *   LanguageModelTeacher.layer().pipe(Layer.provide(Layer.succeed(TeacherModel, model))),
 *   Layer.succeed(Verifier, { check: () => Effect.succeed({ _tag: "NoAttempt" as const }) }),
 *   Student.layerScripted(["Tell me.", "Hm."])
 * )
 * const { state } = await Effect.runPromise(Effect.provide(rollout(task, { horizon: 2 }), parties))
 * assert.deepEqual(state.replies[0], {
 *   text: "Think of a board with 8 rows.",
 *   disclosed: [],
 *   leakAttempts: 1
 * })
 * ```
 */
export const layer = (
  options: LanguageModelTeacherOptions = {}
): Layer.Layer<Teacher, never, TeacherModel> =>
  Layer.effect(
    Teacher,
    Effect.map(TeacherModel, (model) => Teacher.of(make(model, options)))
  )
