/** Question injection: a hook for rollouts that replaces wrong turns by questions. */
import type { DialogueState, Revise, Task, TokenTrace, Utterance } from "@sml/env-pomdp"
import {
  isCorrect,
  labelTurn,
  mixSeed,
  StudentError,
  turnsTaken,
  uniformStream,
  Verifier
} from "@sml/env-pomdp"
import { decodeOptions, InvalidOptions } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import { QuestionWriter } from "./QuestionWriter.ts"
import { tellsPrivate } from "./tellsPrivate.ts"

/**
 * A wrong turn `t` (from 1) is replaced with probability `decay^(t − 1 + firstExponent)`.
 *
 * The paper writes `0.75^t · 1[R = 0]` and does not say where `t` begins. Its dialogues are counted from
 * 1 (`u^S_1` is the student's first turn), and so is `t` here: the first wrong turn is replaced with
 * probability 0.75. With `firstExponent` 0 it is 1, the other reading. `R` is read as the verdict on
 * this turn, as the dialogue's own reward is not known yet.
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
  /** Whether a question would tell something of the task's private knowledge; default {@link tellsPrivate}. */
  readonly isLeak?: (task: Task, question: string, state: DialogueState) => boolean
  /** The probability that a wrong turn (from 1) is replaced, in place of `decay` and `firstExponent`. */
  readonly probability?: (turn: number) => number
}

/** What the injection did so far. */
export interface InjectionCounts {
  /** Turns that were not correct. */
  readonly wrong: number
  /** Those replaced by a question. */
  readonly replaced: number
  /** Those kept because what was written is an attempt, asks nothing, or leaks. */
  readonly refused: number
  /** Those of the refused that are questions and leak. */
  readonly leaked: number
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
 * refused and counted, and the student's own words stand; so is one that tells something private
 * ({@link tellsPrivate}). Which turns are replaced is a function of
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
  const { isLeak = (_task, question, state) => tellsPrivate(state, question) } = tools
  if (tools.probability !== undefined && Object.keys(options).length > 0) {
    return yield* new InvalidOptions({
      where: "q-priming.questionInjection",
      reason:
        "decay and firstExponent do nothing beside a probability of your own; leave one of them out."
    })
  }
  const probability = tools.probability ?? ((turn) => injectionProbability(turn, settings))
  let wrong = 0
  let replaced = 0
  let refused = 0
  let leaked = 0

  const revise: Revise = Effect.fnUntraced(
    function* (state, utterance, verdict) {
      if (isCorrect(verdict)) return undefined
      wrong += 1
      const turn = turnsTaken(state) + 1
      const uniform = uniformStream(mixSeed(state.seed, turn, 7))
      const chance = probability(turn)
      if (!(chance >= 0 && chance <= 1)) {
        return yield* new StudentError({
          reason: `The probability of question injection at turn ${turn} is ${chance}; give one between 0 and 1.`
        })
      }
      if (uniform() >= chance) return undefined
      const text = yield* writer.write(state, utterance)
      const judged = yield* verifier.check(state.task, text)
      const isQuestion = labelTurn(text, judged) === "question"
      const tells = isQuestion && isLeak(state.task, text, state)
      if (!isQuestion || tells) {
        refused += 1
        if (tells) leaked += 1
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
    counts: Effect.sync(() => ({ wrong, replaced, refused, leaked }))
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
