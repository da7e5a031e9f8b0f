/** Differences between students with 95 % intervals, over seeds and tasks. */
import { uniformStream } from "@sml/env-pomdp"
import type { Interval } from "@sml/eval-harness"
import { wilsonInterval } from "@sml/eval-harness"

import type { TaskRatios } from "./Cell.ts"

/** A metric of one arm, times a number; `seeds` holds what was measured with each seed. */
export interface ContrastTerm {
  readonly coefficient: number
  readonly seeds: ReadonlyArray<TaskRatios>
}

/**
 * `value` with its 95 % interval, the value of every seed by itself, and the number of tasks in all
 * (`n`).
 */
export interface Contrast {
  readonly value: number
  readonly low: number
  readonly high: number
  readonly seeds: ReadonlyArray<number>
  readonly n: number
}

/** Differences as small as this are rounding. */
const dust = 1e-9

/** Number of resamples. */
const resamples = 2000

/** Source of the resamples; the same for everything, so that results are functions of the data. */
const bootstrapSeed = 0xb007

/** One resample: which seeds, and which tasks of each. */
interface Draws {
  /** Seed of every slot, `resamples · seeds` of them. */
  readonly seeds: Uint8Array
  /** Tasks of the slots, one slot after the other. */
  readonly tasks: Uint32Array
}

const known = new Map<string, Draws>()

/** Seeds with replacement, then for each the tasks of that seed with replacement. */
const drawsFor = (sizes: ReadonlyArray<number>): Draws => {
  const key = sizes.join()
  const found = known.get(key)
  if (found !== undefined) return found
  const uniform = uniformStream(bootstrapSeed)
  const seeds = new Uint8Array(resamples * sizes.length)
  for (let slot = 0; slot < seeds.length; slot++) seeds[slot] = Math.floor(uniform() * sizes.length)
  const tasks = new Uint32Array(seeds.reduce((sum, seed) => sum + (sizes[seed] ?? 0), 0))
  let at = 0
  for (const seed of seeds) {
    const size = sizes[seed] ?? 0
    for (let task = 0; task < size; task++) tasks[at++] = Math.floor(uniform() * size)
  }
  const draws = { seeds, tasks }
  known.set(key, draws)
  return draws
}

const ratioOf = ({ denominators, numerators }: TaskRatios): readonly [number, number] => {
  let over = 0
  let under = 0
  for (let task = 0; task < numerators.length; task++) {
    over += numerators[task] ?? 0
    under += denominators[task] ?? 0
  }
  return [over, under]
}

const valueOf = (terms: ReadonlyArray<ContrastTerm>, seed?: number): number => {
  let total = 0
  for (const { coefficient, seeds } of terms) {
    let over = 0
    let under = 0
    for (const [index, ratios] of seeds.entries()) {
      if (seed !== undefined && index !== seed) continue
      const [numerator, denominator] = ratioOf(ratios)
      over += numerator
      under += denominator
    }
    total += (coefficient * over) / under
  }
  return total
}

/** Quantile of a sorted list by linear interpolation. */
const quantile = (sorted: Float64Array, share: number): number => {
  const place = (sorted.length - 1) * share
  const below = Math.floor(place)
  const low = sorted[below] ?? 0
  return low + (place - below) * ((sorted[below + 1] ?? low) - low)
}

/**
 * The interval where no task differs from another: as many tasks as Wilson's interval allows for none in
 * `n` may be otherwise, as far as terms that are rates can go. A value out of their range is none of
 * rates and keeps its point.
 */
const cautious = (value: number, terms: ReadonlyArray<ContrastTerm>, n: number): Interval => {
  const doubt = wilsonInterval(0, n).high
  const end = (pick: (a: number, b: number) => number) =>
    terms.reduce((sum, { coefficient }) => sum + pick(coefficient, 0), 0)
  return {
    low: value - doubt * Math.max(0, value - end(Math.min)),
    high: value + doubt * Math.max(0, end(Math.max) - value)
  }
}

/**
 * The sum of the terms and its 95 % interval: the percentile bootstrap that draws seeds and, for each
 * of them, tasks. Terms are paired: a task is drawn for all of them or for none. With one seed it is
 * the bootstrap over tasks. `undefined` where a term has no occasion, or the terms are not about the
 * same seeds and tasks.
 *
 * Where no resample differs (nobody ever did it, say) the interval is not a point: Wilson's interval
 * says how many tasks may be otherwise.
 */
export const contrast = (terms: ReadonlyArray<ContrastTerm>): Contrast | undefined => {
  const [first] = terms
  if (first === undefined || first.seeds.length === 0) return undefined
  const sizes = first.seeds.map(({ numerators }) => numerators.length)
  const alike = terms.every(
    ({ seeds }) =>
      seeds.length === sizes.length &&
      seeds.every(({ numerators }, index) => numerators.length === sizes[index])
  )
  if (!alike) return undefined
  const value = valueOf(terms)
  if (!Number.isFinite(value)) return undefined

  const { seeds: slots, tasks } = drawsFor(sizes)
  const drawn: Array<number> = []
  let start = 0
  for (let row = 0; row < resamples; row++) {
    let total = 0
    let end = start
    for (const { coefficient, seeds } of terms) {
      let over = 0
      let under = 0
      let at = start
      for (let slot = row * sizes.length; slot < (row + 1) * sizes.length; slot++) {
        const seed = slots[slot] ?? 0
        const ratios = seeds[seed]
        const size = sizes[seed] ?? 0
        if (ratios === undefined) continue
        for (const last = at + size; at < last; at++) {
          const task = tasks[at] ?? 0
          over += ratios.numerators[task] ?? 0
          under += ratios.denominators[task] ?? 0
        }
      }
      end = at
      total += (coefficient * over) / under
    }
    start = end
    if (Number.isFinite(total)) drawn.push(total)
  }
  const sorted = Float64Array.from(drawn).toSorted()
  const n = sizes.reduce((sum, size) => sum + size, 0)
  const spread = { low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) }
  const { high, low } = spread.high - spread.low < dust ? cautious(value, terms, n) : spread
  return {
    value,
    low: Math.min(low, value),
    high: Math.max(high, value),
    seeds: sizes.map((_, seed) => valueOf(terms, seed)),
    n
  }
}
