/** Drawing a token from logits, as a pure function of the logits, the settings and a number. */
import { filterDistribution, type Logits, type TokenDistribution } from "./filterDistribution.ts"
import type { SamplingSettings } from "./SamplingSettings.ts"

/**
 * A number in [0, 1) with 53 random bits that depends on nothing but its two arguments: each draw of
 * a completion has its own, whoever else is sampled beside it. Both are taken modulo 2³². Two rounds
 * of the 32-bit finaliser of MurmurHash3 (Appleby 2011) per half.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { uniformAt } from "@sml/policy"
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

/**
 * A drawn token, its log-probability in nats under the distribution that it was drawn from, and
 * that under `softmax(logits)`.
 */
export interface Draw {
  id: number
  logprob: number
  rawLogprob: number
}

/**
 * Draws from the distribution of `settings` (see {@link filterDistribution}) by inverting its
 * distribution function, in the order of ids, at `uniform` (in [0, 1)), in float64: a larger
 * `uniform` never draws a smaller id. Temperature 0 takes the first largest logit, whatever the
 * filters, and reports its log-probability at temperature 1. The logits are `size` numbers of
 * `logits` from `offset` on; `scratch` is overwritten, `draw` receives the result. Returns whether
 * all logits were finite; if not, `draw` is meaningless.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { sampleToken, tokenDistribution } from "@sml/policy"
 *
 * const draw = { id: 0, logprob: 0, rawLogprob: 0 }
 * const logits = Float32Array.of(0, 2, 1)
 * sampleToken(logits, 0, 3, { temperature: 1, topK: 1 }, 0.5, tokenDistribution(3), draw)
 * assert.equal(draw.id, 1)
 * assert.equal(draw.logprob, 0)
 * assert.ok(draw.rawLogprob < 0)
 * ```
 */
export const sampleToken = (
  logits: Logits,
  offset: number,
  size: number,
  settings: SamplingSettings,
  uniform: number,
  scratch: TokenDistribution,
  draw: Draw
): boolean => {
  if (!filterDistribution(logits, offset, size, settings, scratch)) return false
  const { best, count, filtered, ids, largest, rawTotal, total, weights } = scratch
  const { temperature } = settings
  let id = best
  if (temperature > 0) {
    // the last token with any weight takes what rounding leaves over
    let rest = uniform * total
    for (let i = 0; i < count; i++) {
      const weight = weights[i] ?? 0
      if (weight > 0) id = i
      rest -= weight
      if (rest < 0) break
    }
    if (filtered) id = ids[id] ?? 0
  }
  const below = (logits[offset + id] ?? 0) - largest
  const scale = temperature > 0 ? 1 / temperature : 1
  draw.id = id
  draw.logprob = below * scale - Math.log(total)
  draw.rawLogprob = below - Math.log(rawTotal)
  return true
}
