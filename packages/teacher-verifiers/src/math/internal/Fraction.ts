/** Exact rational numbers over BigInt: lowest terms, positive denominator, bounded in size. */
import { Undecidable } from "./Fuel.ts"

export interface Fraction {
  readonly n: bigint
  readonly d: bigint
}

/** Larger numerators or denominators end the comparison. */
const maximumBits = 20_000
const limit = 1n << BigInt(maximumBits)

export const zero: Fraction = { n: 0n, d: 1n }
export const one: Fraction = { n: 1n, d: 1n }
export const minusOne: Fraction = { n: -1n, d: 1n }

const absolute = (value: bigint): bigint => (value < 0n ? -value : value)

/** The remainders of small numbers are found without BigInt. */
export const greatestCommonDivisor = (left: bigint, right: bigint): bigint => {
  let a = absolute(left)
  let b = absolute(right)
  while (b !== 0n) {
    if (a <= 0x1f_ffff_ffff_ffffn && b <= 0x1f_ffff_ffff_ffffn) {
      let x = Number(a)
      let y = Number(b)
      while (y !== 0) [x, y] = [y, x % y]
      return BigInt(x)
    }
    ;[a, b] = [b, a % b]
  }
  return a
}

/** `numerator / denominator`; the denominator must not be zero. */
export const fraction = (numerator: bigint, denominator: bigint = 1n): Fraction => {
  if (denominator === 0n) throw new Undecidable("a number is divided by zero")
  if (numerator > limit || numerator < -limit || denominator > limit || denominator < -limit) {
    throw new Undecidable("a number is too long")
  }
  if (denominator === 1n) return { n: numerator, d: 1n }
  const divisor = greatestCommonDivisor(numerator, denominator)
  const sign = denominator < 0n ? -1n : 1n
  return { n: (sign * numerator) / divisor, d: (sign * denominator) / divisor }
}

export const integer = (value: number): Fraction => ({ n: BigInt(value), d: 1n })

export const add = (a: Fraction, b: Fraction): Fraction =>
  a.d === 1n && b.d === 1n ? fraction(a.n + b.n) : fraction(a.n * b.d + b.n * a.d, a.d * b.d)

export const negate = (a: Fraction): Fraction => ({ n: -a.n, d: a.d })

export const subtract = (a: Fraction, b: Fraction): Fraction => add(a, negate(b))

export const multiply = (a: Fraction, b: Fraction): Fraction => fraction(a.n * b.n, a.d * b.d)

export const divide = (a: Fraction, b: Fraction): Fraction => fraction(a.n * b.d, a.d * b.n)

export const equals = (a: Fraction, b: Fraction): boolean => a.n === b.n && a.d === b.d

export const isZero = (a: Fraction): boolean => a.n === 0n

export const isInteger = (a: Fraction): boolean => a.d === 1n

export const compare = (a: Fraction, b: Fraction): number => {
  const difference = a.n * b.d - b.n * a.d
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

const small = 1n << 62n

/** What reducing a number of this size costs, in steps. */
export const weight = (a: Fraction): number => {
  if (a.n < small && a.n > -small && a.d < small) return 0
  const size = Math.max(bits(a.n), bits(a.d)) >> 5
  return 1 + ((size * size) >> 3)
}

const bits = (value: bigint): number => absolute(value).toString(16).length * 4

/** Whether `base ** exponent` stays inside the bound. */
export const canRaise = (base: Fraction, exponent: bigint): boolean => {
  if (exponent === 0n) return true
  if (isZero(base)) return exponent > 0n
  if (base.d === 1n && (base.n === 1n || base.n === -1n)) return true
  const size = absolute(exponent)
  return size <= 20_000n && Math.max(bits(base.n), bits(base.d)) * Number(size) <= maximumBits
}

/** `base ** exponent`; ask {@link canRaise} first. */
export const raise = (base: Fraction, exponent: bigint): Fraction => {
  if (exponent === 0n) return one
  if (base.d === 1n && base.n === 1n) return one
  if (base.d === 1n && base.n === -1n) return exponent % 2n === 0n ? one : minusOne
  return exponent > 0n
    ? { n: base.n ** exponent, d: base.d ** exponent }
    : fraction(base.d ** -exponent, base.n ** -exponent)
}

/** The nearest double; also of fractions whose parts are too long for one. */
export const toNumber = (a: Fraction): number => {
  const direct = Number(a.n) / Number(a.d)
  if (Number.isFinite(direct) && Math.abs(Number(a.d)) < 1e300) return direct
  const shift = BigInt(Math.max(0, Math.max(bits(a.n), bits(a.d)) - 900))
  const n = Number(a.n >> shift)
  const d = Number(a.d >> shift)
  return d === 0 ? (a.n < 0n ? -Infinity : Infinity) : n / d
}

/** Digits with an optional point, as an exact number. */
export const fromDigits = (digits: string): Fraction => {
  const point = digits.indexOf(".")
  if (point < 0) return fraction(BigInt(digits === "" ? "0" : digits))
  const places = digits.length - point - 1
  const all = digits.slice(0, point) + digits.slice(point + 1)
  return fraction(BigInt(all === "" ? "0" : all), 10n ** BigInt(places))
}

export const show = (a: Fraction): string => (a.d === 1n ? `${a.n}` : `${a.n}/${a.d}`)

/** Whether finitely many decimals write the number, and how many. */
export const decimalPlaces = (a: Fraction): number | undefined => {
  let rest = a.d
  let twos = 0
  let fives = 0
  while (rest % 2n === 0n) {
    rest /= 2n
    twos++
  }
  while (rest % 5n === 0n) {
    rest /= 5n
    fives++
  }
  return rest === 1n ? Math.max(twos, fives) : undefined
}
