/** Token ids in, token ids out. */
import * as Schema from "effect/Schema"

import type { SamplingSettings } from "./SamplingSettings.ts"

/**
 * What a sampler is asked for: how to draw ({@link SamplingSettings}), and
 *
 * - `tokens`: the whole stream so far; an engine reuses whatever prefix of it it has cached.
 * - `cacheKey`: a hint that requests with the same key extend one another (one dialogue).
 * - `seed`: the sampled ids are a function of the weights and of this request (less its `cacheKey`)
 *   alone, whoever else is in the batch. An unsigned 32-bit integer.
 * - `stop`: sampling ends after any of these ids, which is kept as the last id.
 * - `stopStrings`: sampling ends after the id whose text completes any of these strings in the text
 *   of the completion; all ids up to and including that one are kept. An engine that has no
 *   tokenizer refuses a request that has any.
 * - `onSampled`: is told each sampled id and its log-probability under `softmax(logits)`, in order and
 *   before the completion, for callers that show a text while it grows. It changes nothing about the
 *   completion, must not throw, and an engine that knows nothing before the end never calls it.
 *
 * Settings out of range are refused with a `SamplerError`.
 */
export interface GenerateRequest extends SamplingSettings {
  readonly tokens: Int32Array
  readonly maxTokens: number
  readonly stop: ReadonlyArray<number>
  readonly stopStrings?: ReadonlyArray<string>
  readonly seed: number
  readonly cacheKey?: string
  readonly onSampled?: (id: number, rawLogprob: number) => void
}

/**
 * `"stop"`: a stop id was sampled or a stop string completed; `"length"`: `maxTokens` or the
 * context's end was reached.
 */
export const CompletionStop = Schema.Literals(["stop", "length"])
export type CompletionStop = typeof CompletionStop.Type

/**
 * The sampled ids, and two log-probabilities (nats) of each:
 *
 * - `logprobs`: under the distribution it was drawn from, tempered, filtered and renormalised; of a
 *   greedy completion, under `softmax(logits)`.
 * - `rawLogprobs`: under `softmax(logits)`, whatever the temperature and the filters.
 *
 * vLLM calls them processed and raw. At temperature 1 without filters the two are equal.
 */
export interface Completion {
  readonly ids: Int32Array
  readonly logprobs: Float32Array
  readonly rawLogprobs: Float32Array
  readonly stop: CompletionStop
}
