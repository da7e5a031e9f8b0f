/** Supervised fine-tuning on the student's turns of given dialogues. */
import type { Episode, MissingTrace } from "@sml/env-pomdp"
import { episodeTraces, mixSeed, uniformStream } from "@sml/env-pomdp"
import type { Datum, DatumError, LearnerError } from "@sml/policy"
import {
  decodeOptions,
  InvalidOptions,
  Learner,
  learningRateAt,
  scheduleFault,
  streamDatum
} from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

import { FineTuneOptions } from "./FineTuneOptions.ts"
import { NoDialogues } from "./NoDialogues.ts"

/**
 * One optimiser step.
 *
 * - `epoch`, `step`: from 0; `step` counts through all epochs, of `steps` in all.
 * - `loss`: mean cross-entropy (nats) of the trained tokens before the step.
 * - `tokens/trained`: number of targets with a weight; `grad_norm`: before clipping.
 */
export const FineTuneMetrics = Schema.Struct({
  epoch: Schema.Int,
  step: Schema.Int,
  steps: Schema.Int,
  loss: Schema.Finite,
  grad_norm: Schema.Finite,
  "tokens/trained": Schema.Int
})
export type FineTuneMetrics = typeof FineTuneMetrics.Type

/** What can stop fine-tuning. */
export type FineTuneError = NoDialogues | MissingTrace | DatumError | LearnerError | InvalidOptions

const where = "offline-sft.fineTune"

/** A random order of `0..size − 1` (Fisher–Yates), a function of the seed. */
const shuffled = (size: number, seed: number): ReadonlyArray<number> => {
  const uniform = uniformStream(seed)
  const order = Array.from({ length: size }, (_, index) => index)
  for (let last = size - 1; last > 0; last--) {
    const other = Math.floor(uniform() * (last + 1))
    const moved = order[last] ?? last
    order[last] = order[other] ?? other
    order[other] = moved
  }
  return order
}

/** The batches of all epochs, in the order in which they are learnt. */
const batchesOf = (size: number, { batchSize, epochs, seed }: FineTuneOptions) =>
  Array.from({ length: epochs }, (_, epoch) => {
    const order = shuffled(size, mixSeed(seed, epoch, 6))
    return Array.from({ length: Math.ceil(size / batchSize) }, (_batch, index) => ({
      epoch,
      members: order.slice(index * batchSize, (index + 1) * batchSize)
    }))
  }).flat()

/**
 * Learns to say what the student says in the dialogues: cross-entropy on the student's tokens, mean
 * over the tokens of a step. Statement, replies and template have weight 0. The stream emits after
 * each step and takes the next one when it is asked to; it can be interrupted between any two, and a
 * step is an uninterruptible whole.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { type Episode, reset } from "@sml/env-pomdp"
 * import { fineTune } from "@sml/offline-sft"
 * import { adamW, TabularPolicy } from "@sml/policy"
 * import { Effect, Stream } from "effect"
 *
 * const task = { id: "1+1", domain: "math", prompt: "1 + 1 ?", knowledge: 2, missing: [] }
 * const { history, ...state } = reset(task, { horizon: 4 })
 * const trace = { context: [5, 3, 5], ids: [7], logprobs: [-2] }
 * const episode: Episode = {
 *   state: { ...state, history: [...history, { role: "student", text: "2", trace }] },
 *   stop: "correct",
 *   reward: 1
 * }
 * const steps = await fineTune([episode], { optimiser: adamW({ learningRate: 0.1 }) }).pipe(
 *   Stream.runCollect,
 *   Effect.provide(TabularPolicy.layer({ vocabularySize: 8 })),
 *   Effect.runPromise
 * )
 * const [first, second, third] = steps.map(({ loss }) => loss)
 * assert.ok(first! > second! && second! > third!)
 * ```
 */
export const fineTune = (
  dialogues: ReadonlyArray<Episode>,
  options: typeof FineTuneOptions.Encoded = {}
): Stream.Stream<FineTuneMetrics, FineTuneError, Learner> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const settings = yield* decodeOptions(where, FineTuneOptions, options)
      if (dialogues.length === 0) return yield* new NoDialogues({})
      const data: Array<Datum> = []
      for (const episode of dialogues) data.push(yield* Effect.fromResult(dialogueDatum(episode)))
      const learner = yield* Learner
      const batches = batchesOf(data.length, settings)
      const { optimiser, schedule } = settings
      const fault = scheduleFault(schedule, batches.length)
      if (fault !== undefined) return yield* new InvalidOptions({ where, reason: `${fault}.` })

      const learn = Effect.fn("offline-sft.step")(function* (step: number) {
        const { epoch = 0, members = [] } = batches[step] ?? {}
        const batch = members.flatMap((index) => data[index] ?? [])
        const { loss, trainedTokens } = yield* learner.forwardBackward(batch, {
          _tag: "CrossEntropy",
          normaliser: "weight"
        })
        const learningRate = learningRateAt(schedule, {
          learningRate: optimiser.learningRate,
          step,
          steps: batches.length
        })
        const { gradNorm } = yield* learner.step({ ...optimiser, learningRate })
        const metrics: FineTuneMetrics = {
          epoch,
          step,
          steps: batches.length,
          loss,
          grad_norm: gradNorm,
          "tokens/trained": trainedTokens
        }
        return metrics
      }, Effect.uninterruptible)

      return Stream.unfold(0, (step) =>
        step < batches.length
          ? Effect.map(learn(step), (metrics) => [metrics, step + 1] as const)
          : Effect.succeed(undefined)
      )
    })
  )

/** The token stream of a dialogue for supervised learning: weight 1 on what the student said. */
const dialogueDatum = (episode: Episode): Result.Result<Datum, MissingTrace | DatumError> =>
  Result.flatMap(episodeTraces(episode), (traces) =>
    streamDatum(traces, { label: episode.state.episode })
  )
