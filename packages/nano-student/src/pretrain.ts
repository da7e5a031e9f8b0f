/** Supervised training of the embedded student on its corpus. */
import { mixSeed, uniformStream } from "@sml/env-pomdp"
import type { AdamW, Datum, LearningRateSchedule } from "@sml/policy"
import { Learner, learningRateAt } from "@sml/policy"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

import type { CorpusOptions } from "./Corpus.ts"
import { corpus, defaultCorpus, itemDatum } from "./Corpus.ts"

/** Settings of a pretraining. */
export interface PretrainOptions {
  /** Optimiser steps. */
  readonly steps: number
  /** Items per step. */
  readonly batchSize: number
  /** Unsigned 32-bit integer; items and their order are a function of it. */
  readonly seed: number
  /** Highest learning rate: reached after `warmUp` steps, kept for 60 % of them, then down to 0. */
  readonly learningRate: number
  readonly warmUp: number
  readonly corpus: CorpusOptions
  /** Called after every step. */
  readonly onProgress?: (progress: PretrainProgress) => Effect.Effect<void>
}

/** Where a pretraining is. `loss` is that of the step, nats per weighted token. */
export interface PretrainProgress {
  readonly step: number
  readonly steps: number
  readonly loss: number
  /** Tokens seen so far. */
  readonly tokens: number
  readonly tokensPerSecond: number
  readonly secondsLeft: number
}

/** The settings behind the committed checkpoint. */
export const defaultPretrain: PretrainOptions = {
  steps: 6000,
  batchSize: 32,
  seed: 1,
  learningRate: 2e-3,
  warmUp: 50,
  corpus: defaultCorpus
}

/** Share of the steps at the highest learning rate, warm-up included. */
const constantShare = 0.6

/** Up, then constant, then linearly down to 0 at the end. */
export const pretrainSchedule = ({
  steps,
  warmUp
}: Pick<PretrainOptions, "steps" | "warmUp">): LearningRateSchedule => ({
  _tag: "Linear",
  warmupSteps: warmUp,
  holdSteps: Math.max(0, Math.round(steps * constantShare) - warmUp),
  totalSteps: steps,
  finalFraction: 0
})

/** Batches drawn at a time; inside, items of like length go together, which saves padding. */
const poolBatches = 16

/** Endless batches: a function of the seed. */
export function* batches({
  batchSize,
  corpus: mixture,
  seed
}: Pick<PretrainOptions, "batchSize" | "corpus" | "seed">): Generator<ReadonlyArray<Datum>, never> {
  const items = corpus(seed, mixture)
  for (let pool = 0; ; pool++) {
    const data = Array.from({ length: poolBatches * batchSize }, () =>
      itemDatum(items.next().value, mixture)
    ).toSorted((left, right) => left.tokens.length - right.tokens.length)
    const order = Array.from({ length: poolBatches }, (_, index) => index)
    const random = uniformStream(mixSeed(seed, pool, 0xba))
    for (let index = order.length - 1; index > 0; index--) {
      const other = Math.floor(random() * (index + 1))
      const kept = order[index] ?? 0
      order[index] = order[other] ?? 0
      order[other] = kept
    }
    for (const index of order) yield data.slice(index * batchSize, (index + 1) * batchSize)
  }
}

const optimiser = (learningRate: number): AdamW => ({
  learningRate,
  beta1: 0.9,
  beta2: 0.98,
  epsilon: 1e-8,
  weightDecay: 0.05,
  maxGradNorm: 1
})

/**
 * Trains the learner's weights on the corpus. Gives the last progress. Interrupting it between two
 * steps leaves the learner usable; nothing is written.
 */
export const pretrain = Effect.fn("NanoStudent.pretrain")(function* (
  options: PretrainOptions = defaultPretrain
) {
  const learner = yield* Learner
  const { learningRate, onProgress, steps } = options
  const schedule = pretrainSchedule(options)
  const started = yield* Clock.currentTimeMillis
  const stream = batches(options)
  let tokens = 0
  let progress: PretrainProgress | undefined
  for (let step = 0; step < steps; step++) {
    const data = stream.next().value
    const { loss } = yield* learner.forwardBackward(data, {
      _tag: "CrossEntropy",
      normaliser: "weight"
    })
    yield* learner.step(optimiser(learningRateAt(schedule, { learningRate, step, steps })))
    for (const datum of data) tokens += datum.tokens.length
    const seconds = ((yield* Clock.currentTimeMillis) - started) / 1000
    progress = {
      step: step + 1,
      steps,
      loss,
      tokens,
      tokensPerSecond: tokens / Math.max(seconds, 1e-3),
      secondsLeft: (seconds / (step + 1)) * (steps - step - 1)
    }
    if (onProgress !== undefined) yield* onProgress(progress)
  }
  return progress
})
