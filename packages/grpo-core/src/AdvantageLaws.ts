/**
 * The laws of advantages within a group as fast-check properties, for anybody's implementation.
 * Import it from `@sml/grpo-core/AdvantageLaws`; it needs `fast-check`, the rest of the package does
 * not. Forms that normalise over a batch of groups have theirs in
 * `@sml/grpo-core/BatchAdvantageLaws`.
 */
import * as fc from "fast-check"

import type { AdvantageForm } from "./AdvantageForm.ts"
import {
  type AdvantageLaw,
  allClose,
  anyGroups,
  close,
  deviation,
  eighths,
  exactGroups,
  groupsOf,
  holds,
  holdsOrder,
  isConstant,
  isRefused,
  largestOf,
  notFinite,
  orders,
  picked,
  scaledSpread,
  small,
  sum
} from "./internal/lawTools.ts"

export type { AdvantageLaw } from "./internal/lawTools.ts"

/** What is tested: the returns of one group in, one advantage each out; refuses by throwing. */
export type AdvantageFunction = (returns: Float64Array) => ArrayLike<number>

/** The forms whose advantages depend on one group alone. */
export type GroupForm = Exclude<AdvantageForm["_tag"], "BatchStd" | "ReinforcePlusPlus">

/** The conventions that an implementation follows. */
export interface AdvantageLawOptions {
  /** Which form it is, see `AdvantageForm`; default `"GroupStd"`. */
  readonly form?: GroupForm
  /** ε that it adds to the divisor, where the form has one; default 1e-6. */
  readonly epsilon?: number
  /** Divisor `g` (`"population"`, the default) or `g − 1` (`"sample"`) in its standard deviation. */
  readonly std?: "population" | "sample"
  /**
   * `"full"`: all finite doubles (default; in forms that do not divide, those whose differences are
   * finite). `"moderate"`: returns between −1000 and 1000.
   */
  readonly range?: "full" | "moderate"
  /** Largest relative error; default 1e-9. */
  readonly tolerance?: number
}

/** What a form promises. */
interface Profile {
  /** What `r − mean` is divided by, besides ε; `undefined`: by nothing, scale is kept. */
  readonly divisor: ((group: Float64Array) => number) | undefined
  /** What `r − mean` is multiplied by in a group of `size`. */
  readonly factor: (size: number) => number
  readonly largest: (group: Float64Array) => number
  /** Whether the mean of the returns does not matter, nor their sign. */
  readonly centred: boolean
}

const range = (group: Float64Array): number =>
  // halves, so that the difference of the largest doubles is finite
  2 * (Math.max(...group.map((value) => value / 2)) - Math.min(...group.map((value) => value / 2)))

const unscaled = (): number => 1

const profiles: { readonly [F in GroupForm]: (sample: boolean) => Profile } = {
  GroupStd: (sample) => ({
    divisor: (group) => deviation(group, sample),
    factor: unscaled,
    largest: ({ length }) => (sample ? (length - 1) / Math.sqrt(length) : Math.sqrt(length - 1)),
    centred: true
  }),
  MeanCentred: () => ({
    divisor: undefined,
    factor: unscaled,
    largest: (group) => range(group) * (1 - 1 / group.length),
    centred: true
  }),
  LeaveOneOut: () => ({
    divisor: undefined,
    factor: (size) => size / (size - 1),
    largest: range,
    centred: true
  }),
  MeanNormalised: () => ({
    divisor: (group) => sum(group) / group.length,
    factor: unscaled,
    largest: ({ length }) => length - 1,
    centred: false
  })
}

