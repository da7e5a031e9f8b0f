/**
 * The laws of group-relative advantages as fast-check properties, for anybody's implementation.
 * Import it from `@sml/grpo-core/AdvantageLaws`; it needs `fast-check`, the rest of the package does
 * not.
 */
import * as fc from "fast-check"

/** What is tested: the returns of one group in, one advantage each out; refuses by throwing. */
export type AdvantageFunction = (returns: Float64Array) => ArrayLike<number>

/** The conventions that an implementation follows. */
export interface AdvantageLawOptions {
  /** ε that it adds to the standard deviation; default 1e-6. */
  readonly epsilon?: number
  /** Divisor `g` (`"population"`, the default) or `g − 1` (`"sample"`) in its standard deviation. */
  readonly std?: "population" | "sample"
  /** `"full"`: all finite doubles (default). `"moderate"`: returns between −1000 and 1000. */
  readonly range?: "full" | "moderate"
  /** Largest relative error; default 1e-9. */
  readonly tolerance?: number
}

/** One law: run it with `fc.assert(law.property)`. */
export interface AdvantageLaw {
  readonly name: string
  readonly property: fc.IProperty<unknown>
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0)

/** Standard deviation of moderate values. */
const deviation = (values: Float64Array, sample: boolean): number => {
  const mean = sum(values) / values.length
  const squares = values.map((value) => (value - mean) ** 2)
  return Math.sqrt(sum(squares) / (values.length - (sample ? 1 : 0)))
}

/** Whether the values are all one. */
const isConstant = (values: Float64Array): boolean => values.every((value) => value === values[0])

/** Multiples of 1/8, on which shifts and scalings by powers of two are exact. */
const eighths = fc.integer({ min: -8000, max: 8000 }).map((value) => value / 8)

const groupsOf = (
  value: fc.Arbitrary<number>,
  size: { readonly minLength: number; readonly maxLength: number }
): fc.Arbitrary<Float64Array> => fc.array(value, size).map((values) => Float64Array.from(values))

const small = { minLength: 2, maxLength: 16 }
const exactGroups = groupsOf(eighths, small)

/** Binary rewards, discounted returns, groups with ties, tiny and huge groups, and wide ranges. */
const anyGroups = (range: "full" | "moderate"): fc.Arbitrary<Float64Array> => {
  const wide =
    range === "full"
      ? fc.double({ noNaN: true, noDefaultInfinity: true })
      : fc.double({ min: -1000, max: 1000, noNaN: true }).filter((value) => !isTiny(value))
  return fc.oneof(
    groupsOf(fc.constantFrom(0, 1), small),
    groupsOf(fc.constantFrom(0, 1, 0.7, 0.7 ** 2, 0.7 ** 3), small),
    groupsOf(eighths, { minLength: 100, maxLength: 1000 }),
    exactGroups,
    groupsOf(wide, small),
    // ties among arbitrary values
    fc
      .array(wide, { minLength: 1, maxLength: 3 })
      .chain((values) => groupsOf(fc.constantFrom(...values), small))
  )
}

/** Squares of these vanish, which a moderate implementation need not stand. */
const isTiny = (value: number): boolean => value !== 0 && Math.abs(value) < 1e-6

/** `values` as multiples of their largest magnitude; the standard deviation of these; and ε in it. */
const scaledSpread = (values: Float64Array, sample: boolean) => {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const scaled = values.map((value) => (largest === 0 ? 0 : value / largest))
  return { largest, spread: deviation(scaled, sample) }
}

/** Throws unless `actual` is within `tolerance` of `expected`. */
const close = (actual: number, expected: number, tolerance: number, what: string): void => {
  const allowed = tolerance * Math.max(1, Math.abs(expected))
  if (!(Math.abs(actual - expected) <= allowed)) {
    throw new Error(`${what}: ${actual}, expected ${expected} within ${allowed}`)
  }
}

/** {@link close} for every member. */
const allClose = (
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number
): void => {
  close(actual.length, expected.length, 0, "number of advantages")
  for (let at = 0; at < expected.length; at++) {
    close(actual[at] ?? Number.NaN, expected[at] ?? Number.NaN, tolerance, `advantage ${at}`)
  }
}

const holds = (condition: boolean, what: string): void => {
  if (!condition) throw new Error(what)
}

const isRefused = (advantages: AdvantageFunction, returns: Float64Array): boolean => {
  try {
    advantages(returns)
  } catch {
    return true
  }
  return false
}

/** Each index of a group of `size`, in some order. */
const orders = (size: number): fc.Arbitrary<Array<number>> =>
  fc.shuffledSubarray(
    Array.from({ length: size }, (_, index) => index),
    { minLength: size, maxLength: size }
  )

