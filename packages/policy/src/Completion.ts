/** Token ids in, token ids out. */
import * as Schema from "effect/Schema"

/**
 * What a sampler is asked for.
 *
 * - `tokens`: the whole stream so far; an engine reuses whatever prefix of it it has cached.
 * - `cacheKey`: a hint that requests with the same key extend one another (one dialogue).
 * - `seed`: the sampled ids are a function of (weights, tokens, seed, temperature, stop, maxTokens)
 *   alone, whoever else is in the batch. An unsigned 32-bit integer.
 * - `temperature`: 0 is greedy.
 * - `stop`: sampling ends after any of these ids, which is kept as the last id.
 */
export interface GenerateRequest {
  readonly tokens: Int32Array
  readonly maxTokens: number
  readonly temperature: number
  readonly stop: ReadonlyArray<number>
  readonly seed: number
  readonly cacheKey?: string
}

/** `"stop"`: a stop id was sampled; `"length"`: `maxTokens` or the context's end was reached. */
export const CompletionStop = Schema.Literals(["stop", "length"])
export type CompletionStop = typeof CompletionStop.Type

/**
 * The sampled ids, and for each its log-probability (nats) under the distribution it was drawn
 * from. A greedy completion carries the log-probabilities at temperature 1.
 */
export interface Completion {
  readonly ids: Int32Array
  readonly logprobs: Float32Array
  readonly stop: CompletionStop
}
