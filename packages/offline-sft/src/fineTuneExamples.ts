/** Supervised fine-tuning on given token streams. */
import { mixSeed } from "@sml/env-pomdp"
import type { Datum, Objective } from "@sml/policy"
import {
  decodeOptions,
  InvalidOptions,
  Learner,
  LearnerError,
  learningRateAt,
  scheduleFault
} from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

import type { FineTuneExample } from "./FineTuneExample.ts"
import { FineTuneOptions } from "./FineTuneOptions.ts"
import { shuffled } from "./internal/shuffled.ts"
import { NoDialogues } from "./NoDialogues.ts"
import { splitExamples } from "./splitExamples.ts"

/**
 * One optimiser step.
 *
 * - `epoch`, `step`: from 0; `step` counts through all epochs, of `steps` in all unless it stops early.
 * - `loss`: cross-entropy (nats) of the trained tokens before the step: their mean, or the mean of the
 *   dialogues' means where `balance` says so, in which each counts for its task's share.
 * - `tokens/trained`: number of targets with a weight; `grad_norm`: before clipping.
 *
 * With a holdout, at the steps after which it is measured:
 *
 * - `holdout/loss`: mean cross-entropy (nats) of the held-out tokens after the step;
 * - `holdout/best`: the smallest one so far, that before the first step included;
 * - `holdout/improved`: whether it is this one, so that these are the weights to keep.
 *
 * `holdout/initial_loss`, at step 0 only, is the one before any step.
 */
export const FineTuneMetrics = Schema.Struct({
  epoch: Schema.Int,
  step: Schema.Int,
  steps: Schema.Int,
  loss: Schema.Finite,
  grad_norm: Schema.Finite,
  learning_rate: Schema.Finite,
  "tokens/trained": Schema.Int,
  "holdout/initial_loss": Schema.optionalKey(Schema.Finite),
  "holdout/loss": Schema.optionalKey(Schema.Finite),
  "holdout/best": Schema.optionalKey(Schema.Finite),
  "holdout/improved": Schema.optionalKey(Schema.Boolean)
})
export type FineTuneMetrics = typeof FineTuneMetrics.Type

const where = "offline-sft.fineTune"

/** A number that is none: the weights are of no use any more. */
const finite = (value: number, what: string): Effect.Effect<number, LearnerError> =>
  Number.isFinite(value)
    ? Effect.succeed(value)
    : Effect.fail(
        new LearnerError({
          reason: `${where}: the ${what} is ${value}, so that the weights are of no use any more; begin again with a lower learning rate.`
        })
      )

interface Batch {
  readonly epoch: number
  readonly isLastOfEpoch: boolean
  readonly data: ReadonlyArray<Datum>
}

const trainedTokens = ({ weights }: Datum): number => {
  let count = 0
  for (const weight of weights) if (weight !== 0) count += 1
  return count
}

const scaled = (datum: Datum, factor: number): Datum => ({
  ...datum,
  weights: datum.weights.map((weight) => weight * factor)
})

/** How much the whole of a dialogue counts: 1, or so much that tasks have the same sum. */
const dialogueWeight = (
  examples: ReadonlyArray<FineTuneExample>,
  balance: "dialogues" | "tasks"
): ((group: string) => number) => {
  if (balance === "dialogues") return () => 1
  const sizes = new Map<string, number>()
  for (const { group } of examples) sizes.set(group, (sizes.get(group) ?? 0) + 1)
  return (group) => examples.length / (sizes.size * (sizes.get(group) ?? 1))
}

/** The batches of all epochs, in the order in which they are learnt, and the loss that they need. */
const batchesOf = (
  examples: ReadonlyArray<FineTuneExample>,
  { balance, batchSize, epochs, maxSteps, seed }: FineTuneOptions
): { readonly batches: ReadonlyArray<Batch>; readonly objective: Objective } => {
  const weightOf = balance === "tokens" ? undefined : dialogueWeight(examples, balance)
  const batches = Array.from({ length: epochs }, (_, epoch) => {
    const order = shuffled(examples, mixSeed(seed, epoch, 6))
    return Array.from({ length: Math.ceil(examples.length / batchSize) }, (_batch, index) => {
      const members = order.slice(index * batchSize, (index + 1) * batchSize)
      return {
        epoch,
        isLastOfEpoch: (index + 1) * batchSize >= examples.length,
        data: members.map(({ datum, group }) =>
          weightOf === undefined
            ? datum
            : scaled(datum, weightOf(group) / (trainedTokens(datum) * members.length))
        )
      } satisfies Batch
    })
  }).flat()
  return {
    batches: maxSteps === undefined ? batches : batches.slice(0, maxSteps),
    objective: {
      _tag: "CrossEntropy",
      // balanced weights are shares of the batch already
      normaliser: weightOf === undefined ? "weight" : "none"
    }
  }
}