/**
 * The properties that an advantage function of the given form must have, by name. They cover binary
 * and discounted rewards, ties, groups of 2 to 1000 and, unless told otherwise, all finite doubles.
 * Which ones there are depends on the form: only `GroupStd` has a unit standard deviation, only forms
 * that divide forget the scale of the rewards, and `MeanNormalised` refuses negative returns where the
 * others turn their sign.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import * as fc from "fast-check"
 * import { advantageLaws } from "@sml/grpo-core/AdvantageLaws"
 *
 * // a plausible implementation, with a common bug: a group of one gets 0 instead of a refusal
 * const mine = (returns: Float64Array) => {
 *   const mean = returns.reduce((sum, value) => sum + value, 0) / returns.length
 *   const squares = returns.map((value) => (value - mean) ** 2)
 *   const std = Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / returns.length)
 *   return returns.map((value) => (value - mean) / (std + 1e-6))
 * }
 * const broken = advantageLaws(mine, { range: "moderate" })
 *   .filter((law) => fc.check(law.property).failed)
 *   .map((law) => law.name)
 * assert.ok(broken.includes("a group of one is refused"))
 * assert.ok(broken.includes("non-finite returns are refused"))
 * ```
 */
export const advantageLaws = (
  advantages: AdvantageFunction,
  options: AdvantageLawOptions = {}
): ReadonlyArray<AdvantageLaw> => {
  const { epsilon = 1e-6, form = "GroupStd", std = "population", tolerance = 1e-9 } = options
  const moderate = options.range === "moderate"
  const sample = std === "sample"
  const { centred, divisor, factor, largest } = profiles[form](sample)
  const signed = (groups: fc.Arbitrary<Float64Array>) =>
    centred ? groups : groups.map((group) => group.map(Math.abs))
  const anyGroup = signed(
    anyGroups(moderate ? "moderate" : divisor === undefined ? "differences" : "full")
  )
  const exactGroup = signed(exactGroups)
  const of = (returns: Float64Array): Float64Array => Float64Array.from(advantages(returns))
  // advantages that keep the scale of the returns are compared in units of the largest
  const unitOf = (expected: ArrayLike<number>) =>
    divisor === undefined ? largestOf(expected) || 1 : 1
  const same = (actual: ArrayLike<number>, expected: ArrayLike<number>, within = tolerance) =>
    allClose(actual, expected, within, unitOf(expected))
  /** The factor between the advantages of two groups that differ in the divisor alone. */
  const ratio = (from: number, to: number) => (from === 0 ? 0 : (from + epsilon) / (to + epsilon))

  const laws: Array<AdvantageLaw> = [
    {
      name: "one finite advantage for every return",
      property: fc.property(anyGroup, (group) => {
        const result = of(group)
        holds(result.length === group.length, `${result.length} advantages of ${group.length}`)
        holds(result.every(Number.isFinite), "an advantage is not finite")
      })
    },
    {
      name: "the returns are left as they were",
      property: fc.property(anyGroup, (group) => {
        const copy = group.slice()
        of(group)
        holds(
          group.every((value, at) => Object.is(value, copy[at])),
          "a return was changed"
        )
      })
    },
    {
      name: "the formula, on moderate returns",
      property: fc.property(exactGroup, (group) => {
        const mean = sum(group) / group.length
        const below = divisor === undefined ? 1 : divisor(group) + epsilon
        const expected = group.map((value) =>
          isConstant(group) ? 0 : ((value - mean) * factor(group.length)) / below
        )
        same(of(group), expected)
      })
    },
    {
      name: "zero mean",
      property: fc.property(anyGroup, (group) => {
        const result = of(group)
        const unit = unitOf(result)
        const mean = sum(result.map((value) => value / unit)) / result.length
        close(mean, 0, tolerance * Math.sqrt(group.length), "mean")
      })
    },
    {
      name: "permuted returns give permuted advantages",
      property: fc.property(
        anyGroup.chain((group) => fc.tuple(fc.constant(group), orders(group.length))),
        ([group, order]) => {
          same(of(picked(group, order)), picked(of(group), order))
        }
      )
    },
    {
      name: "a better return never has a smaller advantage, and equal returns have equal ones",
      property: fc.property(anyGroup, (group) => {
        holdsOrder(group, of(group))
      })
    },
    {
      name: "a better return has a larger advantage",
      property: fc.property(exactGroup, (group) => {
        const result = of(group)
        const best = group.indexOf(Math.max(...group))
        const worst = group.indexOf(Math.min(...group))
        fc.pre(best !== worst)
        holds((result[best] ?? 0) > 0 && (result[worst] ?? 0) < 0, "sign of best and worst")
      })
    },
    {
      name: "bounded by the size of the group",
      property: fc.property(anyGroup, (group) => {
        const bound = largest(group)
        const found = largestOf(of(group))
        holds(found <= bound * (1 + tolerance), `|advantage| ${found} exceeds ${bound}`)
      })
    },
    {
      name: "equal returns give exactly zero",
      property: fc.property(
        moderate ? eighths : fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer({ min: 2, max: 64 }),
        (value, size) => {
          const result = of(new Float64Array(size).fill(centred ? value : Math.abs(value)))
          holds(
            result.every((advantage) => advantage === 0),
            "an advantage is not 0"
          )
        }
      )
    },
    {
      name: "repeating every return changes nothing but the divisor",
      property: fc.property(exactGroup, (group) => {
        const twice = Float64Array.of(...group, ...group)
        const once = of(group)
        const divided = divisor === undefined ? 1 : ratio(divisor(group), divisor(twice))
        const change = (divided * factor(twice.length)) / factor(group.length)
        const expected = Float64Array.of(...once, ...once).map((value) => value * change)
        same(of(twice), expected)
      })
    },
    {
      name: "single precision agrees with double precision",
      property: fc.property(
        signed(groupsOf(fc.double({ min: -1, max: 1, noNaN: true }), small)),
        (group) => {
          fc.pre(deviation(group, sample) > 0.1)
          // rounding moves a return by 6e-8, an advantage by that over the divisor
          same(of(group.map(Math.fround)), of(group), Math.max(tolerance, 1e-5))
        }
      )
    },
    {
      name: "a group of one is refused",
      property: fc.property(groupsOf(eighths, { minLength: 0, maxLength: 1 }), (group) => {
        holds(isRefused(advantages, group), `a group of ${group.length} was accepted`)
      })
    },
    {
      name: "non-finite returns are refused",
      property: fc.property(exactGroup, fc.nat(), notFinite, (group, at, value) => {
        const spoilt = group.with(at % group.length, value)
        holds(isRefused(advantages, spoilt), `${value} was accepted`)
      })
    },
    {
      name:
        divisor === undefined
          ? "a positive factor multiplies the advantages"
          : "a positive factor changes nothing but the weight of epsilon",
      property: fc.property(
        exactGroup,
        fc.integer(moderate ? { min: -10, max: 10 } : { min: -900, max: 900 }),
        (group, exponent) => {
          const scale = 2 ** exponent
          const below = divisor?.(group)
          const change =
            below === undefined
              ? scale
              : below === 0
                ? 0
                : (below + epsilon) / (below + epsilon / scale)
          const expected = of(group).map((value) => value * change)
          same(of(group.map((value) => value * scale)), expected)
        }
      )
    }
  ]
  if (centred) {
    laws.push(
      {
        name: "adding a constant changes nothing",
        property: fc.property(
          exactGroup,
          fc.integer({ min: -1_000_000, max: 1_000_000 }),
          (group, shift) => {
            same(of(group.map((value) => value + shift)), of(group))
          }
        )
      },
      {
        name: "negated returns give negated advantages",
        property: fc.property(anyGroup, (group) => {
          const expected = of(group).map((value) => -value)
          same(of(group.map((value) => -value)), expected)
        })
      }
    )
  } else {
    laws.push({
      name: "negative returns are refused",
      property: fc.property(
        exactGroup,
        fc.nat(),
        fc.integer({ min: 1, max: 8000 }),
        (group, at, size) => {
          const spoilt = group.with(at % group.length, -size / 8)
          holds(isRefused(advantages, spoilt), `${-size / 8} was accepted`)
        }
      )
    })
  }
  if (form === "GroupStd") {
    laws.push({
      name: "unit standard deviation up to epsilon",
      property: fc.property(anyGroup, (group) => {
        fc.pre(!isConstant(group))
        const { largest: scale, spread } = scaledSpread(group, sample)
        // nearly equal returns: this reference loses its own digits
        fc.pre(spread > 1e-6)
        close(deviation(of(group), sample), spread / (spread + epsilon / scale), tolerance, "std")
      })
    })
  }
  return laws
}
