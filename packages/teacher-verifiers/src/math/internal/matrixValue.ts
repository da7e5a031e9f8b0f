/** Matrix arithmetic: sums, products, powers, transposes and determinants of small matrices. */
import type { Expression } from "./Expression.ts"
import { integerNode, mapChildren, negated, numberNode, some } from "./Expression.ts"
import { add, isInteger, multiply as multiplyFractions, zero } from "./Fraction.ts"
import type { Fuel } from "./Fuel.ts"
import { Undecidable } from "./Fuel.ts"

type Rows = ReadonlyArray<ReadonlyArray<Expression>>

export const hasMatrix = (e: Expression): boolean => some(e, (part) => part.t === "matrix")

const sum = (items: ReadonlyArray<Expression>): Expression => {
  let total = zero
  for (const item of items) {
    if (item.t !== "num" || item.decimals >= 0) return { t: "add", items }
    total = add(total, item.value)
  }
  return numberNode(total)
}

const times = (a: Expression, b: Expression): Expression =>
  a.t === "num" && b.t === "num" && a.decimals < 0 && b.decimals < 0
    ? numberNode(multiplyFractions(a.value, b.value))
    : { t: "mul", items: [a, b] }

/** Products of formulas grow with every factor: their size is paid for. */
const paid = (e: Expression, fuel: Fuel): Expression => {
  some(e, () => {
    fuel.spend(1)
    return false
  })
  return e
}

const mapRows = (rows: Rows, f: (e: Expression) => Expression): Rows =>
  rows.map((row) => row.map(f))

const multiply = (a: Rows, b: Rows, fuel: Fuel): Rows => {
  const width = b[0]?.length ?? 0
  if ((a[0]?.length ?? 0) !== b.length) throw new Undecidable("matrices that do not fit")
  return a.map((row) =>
    Array.from({ length: width }, (_, j) => {
      fuel.spend(2 * row.length)
      return paid(sum(row.map((e, k) => times(e, b[k]?.[j] ?? integerNode(0)))), fuel)
    })
  )
}

const determinant = (rows: Rows, fuel: Fuel): Expression => {
  const size = rows.length
  if (rows.some((row) => row.length !== size) || size > 6)
    throw new Undecidable("a determinant that is too large")
  fuel.spend(size * size)
  const first = rows[0]
  if (first === undefined) return integerNode(1)
  if (size === 1) return first[0] ?? integerNode(0)
  return sum(
    first.map((e, j) => {
      const minor = rows.slice(1).map((row) => row.filter((_, k) => k !== j))
      const part = times(e, determinant(minor, fuel))
      return j % 2 === 0 ? part : negated(part)
    })
  )
}

const rowsOf = (e: Expression): Rows | undefined => (e.t === "matrix" ? e.rows : undefined)

/** The expression with its matrix operations carried out; every matrix left stands at the top. */
export const matrixValue = (e: Expression, fuel: Fuel): Expression => {
  if (!hasMatrix(e)) return e
  fuel.spend(4)
  const inner = e.t === "matrix" ? e : mapChildren(e, (child) => matrixValue(child, fuel))
  switch (inner.t) {
    case "add": {
      const parts = inner.items.map(rowsOf)
      const first = parts[0]
      if (first === undefined || parts.some((rows) => rows === undefined)) return inner
      const shape = (rows: Rows | undefined) => `${rows?.length} ${rows?.[0]?.length}`
      if (parts.some((rows) => shape(rows) !== shape(first))) {
        throw new Undecidable("matrices that do not fit")
      }
      return {
        t: "matrix",
        rows: first.map((row, i) =>
          row.map((_, j) => {
            fuel.spend(parts.length)
            return sum(parts.map((rows) => rows?.[i]?.[j] ?? integerNode(0)))
          })
        )
      }
    }
    case "neg": {
      const rows = rowsOf(inner.a)
      return rows === undefined ? inner : { t: "matrix", rows: mapRows(rows, negated) }
    }
    case "mul": {
      let matrix: Rows | undefined
      const scalars: Array<Expression> = []
      for (const item of inner.items) {
        const rows = rowsOf(item)
        if (rows === undefined) scalars.push(item)
        else matrix = matrix === undefined ? rows : multiply(matrix, rows, fuel)
      }
      if (matrix === undefined) return inner
      if (scalars.length === 0) return { t: "matrix", rows: matrix }
      const factor: Expression =
        scalars.length === 1 && scalars[0] !== undefined ? scalars[0] : { t: "mul", items: scalars }
      return { t: "matrix", rows: mapRows(matrix, (cell) => times(factor, cell)) }
    }
    case "div": {
      const rows = rowsOf(inner.a)
      if (rows === undefined || hasMatrix(inner.b)) return inner
      return { t: "matrix", rows: mapRows(rows, (a) => ({ t: "div", a, b: inner.b })) }
    }
    case "pow": {
      const rows = rowsOf(inner.base)
      const { exponent } = inner
      if (rows === undefined) return inner
      if (exponent.t === "sym" && (exponent.name === "T" || exponent.name === "top")) {
        const width = rows[0]?.length ?? 0
        return {
          t: "matrix",
          rows: Array.from({ length: width }, (_, j) => rows.map((row) => row[j] ?? integerNode(0)))
        }
      }
      if (
        exponent.t === "num" &&
        isInteger(exponent.value) &&
        exponent.value.n >= 1n &&
        exponent.value.n <= 20n
      ) {
        let power = rows
        for (let k = 1n; k < exponent.value.n; k++) power = multiply(power, rows, fuel)
        return { t: "matrix", rows: power }
      }
      return inner
    }
    case "fn": {
      const [argument] = inner.args
      const rows = argument === undefined ? undefined : rowsOf(argument)
      return inner.name === "det" && rows !== undefined ? determinant(rows, fuel) : inner
    }
    default:
      return inner
  }
}
