/** Two students on the same tasks. */
import type { Episode } from "@sml/env-pomdp"
import { uniformStream } from "@sml/env-pomdp"

import { type BootstrapOptions, drawResamples } from "./bootstrapInterval.ts"
import type { Estimate } from "./Estimate.ts"
import { quantile } from "./internal/quantile.ts"
import type { Ratio } from "./Ratio.ts"
import { sumRatios } from "./Ratio.ts"
import { groupByTask, measureEpisodes } from "./Summary.ts"
import type { AnyMetric } from "./TaskMetric.ts"

/** What the two students did on one task. */
export interface Pair {
  readonly before: Ratio
  readonly after: Ratio
}

/**
 * - `before`, `after`: the two values over the shared tasks;
 * - `difference`: after − before, with its 95 % bootstrap interval over tasks; `n` = tasks;
 * - `pValue`: two-sided, of the hypothesis that it does not matter which student is which;
 * - `exact`: whether all ways to exchange the students were tried, or a random sample of them.
 */
export interface Comparison {
  readonly before: number
  readonly after: number
  readonly difference: Estimate
  readonly pValue: number
  readonly exact: boolean
}

/** Settings of a comparison. */
export interface ComparisonOptions extends BootstrapOptions {
  /** Random exchanges to try when there are too many tasks to try all; default 9999. */
  readonly permutations?: number
}

/** Up to this many tasks all 2^n exchanges are tried. */
const EXACT_TASKS = 12

/**
 * Paired permutation test of two ratios of sums: under the hypothesis that the students are alike,
 * exchanging what they did on a task changes nothing, so the difference is compared with those after
 * exchanging every subset of tasks (or a seeded random sample of subsets, the observed one counted
 * in). Keeps the pairing by task and assumes no distribution. `undefined` when either student had no
 * occasion at all.
 *
 * Source: R. A. Fisher, "The Design of Experiments" (1935); B. Phipson, G. Smyth, "Permutation
 * p-values should never be zero" (2010) for the sampled case.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { comparePairs } from "@sml/eval-harness"
 *
 * // six tasks; the second student solves five that the first did not
 * const solved = (before: number, after: number) => ({
 *   before: { numerator: before, denominator: 1 },
 *   after: { numerator: after, denominator: 1 }
 * })
 * const result = comparePairs([...Array.from({ length: 5 }, () => solved(0, 1)), solved(1, 1)])
 * assert.equal(result?.pValue, 2 / 32)
 * assert.equal(result?.difference.n, 6)
 * ```
 */
export const comparePairs = (
  pairs: ReadonlyArray<Pair>,
  options: ComparisonOptions = {}
): Comparison | undefined => {
  const before = sumRatios(pairs.map((pair) => pair.before))
  const after = sumRatios(pairs.map((pair) => pair.after))
  if (before.denominator === 0 || after.denominator === 0) return undefined
  const low = before.numerator / before.denominator
  const high = after.numerator / after.denominator
  const value = high - low

  // sums that move from one student to the other when a task is exchanged
  const numerators = pairs.map((pair) => pair.after.numerator - pair.before.numerator)
  const denominators = pairs.map((pair) => pair.after.denominator - pair.before.denominator)
  const bound = Math.abs(value) - 1e-12
  let tried = 0
  let asLarge = 0
  const exchange = (isExchanged: (task: number) => boolean) => {
    let numerator = 0
    let denominator = 0
    for (let task = 0; task < pairs.length; task++) {
      if (!isExchanged(task)) continue
      numerator += numerators[task] ?? 0
      denominator += denominators[task] ?? 0
    }
    const first = before.denominator + denominator
    const second = after.denominator - denominator
    if (first === 0 || second === 0) return
    tried++
    const difference =
      (after.numerator - numerator) / second - (before.numerator + numerator) / first
    if (Math.abs(difference) >= bound) asLarge++
  }

  const exact = pairs.length <= EXACT_TASKS
  const seed = options.seed ?? 0
  if (exact) {
    for (let subset = 0; subset < 2 ** pairs.length; subset++) {
      exchange((task) => ((subset >> task) & 1) === 1)
    }
  } else {
    const random = uniformStream(seed)
    exchange(() => false)
    for (let i = options.permutations ?? 9999; i > 0; i--) exchange(() => random() < 0.5)
  }

  const draw = drawResamples(pairs.length, options)
  const differences: Array<number> = []
  for (let row = 0; row < draw.count; row++) {
    const sample = Array.from(
      draw.indices.subarray(row * pairs.length, (row + 1) * pairs.length),
      (index) => pairs[index]
    ).filter((pair) => pair !== undefined)
    const one = sumRatios(sample.map((pair) => pair.before))
    const two = sumRatios(sample.map((pair) => pair.after))
    if (one.denominator > 0 && two.denominator > 0) {
      differences.push(two.numerator / two.denominator - one.numerator / one.denominator)
    }
  }
  const sorted = Float64Array.from(differences).toSorted()
  return {
    before: low,
    after: high,
    difference: {
      value,
      low: sorted.length === 0 ? value : Math.min(value, quantile(sorted, 0.025)),
      high: sorted.length === 0 ? value : Math.max(value, quantile(sorted, 0.975)),
      n: pairs.length
    },
    pValue: asLarge / tried,
    exact
  }
}

/**
 * Compares two students by a metric on the tasks that both have episodes of; `undefined` when there is
 * nothing to compare.
 */
export const compareStudents = (
  before: ReadonlyArray<Episode>,
  after: ReadonlyArray<Episode>,
  metric: AnyMetric,
  options: ComparisonOptions = {}
): Comparison | undefined => {
  const second = groupByTask(after)
  const pairs = [...groupByTask(before)].flatMap(([task, episodes]) => {
    const others = second.get(task)
    return others === undefined
      ? []
      : [{ before: measureEpisodes(metric, episodes), after: measureEpisodes(metric, others) }]
  })
  return comparePairs(pairs, options)
}
