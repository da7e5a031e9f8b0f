/** Group-relative advantages: how much better than its siblings each episode did. */
import * as Result from "effect/Result"

import { GroupTooSmall, NonFiniteReturn } from "./GroupError.ts"

/** Settings of the normalisation. */
export interface AdvantageOptions {
  /** ε, added to the standard deviation; finite and at least 0; default 1e-6. */
  readonly epsilon?: number
}

/** The advantages of one group, in the order of its returns. */
export interface GroupAdvantages {
  readonly advantages: Float64Array
  readonly mean: number
  /** Population standard deviation of the returns. */
  readonly std: number
  /** Whether all returns are equal, so that the group teaches nothing: every advantage is 0. */
  readonly degenerate: boolean
}

/** The largest power of two that is at most `value` (positive), within the range of doubles. */
const powerOfTwo = (value: number): number =>
  2 ** Math.max(-1074, Math.min(1023, Math.floor(Math.log2(value))))

/**
 * `A_i = (r_i − mean(r)) / (std(r) + ε)` over the returns of one group (GRPO, arXiv:2402.03300 §4.1.2;
 * arXiv:2602.16488 uses it over whole conversations).
 *
 * `std` is the *population* standard deviation (divisor `g`, not `g − 1`), so that repeating every
 * member leaves the advantages as they are, and `|A_i| ≤ √(g − 1)`. Exact to rounding over the whole
 * range of doubles: returns are scaled by a power of two and shifted before they are squared.
 *
 * Fails with {@link GroupTooSmall} below two members (whose advantage is undefined) and with
 * {@link NonFiniteReturn} on NaN and ±∞. Throws a `RangeError` if ε is negative or not finite.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { Result } from "effect"
 * import { groupAdvantages } from "@sml/grpo-core"
 *
 * const mixed = Result.getOrThrow(groupAdvantages([1, 0, 0, 1], { epsilon: 0 }))
 * assert.deepEqual([...mixed.advantages], [1, -1, -1, 1])
 *
 * const allGood = Result.getOrThrow(groupAdvantages([1, 1, 1, 1]))
 * assert.deepEqual([...allGood.advantages], [0, 0, 0, 0])
 * assert.ok(allGood.degenerate)
 *
 * assert.ok(Result.isFailure(groupAdvantages([1])))
 * ```
 */
export const groupAdvantages = (
  returns: ArrayLike<number>,
  options: AdvantageOptions = {}
): Result.Result<GroupAdvantages, GroupTooSmall | NonFiniteReturn> => {
  const { epsilon = 1e-6 } = options
  if (!Number.isFinite(epsilon) || epsilon < 0) {
    throw new RangeError(`groupAdvantages: epsilon is ${epsilon}, expected a finite number ≥ 0`)
  }
  const values = Float64Array.from(returns)
  const size = values.length
  if (size < 2) return Result.fail(new GroupTooSmall({ size }))
  const index = values.findIndex((value) => !Number.isFinite(value))
  if (index >= 0) {
    return Result.fail(new NonFiniteReturn({ index, value: values[index] ?? Number.NaN }))
  }

  const origin = values[0] ?? 0
  if (values.every((value) => value === origin)) {
    const advantages = new Float64Array(size)
    return Result.succeed({ advantages, mean: origin, std: 0, degenerate: true })
  }

  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const unit = powerOfTwo(largest)
  // distances from one member: exact where returns are close, in [−4, 4] whatever their size
  const start = origin / unit
  const shifted = values.map((value) => value / unit - start)
  const centre = average(shifted)
  const deviations = shifted.map((value) => value - centre)
  const spread = Math.sqrt(average(deviations.map((value) => value * value)))

  const std = Math.min(spread * unit, Number.MAX_VALUE)
  const relative = epsilon / unit
  const advantages = Number.isFinite(relative)
    ? deviations.map((value) => value / (spread + relative))
    : deviations.map((value) => (value * unit) / (std + epsilon))
  return Result.succeed({ advantages, mean: (start + centre) * unit, std, degenerate: false })
}

const average = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
