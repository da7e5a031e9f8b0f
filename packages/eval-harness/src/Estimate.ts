/** A measured number together with its uncertainty. */
import * as Schema from "effect/Schema"

/**
 * - `value`: the measured number;
 * - `low`, `high`: its 95 % interval, `low <= value <= high`;
 * - `n`: how many things were measured. For a rate per dialogue the dialogues, for a rate per turn the
 *   turns, for `fix` the transitions. A number is never given without it.
 */
export const Estimate = Schema.Struct({
  value: Schema.Finite,
  low: Schema.Finite,
  high: Schema.Finite,
  n: Schema.Int
})
export type Estimate = typeof Estimate.Type

/** The ends of a 95 % interval. */
export interface Interval {
  readonly low: number
  readonly high: number
}

/**
 * Whether two intervals do not meet. Stronger than a test at 5 %: two 95 % intervals may overlap and
 * the difference still be significant (see `compareStudents`).
 */
export const isDisjoint = (a: Interval, b: Interval): boolean => a.high < b.low || b.high < a.low
