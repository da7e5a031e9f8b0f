/** The arithmetic that one training step needs. */
import type { ModelConfig } from "@sml/language-model"

/** `positions` that are run in each of `rows` sequences; a loss falls on `targets` of all of them. */
export interface StepSize {
  readonly rows: number
  readonly positions: number
  readonly targets: number
}

/**
 * Floating-point operations of the matrix products in one forward and backward pass of all weights,
 * no more than are needed: with M the number of weights in the matrices behind the last layer's
 * attention, N that in the layers' other matrices, V·d those of the head, L layers, q the width of all
 * query heads, T positions a row and R rows,
 *
 * `6·N·R·T + 6·M·targets + 6·V·d·targets + 12·L·q·R·T(T+1)/2`
 *
 * 2 for a multiplication and an addition, times 3 for the product itself and the gradients of its
 * two sides. Head and M count only where a loss falls, attention only the causal half. The look-up of
 * embeddings, norms, rotations, softmax and the optimiser count nothing.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { freshModels } from "@sml/bench/models"
 * import { trainingFlops } from "@sml/bench/trainingFlops"
 *
 * const config = freshModels.tiny
 * const some = trainingFlops(config, { rows: 1, positions: 8, targets: 3 })
 * const all = trainingFlops(config, { rows: 1, positions: 8, targets: 8 })
 * // 5 targets more: the head, and one layer's o, gate, up and down
 * assert.equal(all - some, 6 * (64 * 32 + 32 * 32 + 3 * 32 * 64) * 5)
 * ```
 */
export const trainingFlops = (config: ModelConfig, size: StepSize): number => {
  const { hiddenSize, intermediateSize, layers, vocabularySize } = config
  const queries = config.heads * config.headSize
  const keys = config.keyValueHeads * config.headSize
  const intoAttention = hiddenSize * (queries + 2 * keys)
  const behindAttention = hiddenSize * queries + 3 * hiddenSize * intermediateSize
  const everywhere = layers * intoAttention + (layers - 1) * behindAttention
  const pairs = (size.rows * size.positions * (size.positions + 1)) / 2
  return (
    6 * everywhere * size.rows * size.positions +
    6 * (behindAttention + vocabularySize * hiddenSize) * size.targets +
    12 * layers * queries * pairs
  )
}
