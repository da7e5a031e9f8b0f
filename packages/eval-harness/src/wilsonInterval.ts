/** The interval of a rate. */
import type { Interval } from "./Estimate.ts"

/** The 97.5 % quantile of the standard normal distribution. */
const Z = 1.959963984540054

/**
 * Wilson's 95 % score interval of a rate of independent yes/no trials: unlike the textbook interval
 * it stays inside [0, 1], and has a width when there is no success or no failure. Without trials it
 * is [0, 1]. `successes` may be a fraction.
 *
 * Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
 * JASA 22 (1927).
 *
 * @throws RangeError unless 0 <= successes <= trials.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { wilsonInterval } from "@sml/eval-harness"
 *
 * const { low, high } = wilsonInterval(48, 100)
 * assert.deepEqual([low.toFixed(3), high.toFixed(3)], ["0.385", "0.577"])
 * ```
 */
export const wilsonInterval = (successes: number, trials: number): Interval => {
  if (!(successes >= 0 && successes <= trials && trials < Infinity)) {
    throw new RangeError(`${successes} successes of ${trials} trials is not a rate.`)
  }
  if (trials === 0) return { low: 0, high: 1 }
  const rate = successes / trials
  const square = (Z * Z) / trials
  const centre = rate + square / 2
  const half = Z * Math.sqrt((rate * (1 - rate) + square / 4) / trials)
  // the exact ends where rounding would miss them
  return {
    low: successes === 0 ? 0 : Math.max(0, (centre - half) / (1 + square)),
    high: successes === trials ? 1 : Math.min(1, (centre + half) / (1 + square))
  }
}
