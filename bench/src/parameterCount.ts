/** How large a model is. */
import { type ModelConfig, tensorShapes } from "@sml/language-model"

/** Number of weights, each counted once. */
export const parameterCount = (config: ModelConfig): number =>
  [...tensorShapes(config).values()].reduce(
    (total, shape) => total + shape.reduce((a, b) => a * b, 1),
    0
  )
