/** Drawing a token from logits, as a pure function of the logits, the temperature and a number. */

/**
 * A number in [0, 1) with 53 random bits that depends on nothing but its two arguments: each draw of
 * a completion has its own, whoever else is sampled beside it. Both are taken modulo 2³². Two rounds
 * of the 32-bit finaliser of MurmurHash3 (Appleby 2011) per half.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { uniformAt } from "@sml/policy-onnx"
 *
 * assert.equal(uniformAt(7, 0), uniformAt(7, 0))
 * assert.notEqual(uniformAt(7, 0), uniformAt(7, 1))
 * ```
 */
export const uniformAt = (seed: number, position: number): number => {
  const base = mix(mix(seed ^ 0x9e3779b9) + position)
  const high = mix(base ^ 0x85ebca6b) >>> 5
  const low = mix(base ^ 0xc2b2ae35) >>> 6
  return (high * 2 ** 26 + low) / 2 ** 53
}

const mix = (x: number): number => {
  let h = x | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** A drawn token and its log-probability in nats. */
export interface Draw {
  id: number
  logprob: number
}

/**
 * Draws from `softmax(logits / temperature)` by inverting its distribution function at `uniform`
 * (in [0, 1)), in float64. Temperature 0 takes the first largest logit and reports its
 * log-probability at temperature 1. The logits are `size` numbers of `logits` from `offset` on;
 * `weights` is scratch space of at least `size` numbers, `draw` receives the result. Returns whether
 * all logits were finite; if not, `draw` is meaningless.
 */
export const sampleToken = (
  logits: Float32Array,
  offset: number,
  size: number,
  temperature: number,
  uniform: number,
  weights: Float64Array,
  draw: Draw
): boolean => {
  let largest = -Infinity
  let best = 0
  for (let i = 0; i < size; i++) {
    const logit = logits[offset + i] ?? NaN
    if (!Number.isFinite(logit)) return false
    if (logit > largest) {
      largest = logit
      best = i
    }
  }
  const scale = temperature > 0 ? 1 / temperature : 1
  let total = 0
  for (let i = 0; i < size; i++) {
    const weight = Math.exp(((logits[offset + i] ?? 0) - largest) * scale)
    weights[i] = weight
    total += weight
  }
  let id = best
  if (temperature > 0) {
    // the last token with any weight takes what rounding leaves over
    let rest = uniform * total
    for (let i = 0; i < size; i++) {
      const weight = weights[i] ?? 0
      if (weight > 0) id = i
      rest -= weight
      if (rest < 0) break
    }
  }
  draw.id = id
  draw.logprob = ((logits[offset + id] ?? 0) - largest) * scale - Math.log(total)
  return true
}
