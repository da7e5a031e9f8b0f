/**
 * One dimension of a shape: a number, a symbol such as `"B"`, or a polynomial over symbols in
 * canonical text form such as `"B*T"`, `"P+T"`, `"2*B*T-1"`. Two dimensions are known to be equal
 * exactly when their canonical forms are the same text.
 *
 * A symbol is a letter or `_` followed by letters, digits or `_`. Symbols that start with `?` are
 * made by the builder for dimensions that it cannot name.
 */
export type Dim = number | string

// a polynomial: monomial (sorted symbols joined by "*", "" for the constant term) -> coefficient
type Polynomial = ReadonlyMap<string, number>

const monomialPattern = /^(?:\d+|[A-Za-z_?][A-Za-z0-9_]*)(?:\*(?:\d+|[A-Za-z_?][A-Za-z0-9_]*))*$/

const parse = (dim: Dim): Polynomial | undefined => {
  if (typeof dim === "number") {
    return Number.isSafeInteger(dim) ? new Map([["", dim]]) : undefined
  }
  const polynomial = new Map<string, number>()
  const text = dim.trim().replace(/\s*([+*-])\s*/g, "$1")
  const terms = text.match(/[+-]?[^+-]+/g)
  if (terms === null || terms.join("") !== text) return undefined
  for (const term of terms) {
    const negative = term.startsWith("-")
    const body = negative || term.startsWith("+") ? term.slice(1) : term
    if (!monomialPattern.test(body)) return undefined
    let coefficient = negative ? -1 : 1
    const symbols: Array<string> = []
    for (const factor of body.split("*")) {
      if (/^\d+$/.test(factor)) coefficient *= Number(factor)
      else symbols.push(factor)
    }
    const monomial = symbols.toSorted().join("*")
    polynomial.set(monomial, (polynomial.get(monomial) ?? 0) + coefficient)
  }
  return polynomial
}

const print = (polynomial: Polynomial): Dim => {
  const terms = [...polynomial].filter(([, coefficient]) => coefficient !== 0)
  if (terms.length === 0) return 0
  const [only] = terms
  if (terms.length === 1 && only !== undefined && only[0] === "") return only[1]
  // the constant term last, positive terms first, then by name
  terms.sort(([a, x], [b, y]) =>
    a === "" ? 1 : b === "" ? -1 : x > 0 !== y > 0 ? (x > 0 ? -1 : 1) : a < b ? -1 : 1
  )
  return terms
    .map(([monomial, coefficient], index) => {
      const sign = coefficient < 0 ? "-" : index === 0 ? "" : "+"
      const size = Math.abs(coefficient)
      const factors = monomial === "" ? `${size}` : size === 1 ? monomial : `${size}*${monomial}`
      return sign + factors
    })
    .join("")
}

const polynomialOf = (dim: Dim): Polynomial => {
  const polynomial = parse(dim)
  if (polynomial === undefined) throw new RangeError(`"${dim}" is not a dimension`)
  return polynomial
}

const multiply = (a: Polynomial, b: Polynomial): Polynomial => {
  const result = new Map<string, number>()
  for (const [m, x] of a) {
    for (const [n, y] of b) {
      const symbols = [...(m === "" ? [] : m.split("*")), ...(n === "" ? [] : n.split("*"))]
      const monomial = symbols.toSorted().join("*")
      result.set(monomial, (result.get(monomial) ?? 0) + x * y)
    }
  }
  return result
}

/** The canonical form of a dimension, or `undefined` when the text is no dimension. */
export const canonicalDim = (dim: Dim): Dim | undefined => {
  const polynomial = parse(dim)
  return polynomial === undefined ? undefined : print(polynomial)
}

/** Whether a dimension is a single symbol. */
export const isSymbol = (dim: Dim): dim is string =>
  typeof dim === "string" && /^[A-Za-z_?][A-Za-z0-9_]*$/.test(dim)

/** The product of dimensions; of none, 1. */
export const productDim = (dims: Iterable<Dim>): Dim => {
  let result: Polynomial = new Map([["", 1]])
  for (const dim of dims) result = multiply(result, polynomialOf(dim))
  return print(result)
}

/** The sum of dimensions; of none, 0. */
export const sumDim = (dims: Iterable<Dim>): Dim => {
  const result = new Map<string, number>()
  for (const dim of dims) {
    for (const [monomial, coefficient] of polynomialOf(dim)) {
      result.set(monomial, (result.get(monomial) ?? 0) + coefficient)
    }
  }
  return print(result)
}

/** `a - b`. */
export const subtractDim = (a: Dim, b: Dim): Dim => sumDim([a, productDim([-1, b])])

/** `a / b` where the division is exact for every value of the symbols and `b` is one term, else
 * `undefined`. */
export const divideDim = (a: Dim, b: Dim): Dim | undefined => {
  if (a === b) return 1
  const divisor = [...polynomialOf(b)]
  const [first] = divisor
  if (divisor.length !== 1 || first === undefined || first[1] === 0) return undefined
  const [monomial, coefficient] = first
  const result = new Map<string, number>()
  for (const [term, size] of polynomialOf(a)) {
    if (size === 0) continue
    if (size % coefficient !== 0) return undefined
    const symbols = term === "" ? [] : term.split("*")
    for (const symbol of monomial === "" ? [] : monomial.split("*")) {
      const at = symbols.indexOf(symbol)
      if (at < 0) return undefined
      symbols.splice(at, 1)
    }
    result.set(symbols.join("*"), size / coefficient)
  }
  return print(result)
}

/** The terms of a dimension as `[coefficient, symbols]` pairs. */
export const termsOf = (dim: Dim): ReadonlyArray<readonly [number, ReadonlyArray<string>]> =>
  [...polynomialOf(dim)].map(([monomial, coefficient]) => [
    coefficient,
    monomial === "" ? [] : monomial.split("*")
  ])

/** The value of a dimension when the symbols have the given values; a missing symbol throws. */
export const evaluateDim = (dim: Dim, bindings: Readonly<Record<string, number>>): number => {
  let total = 0
  for (const [coefficient, symbols] of termsOf(dim)) {
    let product = coefficient
    for (const symbol of symbols) {
      const value = bindings[symbol]
      if (value === undefined) throw new RangeError(`the symbol ${symbol} has no value`)
      product *= value
    }
    total += product
  }
  return total
}
