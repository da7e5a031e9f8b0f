/** AdamW over one flat weight array, in place. */
import type { AdamW } from "../Optimiser.ts"

/** First and second moments and the number of steps taken. */
export interface AdamWState {
  readonly first: Float64Array
  readonly second: Float64Array
  step: number
}

export const adamWState = (size: number): AdamWState => ({
  first: new Float64Array(size),
  second: new Float64Array(size),
  step: 0
})

/** Updates `weights` and `state` from `gradient`; returns the gradient's L2 norm before clipping. */
export const adamWStep = (
  weights: Float64Array,
  gradient: Float64Array,
  state: AdamWState,
  settings: AdamW
): number => {
  const { beta1, beta2, epsilon, learningRate, maxGradNorm, weightDecay } = settings
  const norm = Math.sqrt(gradient.reduce((sum, slope) => sum + slope * slope, 0))
  const scale = norm > maxGradNorm ? maxGradNorm / norm : 1
  state.step += 1
  const correction1 = 1 - beta1 ** state.step
  const correction2 = 1 - beta2 ** state.step
  for (const [at, raw] of gradient.entries()) {
    const slope = raw * scale
    const first = beta1 * (state.first[at] ?? 0) + (1 - beta1) * slope
    const second = beta2 * (state.second[at] ?? 0) + (1 - beta2) * slope * slope
    state.first[at] = first
    state.second[at] = second
    const weight = weights[at] ?? 0
    const move = first / correction1 / (Math.sqrt(second / correction2) + epsilon)
    weights[at] = weight - learningRate * (move + weightDecay * weight)
  }
  return norm
}
