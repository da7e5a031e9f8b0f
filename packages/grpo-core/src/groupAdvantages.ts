/** Group-relative advantages: how much better than its siblings each episode did. */
import * as Result from "effect/Result"

import type { StdConvention } from "./AdvantageForm.ts"
import { GroupTooSmall, NonFiniteReturn } from "./GroupError.ts"
import { divided, momentsOf, stdFactor } from "./internal/moments.ts"

/** Settings of the normalisation. */
export interface AdvantageOptions {
  /** ε, added to the standard deviation; finite and at least 0; default 1e-6. */
  readonly epsilon?: number
  /** Divisor of the standard deviation; default `"population"`. */
  readonly std?: StdConvention
}

/** The advantages of one group, in the order of its returns. */
export interface GroupAdvantages {
  readonly advantages: Float64Array
  readonly mean: number
  /** Standard deviation of the returns, in the convention asked for (population by default). */
  readonly std: number
  /**
   * Whether the group teaches nothing because all its returns are equal (in forms that compare over
   * the batch: because all of the batch are): every advantage is exactly 0.
   */
  readonly degenerate: boolean
}

/** What is wrong with the returns of one group, if anything; `place` says which one it is. */
export const returnsFault = (
  values: Float64Array,
  place: { readonly task?: string; readonly group?: number } = {}
): GroupTooSmall | NonFiniteReturn | undefined => {
  if (values.length < 2) return new GroupTooSmall({ size: values.length, ...place })
  const index = values.findIndex((value) => !Number.isFinite(value))
  return index < 0
    ? undefined
    : new NonFiniteReturn({ index, value: values[index] ?? Number.NaN, ...place })
}

/**
 * `A_i = (r_i − mean(r)) / (std(r) + ε)` over the returns of one group (GRPO, arXiv:2402.03300 §4.1.2;
 * arXiv:2602.16488 uses it over whole conversations). The other forms are in `advantages`.
 *
 * `std` is the *population* standard deviation (divisor `g`, not `g − 1`) unless told otherwise, so
 * that repeating every member leaves the advantages as they are, and `|A_i| ≤ √(g − 1)`. Exact to
 * rounding over the whole range of doubles: returns are scaled by a power of two and shifted before
 * they are squared.
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
  const { epsilon = 1e-6, std: convention = "population" } = options
  if (!Number.isFinite(epsilon) || epsilon < 0) {
    throw new RangeError(`groupAdvantages: epsilon is ${epsilon}, expected a finite number ≥ 0`)
  }
  const values = Float64Array.from(returns)
  const fault = returnsFault(values)
  if (fault !== undefined) return Result.fail(fault)
  const first = values[0] ?? 0
  if (values.every((value) => value === first)) {
    const advantages = new Float64Array(values.length)
    return Result.succeed({ advantages, mean: first, std: 0, degenerate: true })
  }
  const { centre, deviations, spread, unit } = momentsOf(values)
  const scale = spread * stdFactor(convention, values.length)
  return Result.succeed({
    advantages: divided(deviations, unit, scale, epsilon),
    mean: centre * unit,
    // of neighbouring subnormal returns it would round to 0, which stands for equal ones
    std: Math.min(Math.max(scale * unit, Number.MIN_VALUE), Number.MAX_VALUE),
    degenerate: false
  })
}
