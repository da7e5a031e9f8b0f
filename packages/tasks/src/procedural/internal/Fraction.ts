/** Exact rational numbers for the generators' own checks. */

export interface Fraction {
  readonly numerator: bigint
  /** Positive, without a common factor with the numerator. */
  readonly denominator: bigint
}

const gcd = (left: bigint, right: bigint): bigint => {
  let [a, b] = [left < 0n ? -left : left, right < 0n ? -right : right]
  while (b !== 0n) [a, b] = [b, a % b]
  return a
}

/** In lowest terms; the denominator is not zero. */
export const fraction = (
  numerator: bigint | number,
  denominator: bigint | number = 1
): Fraction => {
  const [p, q] = [BigInt(numerator), BigInt(denominator)]
  const divisor = gcd(p, q) * (q < 0n ? -1n : 1n)
  return { numerator: p / divisor, denominator: q / divisor }
}

export const add = (left: Fraction, right: Fraction): Fraction =>
  fraction(
    left.numerator * right.denominator + right.numerator * left.denominator,
    left.denominator * right.denominator
  )

export const multiply = (left: Fraction, right: Fraction): Fraction =>
  fraction(left.numerator * right.numerator, left.denominator * right.denominator)

export const equals = (left: Fraction, right: Fraction): boolean =>
  left.numerator === right.numerator && left.denominator === right.denominator

export const show = ({ denominator, numerator }: Fraction): string =>
  denominator === 1n ? String(numerator) : `${numerator}/${denominator}`

const decimal = /^([+-]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?$/

const parseDecimal = (text: string): Fraction | undefined => {
  const [, sign, whole, part = ""] = decimal.exec(text) ?? []
  if (whole === undefined || text.length > 400) return undefined
  const value = BigInt(whole.replaceAll(",", "") + part)
  return fraction(sign === "-" ? -value : value, 10n ** BigInt(part.length))
}

/** A decimal numeral, or a quotient of two of them; `undefined` for anything else. */
export const parseFraction = (text: string): Fraction | undefined => {
  const parts = text.replace("−", "-").replaceAll(/\s+/g, "").split("/")
  const [top, bottom = fraction(1)] = parts.map(parseDecimal)
  if (parts.length > 2 || top === undefined || parts.some((part) => part === "")) return undefined
  if (parts.length === 2 && parseDecimal(parts[1] ?? "") === undefined) return undefined
  if (bottom.numerator === 0n) return undefined
  return fraction(top.numerator * bottom.denominator, top.denominator * bottom.numerator)
}
