/** The weights of a model before any training. */
import { type ModelConfig, type Tensor, tensorShapes } from "@sml/language-model"
import { uniformAt } from "@sml/policy"

/**
 * Matrices from a normal distribution with standard deviation 0.02, those that write into the
 * residual stream (`o_proj`, `down_proj`) divided by √(2·layers) (GPT-2, Radford et al. 2019,
 * section 2.3); norm scales 1, biases 0. The same configuration and seed give the same bits.
 *
 * @example
 * ```ts no-run
 * const tensors = freshWeights(config, 1)
 * ```
 */
export const freshWeights = (config: ModelConfig, seed: number): ReadonlyMap<string, Tensor> => {
  const tensors = new Map<string, Tensor>()
  let position = 0
  for (const [name, shape] of tensorShapes(config)) {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1))
    if (shape.length === 1) {
      data.fill(name.endsWith(".bias") ? 0 : 1)
    } else {
      const residual = name.endsWith("o_proj.weight") || name.endsWith("down_proj.weight")
      const deviation = residual ? 0.02 / Math.sqrt(2 * config.layers) : 0.02
      for (let i = 0; i < data.length; i++) {
        // Box and Muller 1958; 1 - u keeps the logarithm's argument above 0
        const radius = Math.sqrt(-2 * Math.log(1 - uniformAt(seed, position++)))
        data[i] = deviation * radius * Math.cos(2 * Math.PI * uniformAt(seed, position++))
      }
    }
    tensors.set(name, { shape, data })
  }
  return tensors
}
