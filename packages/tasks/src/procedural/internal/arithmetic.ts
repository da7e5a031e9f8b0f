/** Arithmetic: sums, products, fractions, places, bases, times of day. */
import * as Schema from "effect/Schema"

import type { Random } from "../../Random.ts"
import { randomElement, randomInteger } from "../../Random.ts"
import { parseIntegers } from "./answerText.ts"
import type { DefinedGenerator } from "./defineGenerator.ts"
import { defineGenerator } from "./defineGenerator.ts"
import { numberOfDigits, repeated } from "./draws.ts"
import { add, equals, fraction, parseFraction, show } from "./Fraction.ts"

interface Expression {
  readonly text: string
  readonly value: number
  readonly isSum: boolean
}

const leaf = (value: number): Expression => ({ text: String(value), value, isSum: false })

const bracketed = ({ isSum, text }: Expression): string => (isSum ? `(${text})` : text)

// products stay small: one side of them is a single number below 13
const drawExpression = (random: Random, numbers: number): Expression => {
  if (numbers === 1) return leaf(randomInteger(random, 2, 99))
  const op = randomElement(random, ["+", "-", "*"] as const)
  if (op === "*") {
    const left = leaf(randomInteger(random, 2, 12))
    const right = drawExpression(random, numbers - 1)
    const text = `${left.text} * ${bracketed(right)}`
    return { text, value: left.value * right.value, isSum: false }
  }
  const count = randomInteger(random, 1, numbers - 1)
  const left = drawExpression(random, count)
  const right = drawExpression(random, numbers - count)
  const text = `${left.text} ${op} ${op === "-" ? bracketed(right) : right.text}`
  return {
    text,
    value: op === "+" ? left.value + right.value : left.value - right.value,
    isSum: true
  }
}

const integerExpression = defineGenerator({
  name: "integer-expression",
  topic: "arithmetic",
  description: "The value of an expression of integers with +, -, * and brackets",
  hints: ["Work out the brackets first, then the products, then sums and differences in order."],
  instance: Schema.Struct({ expression: Schema.String, value: Schema.Int }),
  draw: (random, difficulty) => {
    const { text, value } = drawExpression(random, difficulty + 1)
    return { expression: text, value }
  },
  statement: ({ expression }) => `What is the value of ${expression}?`,
  form: "the number",
  solve: ({ value }) => String(value),
  size: ({ expression }) => expression.match(/\d+/g)?.length ?? 0
})

const Terms = Schema.Array(Schema.Struct({ numerator: Schema.Int, denominator: Schema.Int }))

const fractionSum = defineGenerator({
  name: "fraction-sum",
  topic: "arithmetic",
  description: "A sum of fractions in lowest terms",
  hints: ["Bring the fractions to a common denominator, add, and divide by the common factors."],
  instance: Schema.Struct({ terms: Terms }),
  draw: (random, difficulty) => ({
    terms: repeated(difficulty + 1, (index) => ({
      numerator: randomInteger(random, 1, 19) * (index > 0 && random() < 0.4 ? -1 : 1),
      denominator: randomInteger(random, 2, 8 + difficulty)
    }))
  }),
  statement: ({ terms }) =>
    `Add up: ${terms
      .map(({ denominator, numerator }, index) => {
        const sign = numerator < 0 ? "- " : index === 0 ? "" : "+ "
        return `${sign}${Math.abs(numerator)}/${denominator}`
      })
      .join(" ")}`,
  form: "the sum as a fraction in lowest terms, or as a whole number",
  canonical: ({ terms }) =>
    `fraction-sum ${terms
      .map(({ denominator, numerator }) => `${numerator}/${denominator}`)
      .toSorted()
      .join(" ")}`,
  solve: ({ terms }) =>
    show(
      terms
        .map(({ denominator, numerator }) => fraction(numerator, denominator))
        .reduce(add, fraction(0))
    ),
  size: ({ terms }) => terms.length
})

