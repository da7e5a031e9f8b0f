/** Number theory: divisors, congruences, sums of squares. */
import * as Schema from "effect/Schema"

import { randomElement, randomInteger } from "../../Random.ts"
import { parseIntegers } from "./answerText.ts"
import type { DefinedGenerator } from "./defineGenerator.ts"
import { defineGenerator } from "./defineGenerator.ts"
import { drawUntil, numberOfDigits, repeated, sampled } from "./draws.ts"
import { elementAt } from "./elementAt.ts"
import {
  bezout,
  greatestCommonDivisor,
  isPrime,
  modulo,
  power,
  smallestFactor
} from "./integers.ts"

const Pair = Schema.Struct({ a: Schema.Int, b: Schema.Int })

const commonDivisor = defineGenerator({
  name: "greatest-common-divisor",
  topic: "number theory",
  description: "The greatest common divisor of two integers",
  hints: ["Replace the larger number by its remainder on division by the smaller, to the end."],
  instance: Pair,
  draw: (random, difficulty) => {
    const digits = difficulty + 1
    const divisor = randomInteger(random, 2, Math.min(9999, 10 ** (digits - 1)))
    const multiple = () =>
      drawUntil(
        () => {
          const near = numberOfDigits(random, digits)
          return near - (near % divisor)
        },
        (value) => String(value).length === digits
      )
    const a = multiple()
    return { a, b: drawUntil(multiple, (b) => b !== a) }
  },
  statement: ({ a, b }) => `What is the greatest common divisor of ${a} and ${b}?`,
  form: "the number",
  canonical: ({ a, b }) => `greatest-common-divisor ${Math.min(a, b)} ${Math.max(a, b)}`,
  solve: ({ a, b }) => String(greatestCommonDivisor(a, b)),
  size: ({ a, b }) => `${a}${b}`.length
})

const primeFactor = defineGenerator({
  name: "prime-factor",
  topic: "number theory",
  description: "Any prime factor of a composite number",
  hints: ["Try the primes in order; a composite number has one that is at most its square root."],
  instance: Schema.Struct({ n: Schema.Int }),
  draw: (random, difficulty) => ({
    n: drawUntil(
      () => numberOfDigits(random, difficulty + 2),
      (n) => n % 2 !== 0 && n % 5 !== 0 && !isPrime(n)
    )
  }),
  statement: ({ n }) => `Find any prime factor of ${n}.`,
  form: "one prime factor",
  solve: ({ n }) => String(smallestFactor(n)),
  size: ({ n }) => String(n).length,
  verify: ({ n }, answer) => {
    const [factor, ...more] = parseIntegers(answer) ?? []
    return more.length === 0 && factor !== undefined && isPrime(factor) && n % factor === 0
  }
})

const modularInverse = defineGenerator({
  name: "modular-inverse",
  topic: "number theory",
  description: "Any inverse of an integer modulo another",
  hints: ["Run Euclid's algorithm on the two numbers and go back through its steps."],
  instance: Schema.Struct({ a: Schema.Int, modulus: Schema.Int }),
  draw: (random, difficulty) => {
    const modulus = drawUntil(
      () => numberOfDigits(random, difficulty + 1),
      (value) => value > 12
    )
    const a = drawUntil(
      () => Math.floor(2 + random() * (modulus - 3)),
      (value) => greatestCommonDivisor(value, modulus) === 1
    )
    return { a, modulus }
  },
  statement: ({ a, modulus }) =>
    `Find an integer x such that ${a} * x leaves the remainder 1 when it is divided by ${modulus}.`,
  form: "x",
  solve: ({ a, modulus }) => String(modulo(bezout(a, modulus)[0], BigInt(modulus))),
  size: ({ modulus }) => String(modulus).length,
  verify: ({ a, modulus }, answer) => {
    const [x, ...more] = parseIntegers(answer.replace(/^x\s*=\s*/, "")) ?? []
    if (x === undefined || more.length > 0) return false
    return modulo(BigInt(a) * BigInt(x), BigInt(modulus)) === 1n
  }
})

const modularPower = defineGenerator({
  name: "modular-power",
  topic: "number theory",
  description: "The remainder of a power",
  hints: [
    "Square again and again, keep remainders only, and multiply the squares that are needed."
  ],
  instance: Schema.Struct({ base: Schema.Int, exponent: Schema.Int, modulus: Schema.Int }),
  draw: (random, difficulty) => ({
    base: randomInteger(random, 2, 99),
    exponent: numberOfDigits(random, difficulty),
    modulus: randomInteger(random, 7, 99)
  }),
  statement: ({ base, exponent, modulus }) =>
    `What is the remainder of ${base}^${exponent} on division by ${modulus}?`,
  form: "the remainder",
  solve: ({ base, exponent, modulus }) => String(power(base, exponent, modulus)),
  size: ({ exponent }) => String(exponent).length
})