/** Mean cross-entropy (nats) of the weighted tokens of the data, `batchSize` streams at a time. */
export const heldOutLoss = Effect.fn("offline-sft.heldOutLoss")(function* (
  data: ReadonlyArray<Datum>,
  batchSize: number
) {
  const learner = yield* Learner
  let sum = 0
  let weight = 0
  for (let from = 0; from < data.length; from += batchSize) {
    const batch = data.slice(from, from + batchSize)
    const logprobs = yield* learner.forward(batch)
    for (const [index, { weights }] of batch.entries()) {
      const row = logprobs[index]
      for (const [target, share] of weights.entries()) {
        // where the weight is 0 the log-probability means nothing
        if (share === 0) continue
        sum -= share * (row?.[target] ?? 0)
        weight += share
      }
    }
  }
  return sum / weight
})

const holdoutFault = (
  { evaluateEvery, holdout, patience }: FineTuneOptions,
  heldOut: number
): string | undefined => {
  if (holdout === 0) {
    const idle =
      patience === undefined
        ? evaluateEvery === undefined
          ? undefined
          : "evaluateEvery"
        : "patience"
    return idle === undefined
      ? undefined
      : `${idle} does nothing without a holdout; give a share such as 0.1, or leave it out.`
  }
  return heldOut > 0
    ? undefined
    : "a holdout needs dialogues about at least two tasks, one to learn and one to hold out; give more, or set holdout to 0."
}

/**
 * {@link fineTune} on token streams from anywhere: recorded dialogues (`dialogueExample`) or written
 * chats (`chatExample`).
 */
export const fineTuneExamples = (
  examples: ReadonlyArray<FineTuneExample>,
  options: typeof FineTuneOptions.Encoded = {}
): Stream.Stream<FineTuneMetrics, NoDialogues | LearnerError | InvalidOptions, Learner> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const settings = yield* decodeOptions(where, FineTuneOptions, options)
      if (examples.length === 0) return yield* new NoDialogues({})
      const learner = yield* Learner
      const { batchSize, evaluateEvery, holdout, optimiser, patience, schedule, seed } = settings
      const { heldOut, learnt } = splitExamples(examples, { share: holdout, seed })
      const idle = holdoutFault(settings, heldOut.length)
      if (idle !== undefined) return yield* new InvalidOptions({ where, reason: idle })
      const { batches, objective } = batchesOf(learnt, settings)
      const fault = scheduleFault(schedule, batches.length)
      if (fault !== undefined) return yield* new InvalidOptions({ where, reason: `${fault}.` })
      const heldOutData = heldOut.map(({ datum }) => datum)
      const initial = heldOut.length === 0 ? undefined : yield* heldOutLoss(heldOutData, batchSize)
      let best = initial ?? Infinity
      let waited = 0

      const learn = Effect.fn("offline-sft.step")(function* (step: number, data: Batch["data"]) {
        const pass = yield* learner.forwardBackward(data, objective)
        const loss = yield* finite(pass.loss, `loss of step ${step + 1}`)
        const learningRate = learningRateAt(schedule, {
          learningRate: optimiser.learningRate,
          step,
          steps: batches.length
        })
        const { gradNorm } = yield* learner.step({ ...optimiser, learningRate })
        return {
          loss,
          grad_norm: gradNorm,
          learning_rate: learningRate,
          "tokens/trained": pass.trainedTokens
        }
      }, Effect.uninterruptible)

      const measure = Effect.fnUntraced(function* (step: number, { isLastOfEpoch }: Batch) {
        const isLast = step + 1 === batches.length
        const isDue = evaluateEvery === undefined ? isLastOfEpoch : (step + 1) % evaluateEvery === 0
        if (initial === undefined || !(isDue || isLast)) return {}
        const loss = yield* finite(
          yield* heldOutLoss(heldOutData, batchSize),
          `held-out loss after step ${step + 1}`
        )
        const improved = loss < best
        best = Math.min(best, loss)
        waited = improved ? 0 : waited + 1
        return { "holdout/loss": loss, "holdout/best": best, "holdout/improved": improved }
      })

      return Stream.unfold(0, (step) =>
        Effect.gen(function* () {
          const batch = batches[step]
          if (batch === undefined || (patience !== undefined && waited >= patience)) {
            return undefined
          }
          const learning = yield* learn(step, batch.data)
          const metrics: FineTuneMetrics = {
            epoch: batch.epoch,
            step,
            steps: batches.length,
            ...learning,
            ...(step === 0 && initial !== undefined && { "holdout/initial_loss": initial }),
            ...(yield* measure(step, batch))
          }
          return [metrics, step + 1] as const
        })
      )
    })
  )
