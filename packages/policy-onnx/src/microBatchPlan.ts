/** How large the micro-batches of sequences of one length are. */
import type { ModelConfig } from "@sml/language-model"

import { activationBytes, type MicroBatchBounds } from "./MicroBatch.ts"

/** The largest micro-batch: `rows` sequences, `tokens` positions with padding, kept in `bytes`. */
export interface MicroBatchPlan {
  readonly rows: number
  readonly tokens: number
  readonly bytes: number
}

/**
 * The largest micro-batch that `microBatches` cuts from any number of sequences of `length` tokens
 * (at least 2), every one of which but the first is scored; `bytes` is its `activationBytes`. One
 * sequence always runs, whatever the bounds.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import type { ModelConfig } from "@sml/language-model"
 * import { microBatchPlan } from "@sml/policy-onnx"
 *
 * const config: ModelConfig = {
 *   family: "llama", vocabularySize: 8, contextLength: 32, hiddenSize: 16, intermediateSize: 32,
 *   layers: 1, heads: 2, keyValueHeads: 1, headSize: 8, normEpsilon: 1e-5, ropeTheta: 10000,
 *   tiedEmbeddings: true, attentionBias: "none", mlpBias: false, queryKeyNorm: false,
 *   eosTokenIds: []
 * }
 * const bounds = { tokens: 100, activationBytes: 2 ** 20 }
 * const { rows, tokens } = microBatchPlan(config, 17, bounds)
 * assert.deepEqual({ rows, tokens }, { rows: 6, tokens: 96 })
 * ```
 */
export const microBatchPlan = (
  config: ModelConfig,
  length: number,
  bounds: MicroBatchBounds
): MicroBatchPlan => {
  const scored = length - 1
  const width = Math.ceil(scored / 8) * 8
  // the estimate is linear in the rows
  const one = activationBytes(config, 1, width, scored)
  const rows = Math.max(
    1,
    Math.min(Math.floor(bounds.tokens / width), Math.floor(bounds.activationBytes / one))
  )
  return { rows, tokens: rows * width, bytes: rows * one }
}
