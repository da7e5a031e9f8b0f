/** Question injection: a hook for rollouts that replaces wrong turns by questions. */
import type { Revise, Task, TokenTrace, Utterance } from "@sml/env-pomdp"
import {
  isCorrect,
  labelTurn,
  mixSeed,
  StudentError,
  turnsTaken,
  uniformStream,
  Verifier
} from "@sml/env-pomdp"
import { decodeOptions } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import { QuestionWriter } from "./QuestionWriter.ts"

/**
 * A wrong turn `t` (from 1) is replaced with probability `decay^(t − 1 + firstExponent)`; the paper's
 * 0.75^t has `firstExponent` 1.
 */
export const QuestionInjectionOptions = Schema.Struct({
  decay: Schema.Finite.pipe(
    Schema.check(Schema.isBetween({ minimum: 0, maximum: 1 })),
    Schema.withDecodingDefaultKey(Effect.succeed(0.75))
  ),
  firstExponent: Schema.Finite.pipe(
    Schema.check(Schema.isGreaterThanOrEqualTo(0)),
    Schema.withDecodingDefaultKey(Effect.succeed(1))
  )
})
export type QuestionInjectionOptions = typeof QuestionInjectionOptions.Type

/** What the injection needs to know about the student and the domain. */
export interface QuestionInjectionTools {
  /**
   * The student's own token ids of an utterance, the end of its turn included. Needed when the
   * student is a policy: the question takes the place of what it sampled in the token stream.
   */
  readonly encode?: (text: string) => Effect.Effect<ReadonlyArray<number>, StudentError>
  /** Whether a question would tell something of the task's private knowledge; default: never. */
  readonly isLeak?: (task: Task, question: string) => boolean
}

/** What the injection did so far. */
export interface InjectionCounts {
  /** Turns that were not correct. */
  readonly wrong: number
  /** Those replaced by a question. */
  readonly replaced: number
  /** Those kept because what was written is an attempt, asks nothing, or leaks. */
  readonly refused: number
}

/** The hook for `rollout`, and the counts over all rollouts that used it. */
export interface QuestionInjection {
  readonly revise: Revise
  readonly counts: Effect.Effect<InjectionCounts>
}

/** Probability that a wrong student turn, counted from 1, is replaced. */
export const injectionProbability = (
  turn: number,
  { decay, firstExponent }: QuestionInjectionOptions
): number => decay ** (turn - 1 + firstExponent)

/**
 * Question injection as in arXiv:2602.16488: during a rollout, a student turn `t` that is not correct
 * is replaced, with probability `0.75^t`, by a question of the {@link QuestionWriter}. A correct turn
 * is never touched. The public dialogue holds the question alone; what the student had said, and what
 * the writer knew, leave no trace in it.
 *
 * What was written is used only if it is a question: an attempt, or a text without a question mark, is
 * refused and counted, and the student's own words stand. Which turns are replaced is a function of
 * the episode's seed and the turn.
 *
 * A replaced turn of a policy gets the trace of the question: the context it was said in, the ids of
 * `encode`, log-probabilities 0. It is therefore for supervised learning only: an update that checks
 * log-probabilities refuses it.
 */
export const questionInjection = Effect.fn("q-priming.questionInjection")(function* (
  options: typeof QuestionInjectionOptions.Encoded = {},
  tools: QuestionInjectionTools = {}
) {
  const settings = yield* decodeOptions(
    "q-priming.questionInjection",
    QuestionInjectionOptions,
    options
  )
  const writer = yield* QuestionWriter
  const verifier = yield* Verifier
  const { isLeak = () => false } = tools
  let wrong = 0
  let replaced = 0
  let refused = 0

  const revise: Revise = Effect.fnUntraced(
    function* (state, utterance, verdict) {
      if (isCorrect(verdict)) return undefined
      wrong += 1
      const turn = turnsTaken(state) + 1
      const uniform = uniformStream(mixSeed(state.seed, turn, 7))
      if (uniform() >= injectionProbability(turn, settings)) return undefined
      const text = yield* writer.write(state, utterance)
      const judged = yield* verifier.check(state.task, text)
      if (labelTurn(text, judged) !== "question" || isLeak(state.task, text)) {
        refused += 1
        return undefined
      }
      const question = yield* say(text, utterance.trace, tools.encode)
      replaced += 1
      return question
    },
    Effect.mapError((error) =>
      error._tag === "StudentError" ? error : new StudentError({ reason: error.message })
    )
  )
  const injection: QuestionInjection = {
    revise,
    counts: Effect.sync(() => ({ wrong, replaced, refused }))
  }
  return injection
})

/** The question as the student's utterance, in the place of one with the given trace. */
const say = Effect.fnUntraced(function* (
  text: string,
  trace: TokenTrace | undefined,
  encode: QuestionInjectionTools["encode"]
) {
  const spoken: Utterance = { text }
  if (trace === undefined) return spoken
  if (encode === undefined) {
    return yield* new StudentError({
      reason:
        "Question injection cannot put a question into a policy's token stream; give the student's tokenizer as `encode`."
    })
  }
  const ids = yield* encode(text)
  const asked: Utterance = {
    text,
    trace: { context: trace.context, ids, logprobs: ids.map(() => 0) }
  }
  return asked
})
