/** The AdamW update on weight arrays, in place. */
import type { AdamW } from "./Optimiser.ts"
import type { ParameterSettings } from "./resolveParameterGroups.ts"

/** Weights in single precision, as engines have them, or in double, as references do. */
export type WeightArray = Float32Array | Float64Array

/** Running means of the gradient and of its square, one pair per weight array, and the updates done. */
export interface AdamWState {
  step: number
  readonly first: ReadonlyArray<WeightArray>
  readonly second: ReadonlyArray<WeightArray>
}

const zeros = (like: WeightArray): WeightArray =>
  like instanceof Float32Array ? new Float32Array(like.length) : new Float64Array(like.length)

/** The state before the first update of these arrays, in their precision. */
export const initialAdamWState = (weights: ReadonlyArray<WeightArray>): AdamWState => ({
  step: 0,
  first: weights.map(zeros),
  second: weights.map(zeros)
})

/** The L2 norm of all numbers of all arrays, summed in float64. */
export const globalNorm = (arrays: ReadonlyArray<WeightArray>): number => {
  let sum = 0
  for (const array of arrays) {
    for (let i = 0; i < array.length; i++) {
      const x = array[i] ?? 0
      sum += x * x
    }
  }
  return Math.sqrt(sum)
}

/**
 * One step of AdamW (Loshchilov and Hutter, arXiv:1711.05101, algorithm 2, with bias correction):
 *
 *     m ← β₁m + (1 − β₁)g      v ← β₂v + (1 − β₂)g²
 *     w ← w − η·λ·w − η · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
 *
 * with `g` scaled down so that its global norm is at most `maxGradNorm`, and each array's own η and λ
 * from `parameters` (see `resolveParameterGroups`). Weights, state and nothing else change. Returns
 * the global norm before clipping; when it is not finite, nothing changes at all.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { adamW, adamWStep, initialAdamWState } from "@sml/policy"
 *
 * const weights = [Float32Array.of(1)]
 * const state = initialAdamWState(weights)
 * const norm = adamWStep(weights, [Float32Array.of(3)], state, adamW(), [
 *   { learningRate: 0.1, weightDecay: 0 }
 * ])
 * assert.equal(norm, 3)
 * assert.ok(Math.abs((weights[0]?.[0] ?? 0) - 0.9) < 1e-6)
 * ```
 */
export const adamWStep = (
  weights: ReadonlyArray<WeightArray>,
  gradients: ReadonlyArray<WeightArray>,
  state: AdamWState,
  settings: Pick<AdamW, "beta1" | "beta2" | "epsilon" | "maxGradNorm">,
  parameters: ReadonlyArray<ParameterSettings>
): number => {
  const count = weights.length
  for (const { length } of [gradients, state.first, state.second, parameters]) {
    if (length !== count)
      throw new RangeError(`adamWStep: ${count} weight arrays, ${length} others`)
  }
  const norm = globalNorm(gradients)
  if (!Number.isFinite(norm)) return norm
  state.step += 1
  const { beta1, beta2, epsilon, maxGradNorm } = settings
  const scale = norm > maxGradNorm ? maxGradNorm / norm : 1
  const correction1 = 1 / (1 - beta1 ** state.step)
  const correction2 = 1 / (1 - beta2 ** state.step)
  for (let index = 0; index < count; index++) {
    const { learningRate, weightDecay } = parameters[index] ?? still
    updateArray(
      weights[index] ?? empty,
      gradients[index] ?? empty,
      state.first[index] ?? empty,
      state.second[index] ?? empty,
      scale,
      beta1,
      beta2,
      epsilon,
      1 - learningRate * weightDecay,
      learningRate * correction1,
      correction2
    )
  }
  return norm
}

const empty = new Float32Array(0)
const still: ParameterSettings = { learningRate: 0, weightDecay: 0 }

// a function of its own with numbers for arguments: compiled once, with nothing left to look up. What
// remains is bound by one square root and one division an element.
const updateArray = (
  w: WeightArray,
  g: WeightArray,
  m: WeightArray,
  v: WeightArray,
  scale: number,
  beta1: number,
  beta2: number,
  epsilon: number,
  keep: number,
  rate: number,
  correction2: number
): void => {
  const fresh1 = 1 - beta1
  const fresh2 = 1 - beta2
  for (let i = 0; i < w.length; i++) {
    const gi = (g[i] ?? 0) * scale
    const mi = beta1 * (m[i] ?? 0) + fresh1 * gi
    const vi = beta2 * (v[i] ?? 0) + fresh2 * gi * gi
    m[i] = mi
    v[i] = vi
    w[i] = keep * (w[i] ?? 0) - (rate * mi) / (Math.sqrt(vi * correction2) + epsilon)
  }
}
