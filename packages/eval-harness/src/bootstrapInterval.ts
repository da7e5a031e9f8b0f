/** Intervals by resampling whole clusters (tasks), for numbers whose parts are not independent. */
import { uniformStream } from "@sml/env-pomdp"

import type { Interval } from "./Estimate.ts"
import { quantile } from "./internal/quantile.ts"
import type { Ratio } from "./Ratio.ts"

/** Settings of a bootstrap. */
export interface BootstrapOptions {
  /** Unsigned 32-bit integer; equal seeds give equal intervals. Default 0. */
  readonly seed?: number
  /** Number of resamples; default 2000. */
  readonly resamples?: number
}

/**
 * Which clusters each resample is made of: row `r` is `indices[r * clusters .. (r + 1) * clusters]`.
 * Draw it once and use it for every metric over the same clusters.
 */
export interface Resamples {
  readonly clusters: number
  readonly count: number
  readonly indices: Uint32Array
}

/** Draws `resamples` times `clusters` cluster numbers, with replacement. */
export const drawResamples = (clusters: number, options: BootstrapOptions = {}): Resamples => {
  const count = options.resamples ?? 2000
  if (!Number.isInteger(clusters) || clusters < 1 || !Number.isInteger(count) || count < 1) {
    throw new RangeError(`Cannot draw ${count} resamples of ${clusters} clusters.`)
  }
  const random = uniformStream(options.seed ?? 0)
  const indices = new Uint32Array(count * clusters)
  for (let i = 0; i < indices.length; i++) indices[i] = Math.floor(random() * clusters)
  return { clusters, count, indices }
}

/**
 * The 95 % percentile bootstrap interval of a ratio of sums over clusters: clusters are drawn with
 * replacement and kept whole, because the turns of one dialogue and the dialogues of one task depend
 * on each other. `undefined` without any occasion; resamples without one are left out.
 *
 * Source: B. Efron, R. Tibshirani, "An Introduction to the Bootstrap" (1993), chapters 8 and 13.
 *
 * @throws RangeError when `resamples` was drawn for another number of clusters.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { bootstrapInterval, drawResamples } from "@sml/eval-harness"
 *
 * // three tasks: 1 of 2, 0 of 3 and 4 of 4 wrong answers were put right at the next turn
 * const tasks = [
 *   { numerator: 1, denominator: 2 },
 *   { numerator: 0, denominator: 3 },
 *   { numerator: 4, denominator: 4 }
 * ]
 * assert.deepEqual(bootstrapInterval(tasks, drawResamples(3)), { low: 0, high: 1 })
 * ```
 */
export const bootstrapInterval = (
  clusters: ReadonlyArray<Ratio>,
  resamples: Resamples
): Interval | undefined => {
  if (resamples.clusters !== clusters.length) {
    throw new RangeError(
      `${clusters.length} clusters cannot be resampled with a draw for ${resamples.clusters}.`
    )
  }
  const numerators = Float64Array.from(clusters, (cluster) => cluster.numerator)
  const denominators = Float64Array.from(clusters, (cluster) => cluster.denominator)
  const values = new Float64Array(resamples.count)
  let kept = 0
  let at = 0
  for (let row = 0; row < resamples.count; row++) {
    let numerator = 0
    let denominator = 0
    for (const end = at + clusters.length; at < end; at++) {
      const index = resamples.indices[at] ?? 0
      numerator += numerators[index] ?? 0
      denominator += denominators[index] ?? 0
    }
    if (denominator > 0) values[kept++] = numerator / denominator
  }
  if (kept === 0) return undefined
  const sorted = values.subarray(0, kept).toSorted()
  return { low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) }
}
