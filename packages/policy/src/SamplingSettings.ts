/** Which distribution a token is drawn from. */

/**
 * The distribution to draw from, made of the model's logits in the order of transformers:
 * temperature, top-k, top-p, min-p, then renormalised.
 *
 * - `temperature`: the logits are divided by it; 0 is greedy, which no filter changes.
 * - `topK`: keeps the `topK` most probable tokens (a whole number of 1 or more; the vocabulary's
 *   size or more keeps all). Of tokens that tie at the last place the smaller ids stay.
 * - `topP`: of these, keeps the smallest set of most probable tokens whose share of the mass that
 *   top-k has left reaches `topP` (in (0, 1]; 1 keeps all). Ties as above (nucleus sampling,
 *   arXiv:1904.09751).
 * - `minP`: of these, drops the tokens less probable than `minP` times the most probable one (in
 *   [0, 1); 0 keeps all; arXiv:2407.01082).
 */
export interface SamplingSettings {
  readonly temperature: number
  readonly topK?: number
  readonly topP?: number
  readonly minP?: number
}

/**
 * What is wrong with the settings, as the middle of a sentence, or `undefined`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { samplingFault } from "@sml/policy"
 *
 * assert.equal(samplingFault({ temperature: 1, topK: 50, topP: 0.9, minP: 0.05 }), undefined)
 * assert.equal(
 *   samplingFault({ temperature: 1, topP: 0 }),
 *   "topP is 0; use a number above 0, at most 1"
 * )
 * ```
 */
export const samplingFault = (settings: SamplingSettings): string | undefined => {
  const { minP = 0, temperature, topK = 1, topP = 1 } = settings
  if (!Number.isFinite(temperature) || temperature < 0) {
    return `the temperature is ${temperature}; use a finite number of 0 or more`
  }
  if (temperature > 0 && temperature < 1e-300) {
    return `the temperature is ${temperature}, too small to divide by; use 0 for greedy sampling`
  }
  if (!Number.isInteger(topK) || topK < 1) {
    return `topK is ${topK}; use a whole number of 1 or more`
  }
  // written so that NaN is refused
  if (!(topP > 0 && topP <= 1)) return `topP is ${topP}; use a number above 0, at most 1`
  if (!(minP >= 0 && minP < 1)) return `minP is ${minP}; use a number from 0 to below 1`
  return undefined
}
