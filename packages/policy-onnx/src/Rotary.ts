/**
 * Rotary position embeddings (Su et al. 2021): the pair (i, i + headSize/2) of a head at position p is
 * turned by the angle p·ωᵢ.
 */
import type { ModelConfig } from "@sml/language-model"

/**
 * Angular velocity of each rotated pair in radians per position, `ωᵢ = θ^(−2i / headSize)`, with
 * Llama 3's stretching of the slow pairs where the configuration asks for it.
 */
export const rotaryFrequencies = (config: ModelConfig): Float64Array => {
  const { headSize, ropeScaling: scaling, ropeTheta } = config
  return Float64Array.from({ length: headSize / 2 }, (_, i) => {
    const frequency = ropeTheta ** ((-2 * i) / headSize)
    if (scaling === undefined) return frequency
    // how often the pair turns within the original context
    const turns = (scaling.originalContextLength * frequency) / (2 * Math.PI)
    const { factor, highFrequencyFactor: high, lowFrequencyFactor: low } = scaling
    if (turns < low) return frequency / factor
    if (turns > high) return frequency
    const keep = (turns - low) / (high - low)
    return (1 - keep) * (frequency / factor) + keep * frequency
  })
}

/** Cosine and sine of every pair's angle at the first `rows` positions, each
 * `[rows, headSize / 2]`. */
export const rotaryTables = (
  config: ModelConfig,
  rows: number
): { readonly cos: Float32Array; readonly sin: Float32Array } => {
  const frequencies = rotaryFrequencies(config)
  const cos = new Float32Array(rows * frequencies.length)
  const sin = new Float32Array(cos.length)
  for (let position = 0; position < rows; position++) {
    frequencies.forEach((frequency, i) => {
      cos[position * frequencies.length + i] = Math.cos(position * frequency)
      sin[position * frequencies.length + i] = Math.sin(position * frequency)
    })
  }
  return { cos, sin }
}
