/** From counts per task to a number with its interval. */
import type { BootstrapOptions, Resamples } from "./bootstrapInterval.ts"
import { bootstrapInterval, drawResamples } from "./bootstrapInterval.ts"
import type { Estimate, Interval } from "./Estimate.ts"
import type { Ratio } from "./Ratio.ts"
import { sumRatios } from "./Ratio.ts"
import { wilsonInterval } from "./wilsonInterval.ts"

/** Settings of {@link estimateRatio}. */
export interface EstimateOptions extends BootstrapOptions {
  /** Least and greatest possible value; default `[0, 1]`, a rate. */
  readonly range?: readonly [least: number, most: number]
  /** Resamples already drawn for these clusters; otherwise they are drawn from `seed`. */
  readonly draw?: Resamples
}

const isTrial = ({ denominator, numerator }: Ratio): boolean =>
  denominator === 0 || (denominator === 1 && (numerator === 0 || numerator === 1))

/** Treats every cluster as ONE trial: the most cautious thing to say of a number between two bounds. */
const cautiousInterval = (
  value: number,
  clusters: number,
  [least, most]: readonly [number, number]
): Interval => {
  const width = most - least
  // of a number without bounds there is nothing cautious to say
  if (width <= 0 || width === Infinity) return { low: value, high: value }
  const share = Math.min(1, Math.max(0, (value - least) / width))
  const { high, low } = wilsonInterval(share * clusters, clusters)
  return { low: least + low * width, high: least + high * width }
}

/**
 * A ratio of sums over clusters (tasks) with its 95 % interval and n, the sum of denominators;
 * `undefined` when n is 0.
 *
 * - Wilson where it is a rate and every cluster is at most one yes/no trial;
 * - else the bootstrap over clusters;
 * - else, where the bootstrap has no spread (all clusters alike, or only one), Wilson with every
 *   cluster as one trial, scaled to `range`: resampling identical clusters would claim certainty. A
 *   number without an upper bound (tokens) has no such scale and keeps the empty spread.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { estimateRatio } from "@sml/eval-harness"
 *
 * const never = Array.from({ length: 20 }, () => ({ numerator: 0, denominator: 3 }))
 * const estimate = estimateRatio(never)
 * assert.equal(estimate?.value, 0)
 * assert.equal(estimate?.n, 60)
 * assert.equal(estimate?.high.toFixed(2), "0.16")
 * ```
 */
export const estimateRatio = (
  clusters: ReadonlyArray<Ratio>,
  options: EstimateOptions = {}
): Estimate | undefined => {
  const { denominator: n, numerator } = sumRatios(clusters)
  if (n === 0) return undefined
  const value = numerator / n
  const range = options.range ?? [0, 1]
  if (range[0] === 0 && range[1] === 1 && clusters.every(isTrial)) {
    return { value, ...wilsonInterval(numerator, n), n }
  }
  const draw = options.draw ?? drawResamples(clusters.length, options)
  const spread = bootstrapInterval(clusters, draw)
  const used = clusters.filter((cluster) => cluster.denominator > 0).length
  const { high, low } =
    spread === undefined || spread.low === spread.high
      ? cautiousInterval(value, used, range)
      : spread
  return { value, low: Math.min(low, value), high: Math.max(high, value), n }
}
