/** Which sequences run together in one forward and backward pass. */
import type { ModelConfig } from "@sml/language-model"

/** Sequences that run together, padded to `width` positions; `rows` are indices into the data. */
export interface MicroBatch {
  readonly rows: ReadonlyArray<number>
  readonly width: number
}

/** What bounds a micro-batch; a sequence that exceeds the bounds alone runs alone. */
export interface MicroBatchBounds {
  /** Positions, padding included. */
  readonly tokens: number
  /** Bytes of what the forward pass keeps for the backward pass; see {@link activationBytes}. */
  readonly activationBytes: number
}

/**
 * An estimate of the bytes that a forward pass over `rows` sequences of `width` positions keeps for
 * the backward pass, with `scored` positions at which logits are computed: per position and layer the
 * residual stream and its norms (4 × hidden), queries, keys, values and the attention's result in two
 * layouts (4 × (heads + keyValueHeads) × headSize), the feed-forward's products (4 × intermediate)
 * and the probabilities of the attention (heads × width), and at a scored position three rows of the
 * vocabulary.
 *
 * @example
 * ```ts no-run
 * const bytes = activationBytes(config, 4, 512, 2048)
 * ```
 */
export const activationBytes = (
  config: ModelConfig,
  rows: number,
  width: number,
  scored: number
): number => {
  const { headSize, heads, hiddenSize, intermediateSize, keyValueHeads, layers } = config
  const position =
    4 * hiddenSize + 4 * (heads + keyValueHeads) * headSize + 4 * intermediateSize + heads * width
  const floats = rows * width * layers * position + 3 * scored * config.vocabularySize
  return floats * Float32Array.BYTES_PER_ELEMENT
}

/**
 * Cuts data into micro-batches: sequences of similar length together, the longest first, so that
 * memory peaks at the start. `lengths` counts tokens, of which the last is a target only, and `scored`
 * the targets whose logits are wanted; sequences without any are left out.
 *
 * @example
 * ```ts no-run
 * const batches = microBatches(config, Int32Array.of(9, 17, 10), Int32Array.of(4, 8, 4), {
 *   tokens: 32,
 *   activationBytes: 2 ** 30
 * })
 * // the longest alone, the other two together
 * assert.deepEqual(batches.map(({ rows, width }) => ({ rows, width })), [
 *   { rows: [1], width: 16 },
 *   { rows: [2, 0], width: 16 }
 * ])
 * ```
 */
export const microBatches = (
  config: ModelConfig,
  lengths: Int32Array,
  scored: Int32Array,
  bounds: MicroBatchBounds
): ReadonlyArray<MicroBatch> => {
  const order = Array.from(lengths.keys())
    .filter((row) => (scored[row] ?? 0) > 0)
    .toSorted((a, b) => (lengths[b] ?? 0) - (lengths[a] ?? 0) || a - b)
  const batches: Array<MicroBatch> = []
  let rows: Array<number> = []
  let width = 0
  let targets = 0
  for (const row of order) {
    const more = targets + (scored[row] ?? 0)
    const count = rows.length + 1
    const fits =
      count * width <= bounds.tokens &&
      activationBytes(config, count, width, more) <= bounds.activationBytes
    if (rows.length > 0 && !fits) {
      batches.push({ rows, width })
      rows = []
    }
    if (rows.length === 0) {
      width = Math.ceil(((lengths[row] ?? 0) - 1) / 8) * 8
      targets = 0
    }
    rows.push(row)
    targets += scored[row] ?? 0
  }
  if (rows.length > 0) batches.push({ rows, width })
  return batches
}
