/** What the laws of advantages are written with. */
import * as fc from "fast-check"

/** One law: run it with `fc.assert(law.property)`. */
export interface AdvantageLaw {
  readonly name: string
  readonly property: fc.IProperty<unknown>
}

export const sum = (values: Float64Array): number =>
  values.reduce((total, value) => total + value, 0)

export const largestOf = (values: ArrayLike<number>): number =>
  Float64Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0)

/** Standard deviation of moderate values. */
export const deviation = (values: Float64Array, sample: boolean): number => {
  const mean = sum(values) / values.length
  const squares = values.map((value) => (value - mean) ** 2)
  return Math.sqrt(sum(squares) / (values.length - (sample ? 1 : 0)))
}

/** Whether the values are all one. */
export const isConstant = (values: Float64Array): boolean =>
  values.every((value) => value === values[0])

/** Multiples of 1/8, on which shifts and scalings by powers of two are exact. */
export const eighths = fc.integer({ min: -8000, max: 8000 }).map((value) => value / 8)

export interface Sizes {
  readonly minLength: number
  readonly maxLength: number
}

export const groupsOf = (value: fc.Arbitrary<number>, sizes: Sizes): fc.Arbitrary<Float64Array> =>
  fc.array(value, sizes).map((values) => Float64Array.from(values))

export const small: Sizes = { minLength: 2, maxLength: 16 }
export const exactGroups = groupsOf(eighths, small)

/** Squares of these vanish, which a moderate implementation need not stand. */
const isTiny = (value: number): boolean => value !== 0 && Math.abs(value) < 1e-6

/**
 * How large returns get: all finite doubles; those whose differences are doubles; or −1000 to 1000
 * without tiny ones.
 */
export type ReturnRange = "full" | "differences" | "moderate"

const widest = (range: ReturnRange): fc.Arbitrary<number> => {
  if (range === "full") return fc.double({ noNaN: true, noDefaultInfinity: true })
  if (range === "differences") {
    // subnormal numbers have no digits to spare for a mean
    return fc
      .double({ min: -(2 ** 1020), max: 2 ** 1020, noNaN: true })
      .filter((value) => value === 0 || Math.abs(value) > 2 ** -960)
  }
  return fc.double({ min: -1000, max: 1000, noNaN: true }).filter((value) => !isTiny(value))
}

/** Binary rewards, discounted returns, groups with ties, tiny and huge groups, and wide ranges. */
export const anyGroups = (range: ReturnRange): fc.Arbitrary<Float64Array> => {
  const wide = widest(range)
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

/** `values` as multiples of their largest magnitude, that magnitude, and their standard deviation. */
export const scaledSpread = (values: Float64Array, sample: boolean) => {
  const largest = largestOf(values)
  const scaled = values.map((value) => (largest === 0 ? 0 : value / largest))
  return { largest, spread: deviation(scaled, sample) }
}

/** Throws unless `actual` is within `tolerance`, relative to what is expected where that exceeds 1. */
export const close = (actual: number, expected: number, tolerance: number, what: string): void => {
  const allowed = tolerance * Math.max(1, Math.abs(expected))
  if (!(Math.abs(actual - expected) <= allowed)) {
    throw new Error(`${what}: ${actual}, expected ${expected} within ${allowed}`)
  }
}

/** {@link close} for every member, in `unit`s. */
export const allClose = (
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  unit = 1
): void => {
  close(actual.length, expected.length, 0, "number of advantages")
  for (let at = 0; at < expected.length; at++) {
    const [left = Number.NaN, right = Number.NaN] = [actual[at], expected[at]]
    close(left / unit, right / unit, tolerance, `advantage ${at}`)
  }
}

export const holds = (condition: boolean, what: string): void => {
  if (!condition) throw new Error(what)
}

/** Whether the function throws. */
export const isRefused = <A>(advantages: (returns: A) => unknown, returns: A): boolean => {
  try {
    advantages(returns)
  } catch {
    return true
  }
  return false
}

/** Each index of a group of `size`, in some order. */
export const orders = (size: number): fc.Arbitrary<Array<number>> =>
  fc.shuffledSubarray(
    Array.from({ length: size }, (_, index) => index),
    { minLength: size, maxLength: size }
  )

export const picked = (values: Float64Array, order: ReadonlyArray<number>): Float64Array =>
  Float64Array.from(order, (index) => values[index] ?? Number.NaN)

/** Throws where a better return has a smaller advantage, or an equal one a different. */
export const holdsOrder = (returns: Float64Array, advantages: ArrayLike<number>): void => {
  const order = Array.from(returns.keys()).toSorted(
    (left, right) => (returns[left] ?? 0) - (returns[right] ?? 0)
  )
  for (const [at, index] of order.slice(1).entries()) {
    const before = order[at] ?? 0
    const [low = 0, high = 0] = [advantages[before], advantages[index]]
    const tied = returns[before] === returns[index]
    holds(tied ? low === high : low <= high, `order of returns ${before} and ${index}`)
  }
}

export const notFinite = fc.constantFrom(Number.NaN, Infinity, -Infinity)
