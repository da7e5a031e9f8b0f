/** Drawing from large vocabularies, whose weights an engine has summed in blocks. */
import type { Draw } from "@sml/policy"

/** Vocabularies of fewer tokens are drawn from their logits. */
const smallest = 1024

/**
 * Tokens per block, or `undefined` where blocks do not pay: the vocabulary is small, or does not
 * divide.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { blockSize } from "@sml/policy-onnx"
 *
 * assert.equal(blockSize(49152), 256)
 * assert.equal(blockSize(151936), 128)
 * assert.equal(blockSize(107), undefined)
 * ```
 */
export const blockSize = (vocabularySize: number): number | undefined =>
  vocabularySize < smallest
    ? undefined
    : [256, 128, 64, 32].find((size) => vocabularySize % size === 0)

/** One row of weights `exp(logit − largest)`, and their sums over blocks of equal size. */
export interface BlockedWeights {
  readonly weights: Float32Array
  /** Where the row begins in `weights`, and how many tokens it has. */
  readonly offset: number
  readonly size: number
  readonly sums: Float32Array
  /** Where the row begins in `sums`. */
  readonly sumsOffset: number
  readonly blockSize: number
}

/**
 * Draws from `softmax(logits)` by inverting its distribution function, in the order of ids, at
 * `uniform` (in [0, 1)): `sampleToken` of `@sml/policy` at temperature 1 without filters, but for the
 * rounding of float32 sums, and without touching most of the weights. With `logits` (which begin at
 * `offset`, too) it takes the first largest of them instead, as at temperature 0. Returns whether all
 * weights were finite; if not, `draw` is meaningless.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { drawFromBlocks } from "@sml/policy-onnx"
 *
 * const draw = { id: 0, logprob: 0, rawLogprob: 0 }
 * const row = {
 *   weights: Float32Array.of(0.5, 0.5, 1, 0),
 *   offset: 0,
 *   size: 4,
 *   sums: Float32Array.of(1, 1),
 *   sumsOffset: 0,
 *   blockSize: 2
 * }
 * drawFromBlocks(row, 0.3, undefined, draw)
 * assert.equal(draw.id, 1)
 * assert.equal(draw.logprob, Math.log(0.25))
 * ```
 */
export const drawFromBlocks = (
  row: BlockedWeights,
  uniform: number,
  logits: Float32Array | undefined,
  draw: Draw
): boolean => {
  const { blockSize: width, offset, size, sums, sumsOffset, weights } = row
  const blocks = size / width
  let total = 0
  for (let block = 0; block < blocks; block++) total += sums[sumsOffset + block] ?? NaN
  // the largest weight is 1
  if (!(total >= 1 && total < Infinity)) return false
  let id = -1
  if (logits !== undefined) {
    let largest = -Infinity
    for (let i = 0; i < size; i++) {
      const logit = logits[offset + i] ?? -Infinity
      if (logit > largest) {
        largest = logit
        id = i
      }
    }
  } else {
    let rest = uniform * total
    let block = 0
    while (block < blocks - 1 && rest >= (sums[sumsOffset + block] ?? 0)) {
      rest -= sums[sumsOffset + block] ?? 0
      block++
    }
    // the last token with any weight takes what rounding leaves over: in this block, or before it
    for (let i = block * width; i < (block + 1) * width; i++) {
      const weight = weights[offset + i] ?? 0
      if (weight > 0) id = i
      rest -= weight
      if (rest < 0) break
    }
    for (let i = block * width - 1; id < 0; i--) if ((weights[offset + i] ?? 0) > 0) id = i
  }
  draw.id = id
  draw.logprob = Math.log((weights[offset + id] ?? 0) / total)
  draw.rawLogprob = draw.logprob
  return true
}