/**
 * The properties that an advantage function `(r − mean) / (std + ε)` must have, by name. They cover
 * binary and discounted rewards, ties, groups of 2 to 1000 and, unless told otherwise, all finite
 * doubles.
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
  const { epsilon = 1e-6, range = "full", std = "population", tolerance = 1e-9 } = options
  const sample = std === "sample"
  const anyGroup = anyGroups(range)
  const of = (returns: Float64Array): Float64Array => Float64Array.from(advantages(returns))
  /** The factor between the advantages of two groups that differ in standard deviation alone. */
  const ratio = (from: number, to: number) => (from === 0 ? 0 : (from + epsilon) / (to + epsilon))

  return [
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
      name: "zero mean",
      property: fc.property(anyGroup, (group) => {
        const result = of(group)
        close(sum(result) / result.length, 0, tolerance * Math.sqrt(group.length), "mean")
      })
    },
    {
      name: "unit standard deviation up to epsilon",
      property: fc.property(anyGroup, (group) => {
        fc.pre(!isConstant(group))
        const { largest, spread } = scaledSpread(group, sample)
        // nearly equal returns: this reference loses its own digits
        fc.pre(spread > 1e-6)
        close(deviation(of(group), sample), spread / (spread + epsilon / largest), tolerance, "std")
      })
    },
    {
      name: "adding a constant changes nothing",
      property: fc.property(
        exactGroups,
        fc.integer({ min: -1_000_000, max: 1_000_000 }),
        (group, shift) => {
          allClose(of(group.map((value) => value + shift)), of(group), tolerance)
        }
      )
    },
    {
      name: "a positive factor changes nothing but the weight of epsilon",
      property: fc.property(
        exactGroups,
        fc.integer(range === "full" ? { min: -900, max: 900 } : { min: -10, max: 10 }),
        (group, exponent) => {
          const factor = 2 ** exponent
          const spread = deviation(group, sample)
          const change = spread === 0 ? 0 : (spread + epsilon) / (spread + epsilon / factor)
          const expected = of(group).map((value) => value * change)
          allClose(of(group.map((value) => value * factor)), expected, tolerance)
        }
      )
    },
    {
      name: "negated returns give negated advantages",
      property: fc.property(anyGroup, (group) => {
        const expected = of(group).map((value) => -value)
        allClose(of(group.map((value) => -value)), expected, tolerance)
      })
    },
    {
      name: "permuted returns give permuted advantages",
      property: fc.property(
        anyGroup.chain((group) => fc.tuple(fc.constant(group), orders(group.length))),
        ([group, order]) => {
          const pick = (values: Float64Array) =>
            Float64Array.from(order, (index) => values[index] ?? Number.NaN)
          allClose(of(pick(group)), pick(of(group)), tolerance)
        }
      )
    },
    {
      name: "a better return never has a smaller advantage, and equal returns have equal ones",
      property: fc.property(anyGroup, (group) => {
        const result = of(group)
        const order = Array.from(group.keys()).toSorted(
          (left, right) => (group[left] ?? 0) - (group[right] ?? 0)
        )
        for (const [at, index] of order.slice(1).entries()) {
          const before = order[at] ?? 0
          const [low = 0, high = 0] = [result[before], result[index]]
          const tied = group[before] === group[index]
          holds(tied ? low === high : low <= high, `order of returns ${before} and ${index}`)
        }
      })
    },
    {
      name: "a better return has a larger advantage",
      property: fc.property(exactGroups, (group) => {
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
        const size = group.length
        const bound = sample ? (size - 1) / Math.sqrt(size) : Math.sqrt(size - 1)
        const largest = of(group).reduce((most, value) => Math.max(most, Math.abs(value)), 0)
        holds(largest <= bound * (1 + tolerance), `|advantage| ${largest} exceeds ${bound}`)
      })
    },
    {
      name: "equal returns give exactly zero",
      property: fc.property(
        range === "full" ? fc.double({ noNaN: true, noDefaultInfinity: true }) : eighths,
        fc.integer({ min: 2, max: 64 }),
        (value, size) => {
          const result = of(new Float64Array(size).fill(value))
          holds(
            result.every((advantage) => advantage === 0),
            "an advantage is not 0"
          )
        }
      )
    },
    {
      name: "repeating every return changes nothing but the divisor",
      property: fc.property(exactGroups, (group) => {
        const twice = Float64Array.of(...group, ...group)
        const once = of(group)
        const change = ratio(deviation(group, sample), deviation(twice, sample))
        const expected = Float64Array.of(...once, ...once).map((value) => value * change)
        allClose(of(twice), expected, tolerance)
      })
    },
    {
      name: "single precision agrees with double precision",
      property: fc.property(
        groupsOf(fc.double({ min: -1, max: 1, noNaN: true }), small),
        (group) => {
          fc.pre(deviation(group, sample) > 0.1)
          // rounding moves a return by 6e-8, an advantage by that over the standard deviation
          allClose(of(group.map(Math.fround)), of(group), Math.max(tolerance, 1e-5))
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
      property: fc.property(
        exactGroups,
        fc.nat(),
        fc.constantFrom(Number.NaN, Infinity, -Infinity),
        (group, at, value) => {
          holds(
            isRefused(advantages, group.with(at % group.length, value)),
            `${value} was accepted`
          )
        }
      )
    }
  ]
}
