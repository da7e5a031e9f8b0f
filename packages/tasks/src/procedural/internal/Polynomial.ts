/** Polynomials with integer coefficients, the highest power first. */

export type Polynomial = ReadonlyArray<number>

export const product = (left: Polynomial, right: Polynomial): Polynomial => {
  const result = Array.from({ length: left.length + right.length - 1 }, () => 0)
  for (const [row, a] of left.entries()) {
    for (const [column, b] of right.entries()) {
      result[row + column] = (result[row + column] ?? 0) + a * b
    }
  }
  return result
}

export const valueAt = (polynomial: Polynomial, x: number): number =>
  polynomial.reduce((value, coefficient) => value * x + coefficient, 0)

/** As it is written: `2x^3 - x + 4`. */
export const showPolynomial = (polynomial: Polynomial): string => {
  const terms = polynomial.flatMap((coefficient, index) => {
    if (coefficient === 0) return []
    const power = polynomial.length - 1 - index
    const size = Math.abs(coefficient)
    const factor = size === 1 && power > 0 ? "" : String(size)
    const sign = coefficient < 0 ? "-" : "+"
    return [`${sign} ${factor}${power === 0 ? "" : power === 1 ? "x" : `x^${power}`}`]
  })
  const text = terms.join(" ").replace(/^\+ /, "").replace(/^- /, "-")
  return text === "" ? "0" : text
}
