import { availableParallelism } from "node:os"

/** How many workers share an engine's work. */
import { type ModelConfig, parameterCount } from "@sml/language-model"

import type { EngineOptions } from "./EngineOptions.ts"

/** Parameters up to which every thread is a lane of its own. */
const largest = 2 ** 24

/** Lanes at most, unless the options say. */
const most = 8

/**
 * A lane is a worker with its own weights, optimiser and caches. Threads that share the operators of one
 * run wait for each other at the end of each, some hundred times a step; lanes do when their passes are
 * done. They pay as long as the weights are small enough to be held, and read in decoding, once for each
 * lane: a model of up to 2²⁴ parameters has as many lanes as threads, at most 8. A larger one, one with an
 * adapter and one on another device than the processor has a single lane with all threads, unless the
 * options say.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import type { ModelConfig } from "@sml/language-model"
 * import { laneCount } from "@sml/policy-onnx"
 *
 * const config: ModelConfig = {
 *   family: "llama", vocabularySize: 8, contextLength: 32, hiddenSize: 16, intermediateSize: 32,
 *   layers: 1, heads: 2, keyValueHeads: 1, headSize: 8, normEpsilon: 1e-5, ropeTheta: 10000,
 *   tiedEmbeddings: true, attentionBias: "none", mlpBias: false, queryKeyNorm: false,
 *   eosTokenIds: []
 * }
 * assert.equal(laneCount(config, { threads: 2 }), 2)
 * assert.equal(laneCount({ ...config, vocabularySize: 2_000_000 }, { threads: 2 }), 1)
 * ```
 */
export const laneCount = (config: ModelConfig, options: LaneOptions): number => {
  const { device = "cpu", lanes, lora, threads = defaultThreads() } = options
  if (lanes !== undefined) return lanes
  const small = parameterCount(config) <= largest
  return small && lora === undefined && device === "cpu" ? Math.min(most, threads) : 1
}

/** What decides the number of lanes, among an engine's options. */
export type LaneOptions = Pick<EngineOptions, "device" | "lanes" | "threads"> & {
  readonly lora?: object
}

/** One thread per core, at most 8. */
export const defaultThreads = (): number => Math.min(8, availableParallelism())
