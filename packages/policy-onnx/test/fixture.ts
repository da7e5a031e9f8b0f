import { join } from "node:path"

import type { ModelConfig } from "@sml/language-model"
import type { AdamW, Datum, GenerateRequest } from "@sml/policy"
import * as fc from "fast-check"

/** A small random model with reference numbers, see golden/makeGolden.py. */
export const goldenCheckpoint = join(import.meta.dirname, "golden/checkpoint")

/** Public checkpoints beside the repository; absent on a plain clone. */
export const sharedModels = join(import.meta.dirname, "../../../../shared/models")

export const tinyConfig: ModelConfig = {
  family: "llama",
  vocabularySize: 11,
  contextLength: 48,
  hiddenSize: 16,
  intermediateSize: 24,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  headSize: 4,
  normEpsilon: 1e-5,
  ropeTheta: 10_000,
  tiedEmbeddings: true,
  attentionBias: "none",
  mlpBias: false,
  queryKeyNorm: false,
  eosTokenIds: []
}

export const adamW: AdamW = {
  learningRate: 0.01,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0,
  maxGradNorm: 1
}

export const request = (
  tokens: ReadonlyArray<number>,
  more: Partial<GenerateRequest> = {}
): GenerateRequest => ({
  tokens: Int32Array.from(tokens),
  maxTokens: 8,
  temperature: 1,
  stop: [],
  seed: 1,
  ...more
})

/** A datum whose every target has the weight 1. */
export const allWeighted = (tokens: ReadonlyArray<number>): Datum => ({
  tokens: Int32Array.from(tokens),
  weights: new Float32Array(tokens.length - 1).fill(1)
})

export const repeated = (id: number, count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, () => id)

/** The same datum with other arrays. */
export const changed = (datum: Datum, more: Partial<Datum>): Datum => ({ ...datum, ...more })

/** The same request with other fields. */
export const altered = (one: GenerateRequest, more: Partial<GenerateRequest>): GenerateRequest => ({
  ...one,
  ...more
})

/** A datum with everything that an objective may need; a third of its targets have no weight. */
export const anyDatum = (vocabulary: number, longest: number): fc.Arbitrary<Datum> =>
  fc.array(fc.nat(vocabulary - 1), { minLength: 2, maxLength: longest }).chain((tokens) => {
    const between = (min: number, max: number) =>
      fc
        .array(fc.double({ min, max, noNaN: true }), {
          minLength: tokens.length - 1,
          maxLength: tokens.length - 1
        })
        .map((values) => Float32Array.from(values))
    return fc.record({
      tokens: fc.constant(Int32Array.from(tokens)),
      // a third of the targets are not trained
      weights: between(-0.5, 1).map((array) => array.map((x) => Math.max(0, x))),
      advantages: between(-2, 2),
      logprobs: between(-4, -1)
    })
  })