const decimalSum = defineGenerator({
  name: "decimal-sum",
  topic: "arithmetic",
  description: "A sum of decimal numbers with many places",
  hints: ["Write the numbers below one another with their decimal points in one column."],
  instance: Schema.Struct({ terms: Schema.Array(Schema.String) }),
  draw: (random, difficulty) => {
    const places = 1 + Math.ceil(difficulty / 2)
    return {
      terms: repeated(2 + Math.floor(difficulty / 2), (index) => {
        const digits = String(numberOfDigits(random, places + 2))
        const sign = index > 0 && random() < 0.4 ? "-" : ""
        return `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`
      })
    }
  },
  statement: ({ terms }) => `Add up: ${terms.join(" + ").replaceAll("+ -", "- ")}`,
  form: "the exact decimal number",
  canonical: ({ terms }) => `decimal-sum ${terms.toSorted().join(" ")}`,
  solve: ({ terms }) => {
    const scale = Math.max(...terms.map((term) => term.length - term.indexOf(".") - 1))
    const total = terms
      .map((term) => parseFraction(term) ?? fraction(0))
      .map(({ denominator, numerator }) => (numerator * 10n ** BigInt(scale)) / denominator)
      .reduce((sum, term) => sum + term, 0n)
    const digits = String(total < 0n ? -total : total).padStart(scale + 1, "0")
    return `${total < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
  },
  size: ({ terms }) => terms.join("").replaceAll(/\D/g, "").length,
  // every place counts; a verifier of mathematics forgives the last of many
  verify: ({ terms }, answer) => {
    const given = parseFraction(answer)
    const sum = terms.map((term) => parseFraction(term) ?? fraction(0)).reduce(add, fraction(0))
    return given !== undefined && equals(given, sum)
  }
})

const Pair = Schema.Struct({ left: Schema.Int, right: Schema.Int })

const longMultiplication = defineGenerator({
  name: "long-multiplication",
  topic: "arithmetic",
  description: "A product of two integers of many digits",
  hints: ["Multiply by one digit at a time and add the shifted rows."],
  instance: Pair,
  draw: (random, difficulty) => ({
    left: numberOfDigits(random, 2 + Math.floor(difficulty / 2)),
    right: numberOfDigits(random, 1 + Math.ceil(difficulty / 2))
  }),
  statement: ({ left, right }) => `What is ${left} * ${right}?`,
  form: "the product",
  canonical: ({ left, right }) =>
    `long-multiplication ${Math.min(left, right)} ${Math.max(left, right)}`,
  solve: ({ left, right }) => String(BigInt(left) * BigInt(right)),
  size: ({ left, right }) => `${left}${right}`.length
})

const longDivision = defineGenerator({
  name: "long-division",
  topic: "arithmetic",
  description: "Quotient and remainder of two integers",
  hints: ["Bring down one digit at a time; the remainder is smaller than the divisor."],
  instance: Pair,
  draw: (random, difficulty) => ({
    left: numberOfDigits(random, difficulty + 2),
    right: numberOfDigits(random, 1 + Math.floor(difficulty / 3))
  }),
  statement: ({ left, right }) => `Divide ${left} by ${right}, with a remainder.`,
  form: "the quotient and the remainder, as two integers with a comma between them",
  solve: ({ left, right }) => `${Math.floor(left / right)}, ${left % right}`,
  size: ({ left, right }) => `${left}${right}`.length,
  verify: ({ left, right }, answer) => {
    const [quotient, remainder, ...more] =
      parseIntegers(answer.replaceAll(/remainder|rem|r/gi, ",").replaceAll(/,\s*,/g, ",")) ?? []
    return more.length === 0 && quotient === Math.floor(left / right) && remainder === left % right
  }
})

const baseConversion = defineGenerator({
  name: "base-conversion",
  topic: "arithmetic",
  description: "An integer written in another base",
  hints: ["Divide by the new base again and again; the remainders are the digits, last one first."],
  instance: Schema.Struct({ digits: Schema.String, from: Schema.Int, to: Schema.Int }),
  draw: (random, difficulty) => {
    const from = randomInteger(random, 2, 16)
    const other = randomInteger(random, 2, 15)
    const value = numberOfDigits(random, difficulty + 2)
    return { digits: value.toString(from), from, to: other < from ? other : other + 1 }
  },
  statement: ({ digits, from, to }) =>
    `The number ${digits} is written in base ${from}. Write it in base ${to}; digits above nine are a, b, c, d, e, f.`,
  form: `the digits alone`,
  solve: ({ digits, from, to }) => Number.parseInt(digits, from).toString(to),
  size: ({ digits, from }) => String(Number.parseInt(digits, from)).length,
  verify: ({ digits, from, to }, answer) =>
    answer.toLowerCase().replace(/^0+(?=.)/, "") === Number.parseInt(digits, from).toString(to)
})

const clock = (minutes: number): string =>
  [Math.floor(minutes / 60) % 24, minutes % 60]
    .map((part) => String(part).padStart(2, "0"))
    .join(":")

const clockTime = defineGenerator({
  name: "clock-time",
  topic: "arithmetic",
  description: "The time of day after a list of durations",
  hints: [
    "Add the minutes first; every sixty of them are an hour; after midnight the hours begin again."
  ],
  instance: Schema.Struct({ start: Schema.Int, durations: Schema.Array(Schema.Int) }),
  draw: (random, difficulty) => ({
    start: randomInteger(random, 0, 24 * 60 - 1),
    durations: repeated(difficulty, () => randomInteger(random, 3, 500))
  }),
  statement: ({ durations, start }) =>
    `A train leaves at ${clock(start)}. The stages of its journey take ${durations
      .map((minutes) => `${Math.floor(minutes / 60)} h ${minutes % 60} min`)
      .join(", ")}. What time is it when it arrives?`,
  form: "the time of a 24-hour clock as HH:MM",
  solve: ({ durations, start }) =>
    clock(durations.reduce((total, minutes) => total + minutes, start)),
  size: ({ durations }) => durations.length,
  verify: ({ durations, start }, answer) => {
    const [, hours, minutes] = /^(\d{1,2}):(\d{2})$/.exec(answer) ?? []
    const right = durations.reduce((total, duration) => total + duration, start) % (24 * 60)
    return minutes !== undefined && Number(hours) * 60 + Number(minutes) === right
  }
})

export const arithmetic: ReadonlyArray<DefinedGenerator> = [
  integerExpression,
  fractionSum,
  decimalSum,
  longMultiplication,
  longDivision,
  baseConversion,
  clockTime
]
