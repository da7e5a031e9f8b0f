/** Advantages of a batch of groups, in any of the forms. */
import * as Result from "effect/Result"

import type { AdvantageForm, ReinforcePlusPlus } from "./AdvantageForm.ts"
import { type GroupAdvantages, groupAdvantages, returnsFault } from "./groupAdvantages.ts"
import {
  AdvantageOverflow,
  type GroupTooSmall,
  NegativeReturn,
  type NonFiniteReturn
} from "./GroupError.ts"
import {
  divided,
  largestOf,
  type Moments,
  momentsOf,
  powerOfTwo,
  rootMeanSquare,
  stdFactor
} from "./internal/moments.ts"

/** What is wrong with returns that have no advantages; `index` counts within the group, from 0. */
export type AdvantageError = GroupTooSmall | NonFiniteReturn | NegativeReturn | AdvantageOverflow

/** A group and its moments. */
interface Measured {
  readonly values: Float64Array
  readonly moments: Moments
  readonly constant: boolean
}

const isConstant = (values: Float64Array): boolean => values.every((value) => value === values[0])

const measure = (values: Float64Array): Measured => ({
  values,
  moments: momentsOf(values),
  constant: isConstant(values)
})

const saturated = (value: number): number => Math.min(value, Number.MAX_VALUE)

/** A group with the given advantages, or with exact zeros. */
const group = (
  { constant, moments, values }: Measured,
  advantages: Float64Array | undefined
): GroupAdvantages => ({
  advantages: advantages ?? new Float64Array(values.length),
  mean: constant ? (values[0] ?? 0) : moments.centre * moments.unit,
  std: constant ? 0 : saturated(moments.spread * moments.unit),
  degenerate: advantages === undefined
})

