/** Algebra: equations, systems, polynomials, sequences. */
import * as Schema from "effect/Schema"

import { randomInteger } from "../../Random.ts"
import { parseIntegers, parsePairs } from "./answerText.ts"
import type { DefinedGenerator } from "./defineGenerator.ts"
import { defineGenerator } from "./defineGenerator.ts"
import { drawUntil, nonZero, repeated } from "./draws.ts"
import { elementAt } from "./elementAt.ts"
import { add, equals, fraction, multiply, parseFraction, show } from "./Fraction.ts"
import { product, showPolynomial, valueAt } from "./Polynomial.ts"

const Integers = Schema.Array(Schema.Int)

/** The terms of one side, as they stand: `+ 3x`, `- 7`. */
const side = (terms: ReadonlyArray<{ readonly x: boolean; readonly value: number }>): string =>
  terms
    .map(({ value, x }, index) => {
      const sign = value < 0 ? (index === 0 ? "-" : "- ") : index === 0 ? "" : "+ "
      const size = Math.abs(value)
      return `${sign}${x ? (size === 1 ? "x" : `${size}x`) : size}`
    })
    .join(" ")

const LinearTerms = Schema.Array(Schema.Struct({ x: Schema.Boolean, value: Schema.Int }))

const linearEquation = defineGenerator({
  name: "linear-equation",
  topic: "algebra",
  description: "An equation in x with terms on both sides",
  hints: ["Bring all terms with x to one side and all numbers to the other, then divide."],
  instance: Schema.Struct({ left: LinearTerms, right: LinearTerms }),
  draw: (random, difficulty) =>
    drawUntil(
      () => {
        const terms = repeated(difficulty + 3, (index) => ({
          x: index === 0 || (index > 2 && random() < 0.5),
          value: nonZero(random, 9 + difficulty * 4)
        }))
        const [first, second, third, ...more] = terms
        const cut = Math.floor(more.length / 2)
        return {
          left: [first, second, ...more.slice(0, cut)].filter((term) => term !== undefined),
          right: [third, ...more.slice(cut)].filter((term) => term !== undefined)
        }
      },
      ({ left, right }) => {
        const slope = (terms: typeof left) =>
          terms.reduce((sum, { value, x }) => (x ? sum + value : sum), 0)
        return slope(left) !== slope(right)
      }
    ),
  statement: ({ left, right }) => `Solve for x: ${side(left)} = ${side(right)}`,
  form: "x as an integer or as a fraction in lowest terms",
  solve: ({ left, right }) => {
    const all = [...left, ...right.map(({ value, x }) => ({ x, value: -value }))]
    const slope = all.reduce((sum, { value, x }) => (x ? sum + value : sum), 0)
    const rest = all.reduce((sum, { value, x }) => (x ? sum : sum + value), 0)
    return show(fraction(-rest, slope))
  },
  size: ({ left, right }) => left.length + right.length
})

const unknowns = ["x", "y", "z", "u", "v", "w"]

const determinant = (rows: ReadonlyArray<ReadonlyArray<number>>): number =>
  rows.length === 1
    ? (rows[0]?.[0] ?? 0)
    : (rows[0] ?? []).reduce((sum, factor, column) => {
        const minor = rows.slice(1).map((row) => row.filter((_, other) => other !== column))
        return sum + (column % 2 === 0 ? factor : -factor) * determinant(minor)
      }, 0)

const linearSystem = defineGenerator({
  name: "linear-system",
  topic: "algebra",
  description: "A system of linear equations with one integer solution",
  hints: ["Add multiples of one equation to the others so that one unknown after another is gone."],
  instance: Schema.Struct({ rows: Schema.Array(Integers), totals: Integers, solution: Integers }),
  draw: (random, difficulty) => {
    const count = 1 + Math.ceil(difficulty / 2)
    const rows = drawUntil(
      () => repeated(count, () => repeated(count, () => nonZero(random, 3 + difficulty))),
      (candidate) => determinant(candidate) !== 0
    )
    const solution = repeated(count, () => randomInteger(random, -9, 9))
    const totals = rows.map((row) =>
      row.reduce((sum, factor, column) => sum + factor * elementAt(solution, column), 0)
    )
    return { rows, totals, solution }
  },
  statement: ({ rows, totals }) =>
    `Solve this system of equations:\n${rows
      .map((row, index) => {
        const left = row
          .map((factor, column) => {
            const sign = factor < 0 ? (column === 0 ? "-" : "- ") : column === 0 ? "" : "+ "
            return `${sign}${Math.abs(factor)}${elementAt(unknowns, column)}`
          })
          .join(" ")
        return `${left} = ${elementAt(totals, index)}`
      })
      .join("\n")}`,
  form: "all unknowns, as in: x = 1, y = 2",
  solve: ({ solution }) =>
    solution.map((value, index) => `${elementAt(unknowns, index)} = ${value}`).join(", "),
  size: ({ rows }) => rows.length,
  verify: ({ rows, totals }, answer) => {
    const pairs = parsePairs(answer)
    if (pairs === undefined || pairs.size !== rows.length) return false
    const values = rows.map((_, column) =>
      parseFraction(pairs.get(elementAt(unknowns, column)) ?? "")
    )
    return rows.every((row, index) => {
      const sum = row.reduce((total, factor, column) => {
        const value = values[column]
        if (total === undefined || value === undefined) return undefined
        return add(total, multiply(fraction(factor), value))
      }, parseFraction("0"))
      return sum !== undefined && equals(sum, fraction(elementAt(totals, index)))
    })
  }
})