const bezoutPair = defineGenerator({
  name: "bezout-pair",
  topic: "number theory",
  description: "Integers x and y with a x + b y equal to the greatest common divisor",
  hints: ["Run Euclid's algorithm on the two numbers and go back through its steps."],
  instance: Pair,
  draw: (random, difficulty) => {
    const a = numberOfDigits(random, difficulty + 1)
    const b = drawUntil(
      () => numberOfDigits(random, difficulty + 1),
      (value) => value !== a
    )
    return { a, b }
  },
  statement: ({ a, b }) =>
    `Find integers x and y such that ${a} * x + ${b} * y is the greatest common divisor of ${a} and ${b}.`,
  form: "x and y, in this order, with a comma between them",
  solve: ({ a, b }) => bezout(a, b).join(", "),
  size: ({ a, b }) => `${a}${b}`.length,
  verify: ({ a, b }, answer) => {
    const [x, y, ...more] = parseIntegers(answer.replaceAll(/[xy]\s*=/g, "")) ?? []
    if (x === undefined || y === undefined || more.length > 0) return false
    const sum = BigInt(a) * BigInt(x) + BigInt(b) * BigInt(y)
    return sum === BigInt(greatestCommonDivisor(a, b))
  }
})

const smallPrimes = [3, 4, 5, 7, 11, 13, 17, 19, 23, 29, 31]

const chineseRemainder = defineGenerator({
  name: "chinese-remainder",
  topic: "number theory",
  description: "The smallest number with given remainders",
  hints: ["Take the numbers that satisfy the first condition; step through them by its divisor."],
  instance: Schema.Struct({
    moduli: Schema.Array(Schema.Int),
    remainders: Schema.Array(Schema.Int)
  }),
  draw: (random, difficulty) => {
    const moduli = sampled(random, smallPrimes, 2 + Math.floor(difficulty / 2))
    return { moduli, remainders: moduli.map((modulus) => randomInteger(random, 0, modulus - 1)) }
  },
  statement: ({ moduli, remainders }) =>
    `What is the smallest non-negative integer that leaves ${moduli
      .map(
        (modulus, index) =>
          `the remainder ${elementAt(remainders, index)} on division by ${modulus}`
      )
      .join(", ")}?`,
  form: "the number",
  canonical: ({ moduli, remainders }) =>
    `chinese-remainder ${moduli
      .map((modulus, index) => `${modulus}:${elementAt(remainders, index)}`)
      .toSorted()
      .join(" ")}`,
  solve: ({ moduli, remainders }) => {
    let [value, step] = [0n, 1n]
    for (const [index, modulus] of moduli.entries()) {
      while (modulo(value, BigInt(modulus)) !== BigInt(elementAt(remainders, index))) value += step
      step *= BigInt(modulus)
    }
    return String(value)
  },
  size: ({ moduli }) => moduli.length
})

const twoSquares = defineGenerator({
  name: "two-squares",
  topic: "number theory",
  description: "Any two integers whose squares add up to a given number",
  hints: ["Take away one square after another and look whether a square is left."],
  instance: Pair,
  draw: (random, difficulty) => {
    const bound = 20 * 2 ** difficulty
    const draw = () => randomInteger(random, bound / 2, bound - 1)
    return { a: draw(), b: draw() }
  },
  statement: ({ a, b }) => `Find two integers whose squares add up to ${a * a + b * b}.`,
  form: "the two integers with a comma between them",
  solve: ({ a, b }) => `${a}, ${b}`,
  size: ({ a, b }) => Math.floor(Math.log2(Math.max(a, b))),
  verify: ({ a, b }, answer) => {
    const [x, y, ...more] = parseIntegers(answer) ?? []
    if (x === undefined || y === undefined || more.length > 0) return false
    return BigInt(x) ** 2n + BigInt(y) ** 2n === BigInt(a) ** 2n + BigInt(b) ** 2n
  }
})

const divisorCount = defineGenerator({
  name: "divisor-count",
  topic: "number theory",
  description: "How many divisors a number has, of which the factors are small primes",
  hints: ["Split the number into primes; raise every exponent by one and multiply these."],
  instance: Schema.Struct({ n: Schema.Int, factors: Schema.Int }),
  draw: (random, difficulty) => {
    const factors = difficulty + 2
    const n = drawUntil(
      () =>
        repeated(factors, () => randomElement(random, [2, 3, 5, 7, 11, 13, 17, 19, 23])).reduce(
          (value, prime) => value * prime,
          1
        ),
      (value) => value < 1e13
    )
    return { n, factors }
  },
  statement: ({ n }) => `How many positive divisors does ${n} have, one and itself included?`,
  form: "the number of divisors",
  solve: ({ n }) => {
    let [count, rest] = [1, n]
    while (rest > 1) {
      const factor = smallestFactor(rest)
      let exponent = 0
      for (; rest % factor === 0; rest /= factor) exponent++
      count *= exponent + 1
    }
    return String(count)
  },
  size: ({ factors }) => factors
})

export const numberTheory: ReadonlyArray<DefinedGenerator> = [
  commonDivisor,
  primeFactor,
  modularInverse,
  modularPower,
  bezoutPair,
  chineseRemainder,
  twoSquares,
  divisorCount
]