const concatenated = (parts: ReadonlyArray<Float64Array>): Float64Array => {
  const all = new Float64Array(parts.reduce((total, part) => total + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** The power of two near the largest deviation of all groups from their means. */
const deviationUnit = (groups: ReadonlyArray<Measured>): number =>
  groups.reduce((most, { constant, moments }) => {
    if (constant) return most
    const own = Math.min(1, powerOfTwo(largestOf(moments.deviations)))
    return Math.max(most, own * moments.unit)
  }, Number.MIN_VALUE)

/** Deviations of a group from its mean, in `unit`s. */
const within = ({ constant, moments, values }: Measured, unit: number): Float64Array =>
  constant
    ? new Float64Array(values.length)
    : moments.deviations.map((value) => value * (moments.unit / unit))

/** `factor · (r − mean)`. */
const centred = (
  measured: Measured,
  factor: number,
  at: number
): Result.Result<GroupAdvantages, AdvantageOverflow> => {
  if (measured.constant) return Result.succeed(group(measured, undefined))
  const { deviations, unit } = measured.moments
  const advantages = deviations.map((value) => value * factor * unit)
  const index = advantages.findIndex((value) => !Number.isFinite(value))
  return index < 0
    ? Result.succeed(group(measured, advantages))
    : Result.fail(new AdvantageOverflow({ index, group: at }))
}

const overMean = (
  measured: Measured,
  epsilon: number,
  at: number
): Result.Result<GroupAdvantages, NegativeReturn> => {
  const { constant, moments, values } = measured
  const index = values.findIndex((value) => value < 0)
  if (index >= 0) {
    return Result.fail(new NegativeReturn({ index, value: values[index] ?? Number.NaN, group: at }))
  }
  const { centre, deviations, unit } = moments
  return Result.succeed(
    group(measured, constant ? undefined : divided(deviations, unit, centre, epsilon))
  )
}

const reinforcePlusPlus = (
  groups: ReadonlyArray<Measured>,
  { baseline, epsilon, std }: ReinforcePlusPlus
): ReadonlyArray<GroupAdvantages> => {
  const all = measure(concatenated(groups.map(({ values }) => values)))
  const unit = baseline === "group" ? deviationUnit(groups) : all.moments.unit
  const parts =
    baseline === "group"
      ? groups.map((one) => within(one, unit))
      : groups.map(({ values }, index) => {
          const from = groups
            .slice(0, index)
            .reduce((total, before) => total + before.values.length, 0)
          return all.moments.deviations.subarray(from, from + values.length)
        })
  // deviations from the group means have the mean 0 over the batch already
  const spread = baseline === "group" ? rootMeanSquare(concatenated(parts)) : all.moments.spread
  const scale = spread * stdFactor(std, all.values.length)
  return groups.map((one, index) => {
    const silent = baseline === "group" ? one.constant : all.constant
    const deviations = parts[index] ?? new Float64Array()
    return group(one, silent ? undefined : divided(deviations, unit, scale, epsilon))
  })
}

/**
 * The advantages of every group of a batch, in the order of the returns, in the form asked for; the
 * formula of each form and where it comes from are with {@link AdvantageForm}.
 *
 * Over the whole range of doubles: nothing overflows or vanishes on the way. Equal returns give
 * exactly 0 and are flagged (`degenerate`). Returns in single precision are computed in double.
 *
 * Fails with `GroupTooSmall` on a group of fewer than two (in every form: of one episode there is
 * nothing relative), with `NonFiniteReturn` on NaN and ±∞, with `NegativeReturn` where the form
 * divides by the mean, and with `AdvantageOverflow` where an undivided difference exceeds the largest
 * double. Throws a `RangeError` if ε is negative or not finite.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { Result } from "effect"
 * import { advantages } from "@sml/grpo-core"
 *
 * const batch = [[1, 0, 0, 1], [1, 0, 0, 0], [1, 1, 1, 1]]
 * const rounded = (form: Parameters<typeof advantages>[1]) =>
 *   Result.getOrThrow(advantages(batch, form)).map((group) =>
 *     [...group.advantages].map((value) => Math.round(100 * value) / 100)
 *   )
 * assert.deepEqual(rounded({ _tag: "LeaveOneOut" }), [
 *   [0.67, -0.67, -0.67, 0.67],
 *   [1, -0.33, -0.33, -0.33],
 *   [0, 0, 0, 0]
 * ])
 * assert.deepEqual(rounded({ _tag: "MeanNormalised", epsilon: 0 }), [
 *   [1, -1, -1, 1],
 *   [3, -1, -1, -1],
 *   [0, 0, 0, 0]
 * ])
 * ```
 */
export const advantages = (
  groups: ReadonlyArray<ArrayLike<number>>,
  form: AdvantageForm
): Result.Result<ReadonlyArray<GroupAdvantages>, AdvantageError> =>
  Result.gen(function* () {
    if ("epsilon" in form && !(Number.isFinite(form.epsilon) && form.epsilon >= 0)) {
      throw new RangeError(`advantages: epsilon is ${form.epsilon}, expected a finite number ≥ 0`)
    }
    const measured: Array<Measured> = []
    for (const [at, returns] of groups.entries()) {
      const values = Float64Array.from(returns)
      const fault = returnsFault(values, { group: at })
      if (fault !== undefined) return yield* Result.fail(fault)
      measured.push(measure(values))
    }
    if (measured.length === 0) return []
    if (form._tag === "ReinforcePlusPlus") return reinforcePlusPlus(measured, form)
    if (form._tag === "BatchStd") {
      const all = momentsOf(concatenated(measured.map(({ values }) => values)))
      const size = measured.reduce((total, { values }) => total + values.length, 0)
      const scale = all.spread * stdFactor(form.std, size)
      return measured.map((one) =>
        group(
          one,
          one.constant ? undefined : divided(within(one, all.unit), all.unit, scale, form.epsilon)
        )
      )
    }
    const result: Array<GroupAdvantages> = []
    for (const [at, one] of measured.entries()) {
      const size = one.values.length
      if (form._tag === "GroupStd") result.push(yield* groupAdvantages(one.values, form))
      else if (form._tag === "MeanCentred") result.push(yield* centred(one, 1, at))
      else if (form._tag === "LeaveOneOut") result.push(yield* centred(one, size / (size - 1), at))
      else result.push(yield* overMean(one, form.epsilon, at))
    }
    return result
  })
