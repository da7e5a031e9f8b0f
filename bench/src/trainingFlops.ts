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
 * no more than are needed: with N the number of weights in the layers' matrices, V·d those of the
 * head, L layers, q the width of all query heads, T positions a row and R rows,
 *
 * `6·N·R·T + 6·V·d·targets + 12·L·q·R·T(T+1)/2`
 *
 * 2 for a multiplication and an addition, times 3 for the product itself and the gradients of its
 * two sides. The head counts only where a loss falls, attention only the causal half. The look-up of
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
 * // the head: 5 targets more
 * assert.equal(all - some, 6 * 64 * 32 * 5)
 * ```
 */
export const trainingFlops = (config: ModelConfig, size: StepSize): number => {
  const { hiddenSize, intermediateSize, layers, vocabularySize } = config
  const queries = config.heads * config.headSize
  const keys = config.keyValueHeads * config.headSize
  const layer = hiddenSize * (2 * queries + 2 * keys) + 3 * hiddenSize * intermediateSize
  const pairs = (size.rows * size.positions * (size.positions + 1)) / 2
  return (
    6 * layers * layer * size.rows * size.positions +
    6 * vocabularySize * hiddenSize * size.targets +
    12 * layers * queries * pairs
  )
}
