/** Exact rational numbers, as they are written in answers. */

/** `numerator / denominator`; the denominator is positive, the two need not be in lowest terms. */
export interface Rational {
  readonly numerator: bigint
  readonly denominator: bigint
}

/** Longer numerals are not read: the time to parse one grows faster than its length. */
const maximumLength = 1_000

const rational = (numerator: bigint, denominator: bigint): Rational | undefined =>
  denominator === 0n
    ? undefined
    : denominator < 0n
      ? { numerator: -numerator, denominator: -denominator }
      : { numerator, denominator }

/** `33`, `1,000`, `1 000`, `3 3` (one digit a word, as the nano language writes it), `.5`, `2.50`. */
const unsigned = /^(?:(\d+|\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+|\d(?: \d)*)(?:\.(\d+))?|\.(\d+))$/

const parseDecimal = (text: string): Rational | undefined => {
  const [, sign = "", body = ""] = /^([+-]?) ?(.*)$/.exec(text) ?? []
  const match = unsigned.exec(body)
  if (match === null) return undefined
  const whole = (match[1] ?? "0").replaceAll(/[, ]/g, "")
  const fraction = match[2] ?? match[3] ?? ""
  const magnitude = BigInt(whole + fraction)
  return rational(sign === "-" ? -magnitude : magnitude, 10n ** BigInt(fraction.length))
}

/**
 * Reads a whole text as one number: an integer, a decimal, `p/q` or `\frac{p}{q}`, with an optional
 * sign. `undefined` for anything else; nothing is ever skipped.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { parseRational } from "@sml/teacher-verifiers/nano"
 *
 * assert.deepEqual(parseRational("3 3"), { numerator: 33n, denominator: 1n })
 * assert.deepEqual(parseRational("-7/2"), { numerator: -7n, denominator: 2n })
 * assert.equal(parseRational("3 apples"), undefined)
 * ```
 */
export const parseRational = (text: string): Rational | undefined => {
  const trimmed = text.trim()
  if (trimmed.length > maximumLength) return undefined
  const [, sign = "", top, bottom] =
    /^([+-]?) ?\\[dt]?frac ?\{([^{}]*)\} ?\{([^{}]*)\}$/.exec(trimmed) ??
    /^()([^/]*)\/([^/]*)$/.exec(trimmed) ??
    []
  if (top === undefined || bottom === undefined) return parseDecimal(trimmed)
  const above = parseDecimal(top.trim())
  const below = parseDecimal(bottom.trim())
  if (above === undefined || below === undefined) return undefined
  const numerator = above.numerator * below.denominator
  return rational(sign === "-" ? -numerator : numerator, above.denominator * below.numerator)
}

/** -1, 0 or 1 as `left` is less than, equal to or greater than `right`. */
export const compareRationals = (left: Rational, right: Rational): -1 | 0 | 1 => {
  const difference = left.numerator * right.denominator - right.numerator * left.denominator
  return difference === 0n ? 0 : difference < 0n ? -1 : 1
}

/** Whether two rationals are the same number. */
export const equalRationals = (left: Rational, right: Rational): boolean =>
  compareRationals(left, right) === 0

const greatestCommonDivisor = (left: bigint, right: bigint): bigint => {
  let [a, b] = [left < 0n ? -left : left, right]
  while (b !== 0n) [a, b] = [b, a % b]
  return a
}

/** A rational in lowest terms: `33`, `-7/2`. */
export const showRational = ({ denominator, numerator }: Rational): string => {
  const divisor = greatestCommonDivisor(numerator, denominator)
  return denominator === divisor
    ? String(numerator / divisor)
    : `${numerator / divisor}/${denominator / divisor}`
}