const polynomialRoot = defineGenerator({
  name: "polynomial-root",
  topic: "algebra",
  description: "Any root of a polynomial whose roots are integers",
  hints: ["A root divides the constant term; try its divisors, of both signs."],
  instance: Schema.Struct({ coefficients: Integers, root: Schema.Int }),
  draw: (random, difficulty) => {
    const degree = 1 + Math.ceil(difficulty / 2)
    const roots = repeated(degree, () => nonZero(random, 8 + difficulty))
    const scale = nonZero(random, 3)
    const coefficients = roots.map((root) => [1, -root]).reduce(product, [scale])
    return { coefficients, root: elementAt(roots, 0) }
  },
  statement: ({ coefficients }) =>
    `All roots of this equation are integers. Find any one of them: ${showPolynomial(coefficients)} = 0`,
  form: "one root, a number",
  solve: ({ root }) => String(root),
  size: ({ coefficients }) => coefficients.length - 1,
  verify: ({ coefficients }, answer) => {
    const x = parseFraction(answer.replace(/^x\s*=\s*/, ""))
    if (x === undefined) return false
    const value = coefficients.reduce(
      (sum, coefficient) => add(multiply(sum, x), fraction(coefficient)),
      fraction(0)
    )
    return equals(value, fraction(0))
  }
})

const polynomialProduct = defineGenerator({
  name: "polynomial-product",
  topic: "algebra",
  description: "The coefficients of a product of two polynomials",
  hints: ["Multiply every term of the one by every term of the other; collect equal powers."],
  instance: Schema.Struct({ left: Integers, right: Integers }),
  draw: (random, difficulty) => ({
    left: repeated(2 + Math.floor(difficulty / 2), () => nonZero(random, 9)),
    right: repeated(1 + Math.ceil(difficulty / 2), () => nonZero(random, 9))
  }),
  statement: ({ left, right }) => `Expand (${showPolynomial(left)}) * (${showPolynomial(right)}).`,
  form: "the coefficients from the highest power of x to the constant, zeros included, with commas between them",
  canonical: ({ left, right }) =>
    `polynomial-product ${[left.join(" "), right.join(" ")].toSorted().join(" | ")}`,
  solve: ({ left, right }) => product(left, right).join(", "),
  size: ({ left, right }) => left.length + right.length,
  verify: ({ left, right }, answer) =>
    parseIntegers(answer)?.join(" ") === product(left, right).join(" ")
})

const polynomialValue = defineGenerator({
  name: "polynomial-value",
  topic: "algebra",
  description: "The value of a polynomial at an integer",
  hints: ["Begin with the leading coefficient; multiply by x and add the next one, to the end."],
  instance: Schema.Struct({ coefficients: Integers, x: Schema.Int }),
  draw: (random, difficulty) => ({
    coefficients: repeated(difficulty + 1, () => nonZero(random, 12)),
    x: nonZero(random, 7)
  }),
  statement: ({ coefficients, x }) =>
    `What is the value of ${showPolynomial(coefficients)} at x = ${x}?`,
  form: "the number",
  solve: ({ coefficients, x }) => String(valueAt(coefficients, x)),
  size: ({ coefficients }) => coefficients.length - 1
})

const sequenceNext = defineGenerator({
  name: "sequence-next",
  topic: "algebra",
  description: "The next value of a polynomial of known degree",
  hints: ["Take differences of neighbours, and differences of these, until they are all the same."],
  instance: Schema.Struct({ terms: Integers, degree: Schema.Int, next: Schema.Int }),
  draw: (random, difficulty) => {
    const degree = 1 + Math.floor((difficulty - 1) / 2)
    const coefficients = [
      nonZero(random, 3 + difficulty),
      ...repeated(degree, () => randomInteger(random, -30, 30))
    ]
    const values = repeated(degree + 4, (index) => valueAt(coefficients, index + 1))
    return { terms: values.slice(0, -1), degree, next: elementAt(values, degree + 3) }
  },
  statement: ({ degree, terms }) =>
    `These are the values of a polynomial of degree ${degree} at 1, 2, 3, …: ${terms.join(", ")}. Which value comes next?`,
  form: "the next value",
  solve: ({ next }) => String(next),
  size: ({ degree }) => degree
})

export const algebra: ReadonlyArray<DefinedGenerator> = [
  linearEquation,
  linearSystem,
  polynomialRoot,
  polynomialProduct,
  polynomialValue,
  sequenceNext
]
