/** The exact canonical form of an expression: a quotient of two polynomials in independent generators. */
import type { Expression } from "./Expression.ts"
import { integerNode, some, substitute } from "./Expression.ts"
import type { Fraction } from "./Fraction.ts"
import {
  add as addFractions,
  canRaise,
  compare,
  divide as divideFractions,
  equals,
  fraction,
  greatestCommonDivisor,
  integer,
  isInteger,
  isZero,
  minusOne,
  multiply as multiplyFractions,
  negate,
  one,
  raise,
  subtract,
  zero
} from "./Fraction.ts"
import { Undecidable } from "./Fuel.ts"
import type { Polynomial, PolynomialRing } from "./Polynomial.ts"
import { rationalValue } from "./Polynomial.ts"

/** `under` is never zero. */
export interface RationalForm {
  readonly over: Polynomial
  readonly under: Polynomial
}

const largestFactorial = 1000n

/** Sums and products of more terms are left as they stand. */
const longestSum = 2000

/** Trial divisors; what is left over beyond them is taken as it is. */
const trialLimit = 2000n

export class FormBuilder {
  readonly ring: PolynomialRing
  private readonly unit: Polynomial
  private boundNames = 0

  constructor(ring: PolynomialRing) {
    this.ring = ring
    this.unit = ring.constant(one)
  }

  rational(value: Fraction): RationalForm {
    return { over: this.ring.constant(value), under: this.unit }
  }

  private polynomial(over: Polynomial): RationalForm {
    return { over, under: this.unit }
  }

  private atom(key: string): RationalForm {
    return this.polynomial(this.ring.power(this.ring.generator(key, () => ({ kind: "atom" }))))
  }

  private imaginary(): Polynomial {
    return this.ring.power(this.ring.generator("i", () => ({ kind: "unit" })))
  }

  private prime(value: bigint, isProven: boolean): number {
    return this.ring.generator(`prime ${value}`, () => ({ kind: "prime", value, isProven }))
  }

  /** The value of a form that is a rational number. */
  value(form: RationalForm): Fraction | undefined {
    const over = rationalValue(form.over)
    const under = rationalValue(form.under)
    return over === undefined || under === undefined ? undefined : divideFractions(over, under)
  }

  key(form: RationalForm): string {
    return form.under === this.unit
      ? this.ring.key(form.over)
      : `(${this.ring.key(form.over)})/(${this.ring.key(form.under)})`
  }

  add(a: RationalForm, b: RationalForm): RationalForm {
    const { ring } = this
    if (a.under === b.under || ring.key(a.under) === ring.key(b.under)) {
      return { over: ring.add(a.over, b.over), under: a.under }
    }
    return {
      over: ring.add(ring.multiply(a.over, b.under), ring.multiply(b.over, a.under)),
      under: ring.multiply(a.under, b.under)
    }
  }

  multiply(a: RationalForm, b: RationalForm): RationalForm {
    const { ring } = this
    return {
      over: ring.multiply(a.over, b.over),
      under:
        a.under === this.unit
          ? b.under
          : b.under === this.unit
            ? a.under
            : ring.multiply(a.under, b.under)
    }
  }

  negate(a: RationalForm): RationalForm {
    return { over: this.ring.negate(a.over), under: a.under }
  }

  invert(a: RationalForm): RationalForm {
    const { ring } = this
    if (a.over.size === 0) throw new Undecidable("a division by zero")
    // a single term of numbers and radicals goes into the numerator
    if (a.over.size === 1) {
      for (const { coefficient, powers } of a.over.values()) {
        const isPlain = powers.every(([generator]) => {
          const kind = ring.generators[generator]?.kind
          return kind === "prime" || kind === "unit"
        })
        if (isPlain) {
          let inverse: Polynomial = ring.constant(divideFractions(one, coefficient))
          for (const [generator, n, d] of powers) {
            const found = ring.generators[generator]
            if (found?.kind === "prime") {
              const whole = Math.ceil(n / d)
              const base = fraction(found.value)
              if (!canRaise(base, BigInt(whole))) return { over: a.under, under: a.over }
              const rest = whole * d - n
              inverse = ring.scale(inverse, divideFractions(one, raise(base, BigInt(whole))))
              if (rest > 0) inverse = ring.multiply(inverse, ring.power(generator, rest, d))
            } else inverse = ring.negate(ring.multiply(inverse, this.imaginary()))
          }
          return { over: ring.multiply(a.under, inverse), under: this.unit }
        }
      }
    }
    return { over: a.under, under: a.over }
  }

  divide(a: RationalForm, b: RationalForm): RationalForm {
    return this.multiply(a, this.invert(b))
  }

  subtract(a: RationalForm, b: RationalForm): RationalForm {
    return this.add(a, this.negate(b))
  }

  /** Whether two forms are the same function. */
  equal(a: RationalForm, b: RationalForm): boolean {
    return this.difference(a, b).size === 0
  }

  /** The numerator of a − b. */
  difference(a: RationalForm, b: RationalForm): Polynomial {
    const { ring } = this
    if (a.under === b.under) return ring.add(a.over, ring.negate(b.over))
    return ring.add(ring.multiply(a.over, b.under), ring.negate(ring.multiply(b.over, a.under)))
  }

  /** Whether a polynomial that is not zero is known to be no zero in disguise. */
  isIndependent(p: Polynomial): boolean {
    let constants = ""
    for (const { powers } of p.values()) {
      for (const [generator] of powers) {
        const found = this.ring.generators[generator]
        if (found === undefined || found.kind === "atom" || found.kind === "base") return false
        if (found.kind === "prime" && !found.isProven) return false
        if (found.kind === "constant") {
          if (constants !== "" && constants !== found.name) return false
          constants = found.name
        }
      }
    }
    return true
  }

  raise(a: RationalForm, exponent: bigint): RationalForm {
    if (exponent < 0n) return this.raise(this.invert(a), -exponent)
    if (exponent === 0n) {
      // 0^0 is left undecided
      if (a.over.size === 0) throw new Undecidable("zero to the power of zero")
      return this.rational(one)
    }
    const value = this.value(a)
    if (value !== undefined && canRaise(value, exponent))
      return this.rational(raise(value, exponent))
    const count = Number(exponent)
    if (exponent > 1_000_000_000n) return this.atom(`power (${this.key(a)}) ${exponent}`)
    return {
      over: this.raisePolynomial(a.over, count),
      under: a.under === this.unit ? this.unit : this.raisePolynomial(a.under, count)
    }
  }

  private raisePolynomial(p: Polynomial, exponent: number): Polynomial {
    if (p.size === 1) {
      for (const { coefficient, powers } of p.values()) {
        if (!canRaise(coefficient, BigInt(exponent))) break
        let result = this.ring.constant(raise(coefficient, BigInt(exponent)))
        for (const [generator, n, d] of powers) {
          result = this.ring.multiply(
            result,
            this.ring.power(generator, ...lowest(n * exponent, d))
          )
        }
        return result
      }
    }
    // the number of terms of the expansion
    let terms = 1
    for (let i = 1; i < p.size && terms < 1e6; i++) terms = (terms * (exponent + i)) / i
    if (terms * exponent > 20_000) {
      return this.ring.power(
        this.ring.generator(`(${this.ring.key(p)})`, () => ({ kind: "atom" })),
        exponent
      )
    }
    return this.ring.raise(p, exponent)
  }

  /** The principal root; of a negative number under an odd root, the real one. */
  root(a: RationalForm, index: number): RationalForm {
    if (index === 1 || a.over.size === 0) return a
    const divisor = rationalValue(a.under)
    if (divisor === undefined) return this.atom(`root ${index} ${this.key(a)}`)
    const over = this.ring.scale(a.over, divideFractions(one, divisor))
    const value = rationalValue(over)
    if (value !== undefined) return this.polynomial(this.rootOfRational(value, index))
    if (over.size === 1) {
      for (const { coefficient, powers } of over.values()) {
        const isPositive = powers.every(([generator]) => {
          const kind = this.ring.generators[generator]?.kind
          return kind === "prime" || kind === "constant"
        })
        const [power] = powers
        const isLonePower =
          powers.length === 1 && power !== undefined && power[1] === 1 && coefficient.n > 0n
        const isVariable =
          isLonePower && ["variable", "atom"].includes(this.ring.generators[power[0]]?.kind ?? "")
        if (isPositive || isVariable) {
          let result = this.rootOfRational(coefficient, index)
          for (const [generator, n, d] of powers) {
            result = this.ring.multiply(result, this.ring.power(generator, ...lowest(n, d * index)))
          }
          return this.polynomial(result)
        }
      }
    }
    // the common positive factor goes outside
    const content = contentOf(over)
    const primitive = this.ring.scale(over, divideFractions(one, content))
    const generator = this.ring.generator(`base ${this.ring.key(primitive)}`, () => ({
      kind: "base",
      value: primitive
    }))
    return this.polynomial(
      this.ring.multiply(this.rootOfRational(content, index), this.ring.power(generator, 1, index))
    )
  }

  private rootOfRational(value: Fraction, index: number): Polynomial {
    const { ring } = this
    if (isZero(value)) return ring.constant(zero)
    if (value.n < 0n) {
      const positive = this.rootOfRational(negate(value), index)
      if (index % 2 === 1) return ring.negate(positive)
      if (index === 2) return ring.multiply(positive, this.imaginary())
      const generator = ring.generator(`base ${value.n}/${value.d}`, () => ({
        kind: "base",
        value: ring.constant(value)
      }))
      return ring.power(generator, 1, index)
    }
    let result: Polynomial = ring.constant(one)
    for (const [part, sign] of [
      [value.n, 1],
      [value.d, -1]
    ] as const) {
      for (const { count, isProven, prime } of this.factors(part)) {
        const exponent = sign * count
        // p^(e/k) with its whole part outside, which makes the rest positive
        const whole = Math.floor(exponent / index)
        const rest = exponent - whole * index
        const base = fraction(prime)
        if (!canRaise(base, BigInt(whole))) throw new Undecidable("a number is too long")
        result = ring.scale(result, raise(base, BigInt(whole)))
        if (rest > 0) {
          result = ring.multiply(
            result,
            ring.power(this.prime(prime, isProven), ...lowest(rest, index))
          )
        }
      }
    }
    return result
  }

  private factors(
    value: bigint
  ): ReadonlyArray<{ readonly prime: bigint; readonly count: number; readonly isProven: boolean }> {
    const found: Array<{ prime: bigint; count: number; isProven: boolean }> = []
    let rest = value
    const size = rest.toString(16).length
    for (let p = 2n; p <= trialLimit && p * p <= rest; p += p === 2n ? 1n : 2n) {
      this.ring.fuel.spend(1 + (size >> 5))
      let count = 0
      while (rest % p === 0n) {
        rest /= p
        count++
        this.ring.fuel.spend(1 + (size >> 4))
      }
      if (count > 0) found.push({ prime: p, count, isProven: true })
    }
    if (rest === 1n) return found
    const square = integerRoot(rest)
    if (square * square === rest) {
      const isProven = square <= trialLimit * trialLimit
      return [...found, { prime: square, count: 2, isProven }]
    }
    return [...found, { prime: rest, count: 1, isProven: rest <= trialLimit * trialLimit }]
  }

  form(e: Expression): RationalForm {
    const { ring } = this
    ring.fuel.spend(1)
    switch (e.t) {
      case "num":
        return this.rational(e.value)
      case "sym":
        return this.polynomial(
          ring.power(ring.generator(`var ${e.name}`, () => ({ kind: "variable" })))
        )
      case "const":
        if (e.name === "i") return this.polynomial(this.imaginary())
        if (e.name === "inf") return this.atom("inf")
        return this.polynomial(
          ring.power(ring.generator(e.name, () => ({ kind: "constant", name: e.name })))
        )
      case "add": {
        let sum = this.rational(zero)
        for (const item of e.items) sum = this.add(sum, this.form(item))
        return sum
      }
      case "mul": {
        let product = this.rational(one)
        for (const item of e.items) product = this.multiply(product, this.form(item))
        return product
      }
      case "div":
        return this.divide(this.form(e.a), this.form(e.b))
      case "neg":
        return this.negate(this.form(e.a))
      case "percent":
        return this.multiply(this.form(e.a), this.rational(fraction(1n, 100n)))
      case "degrees":
        return this.form(e.a)
      case "based":
        return this.atom(`based ${e.digits} ${e.base}`)
      case "root":
        return this.root(this.form(e.a), e.index)
      case "pow":
        return this.powerForm(e.base, e.exponent)
      case "fn":
        return this.functionForm(e.name, e.args)
      case "call":
        return this.atom(`call ${e.name} ${e.args.map((a) => this.key(this.form(a))).join(",")}`)
      case "bind":
        return this.bindForm(e)
      default:
        throw new Undecidable("a part of the answer is no number")
    }
  }

  private powerForm(base: Expression, exponent: Expression): RationalForm {
    const power = this.form(exponent)
    const value = this.value(power)
    const b = this.form(base)
    if (value === undefined) {
      const bottom = this.value(b)
      if (bottom !== undefined && equals(bottom, one)) return b
      return this.atom(`power (${this.key(b)}) (${this.key(power)})`)
    }
    if (isInteger(value)) return this.raise(b, value.n)
    if (value.d > 1000n) return this.atom(`power (${this.key(b)}) (${this.key(power)})`)
    return this.raise(this.root(b, Number(value.d)), value.n)
  }

  private functionForm(name: string, args: ReadonlyArray<Expression>): RationalForm {
    const forms = args.map((arg) => this.form(inRadians(name, arg)))
    const values = forms.map((form) => this.value(form))
    const [first] = forms
    const [value, second] = values
    if (first === undefined) throw new Undecidable("a function without an argument")
    const isWhole = values.every((v) => v !== undefined && isInteger(v))
    switch (name) {
      case "abs":
        if (value !== undefined) return this.rational(value.n < 0n ? negate(value) : value)
        break
      case "factorial":
        if (
          value !== undefined &&
          isInteger(value) &&
          value.n >= 0n &&
          value.n <= largestFactorial
        ) {
          let product = 1n
          for (let k = 2n; k <= value.n; k++) product *= k
          this.ring.fuel.spend(Number(value.n))
          return this.rational(fraction(product))
        }
        break
      case "binom":
        if (
          isWhole &&
          value !== undefined &&
          second !== undefined &&
          value.n >= 0n &&
          second.n >= 0n
        ) {
          if (second.n > value.n) return this.rational(zero)
          const k = second.n * 2n > value.n ? value.n - second.n : second.n
          if (k > largestFactorial) break
          let result = one
          for (let j = 1n; j <= k; j++) {
            this.ring.fuel.spend(4)
            result = multiplyFractions(result, fraction(value.n - k + j, j))
          }
          return this.rational(result)
        }
        break
      case "gcd":
      case "lcm":
        if (isWhole) {
          let result = 0n
          for (const v of values) {
            const n = v?.n ?? 0n
            const divisor = greatestCommonDivisor(result, n)
            if (name === "gcd" || result === 0n) result = name === "gcd" ? divisor : n < 0n ? -n : n
            else result = divisor === 0n ? 0n : (result * n) / divisor
          }
          return this.rational(fraction(result < 0n ? -result : result))
        }
        break
      case "min":
      case "max": {
        const known = values.filter((v) => v !== undefined)
        if (known.length === values.length) {
          const best = known.reduce((a, b) => (compare(a, b) < 0 === (name === "min") ? a : b))
          return this.rational(best)
        }
        break
      }
      case "floor":
      case "ceil":
        if (value !== undefined) {
          const down = floorOf(value)
          return this.rational(fraction(name === "floor" || isInteger(value) ? down : down + 1n))
        }
        break
      case "mod":
        if (isWhole && value !== undefined && second !== undefined && second.n !== 0n) {
          const rest = value.n % second.n
          return this.rational(
            fraction(rest !== 0n && rest < 0n !== second.n < 0n ? rest + second.n : rest)
          )
        }
        break
      case "sign":
      case "sgn":
        if (value !== undefined) return this.rational(integer(compare(value, zero)))
        break
      case "Re":
      case "Im":
      case "arg":
        break
      case "ln":
        return this.logarithm(first)
      case "sin":
      case "cos":
      case "tan":
      case "cot":
      case "sec":
      case "csc": {
        const exact = this.trigonometric(name, first)
        if (exact !== undefined) return exact
        break
      }
      case "exp":
        break
    }
    return this.atom(`${name} ${forms.map((form) => this.key(form)).join(",")}`)
  }

  /** Logarithms of rational numbers are sums of those of primes. */
  private logarithm(a: RationalForm): RationalForm {
    const value = this.value(a)
    if (value !== undefined && value.n > 0n) {
      let sum = this.ring.constant(zero)
      for (const [part, sign] of [
        [value.n, 1],
        [value.d, -1]
      ] as const) {
        for (const { count, prime } of this.factors(part)) {
          const generator = this.ring.generator(`ln ${prime}`, () => ({ kind: "atom" }))
          sum = this.ring.add(
            sum,
            this.ring.scale(this.ring.power(generator), integer(sign * count))
          )
        }
      }
      return this.polynomial(sum)
    }
    // ln e^k
    if (a.under === this.unit && a.over.size === 1) {
      for (const { coefficient, powers } of a.over.values()) {
        const [power] = powers
        if (powers.length === 1 && power !== undefined && equals(coefficient, one)) {
          const found = this.ring.generators[power[0]]
          if (found?.kind === "constant" && found.name === "e") {
            return this.rational(fraction(BigInt(power[1]), BigInt(power[2])))
          }
        }
      }
    }
    return this.atom(`ln ${this.key(a)}`)
  }

  /** Exact values at multiples of π/6 and π/4. */
  private trigonometric(name: string, a: RationalForm): RationalForm | undefined {
    const turns = this.multipleOfPi(a)
    if (turns === undefined) return undefined
    // in twelfths of π
    const twelfths = multiplyFractions(turns, integer(12))
    if (!isInteger(twelfths)) return undefined
    const step = Number(((twelfths.n % 24n) + 24n) % 24n)
    const sine = this.sineOfTwelfth(step)
    const cosine = this.sineOfTwelfth((step + 6) % 24)
    if (sine === undefined || cosine === undefined) return undefined
    switch (name) {
      case "sin":
        return sine
      case "cos":
        return cosine
      case "tan":
        return this.divide(sine, cosine)
      case "cot":
        return this.divide(cosine, sine)
      case "sec":
        return this.invert(cosine)
      default:
        return this.invert(sine)
    }
  }

  private multipleOfPi(a: RationalForm): Fraction | undefined {
    const divisor = rationalValue(a.under)
    if (divisor === undefined) return undefined
    if (a.over.size === 0) return zero
    if (a.over.size > 1) return undefined
    for (const { coefficient, powers } of a.over.values()) {
      const [power] = powers
      if (powers.length !== 1 || power === undefined || power[1] !== 1 || power[2] !== 1)
        return undefined
      const found = this.ring.generators[power[0]]
      if (found?.kind !== "constant" || found.name !== "pi") return undefined
      return divideFractions(coefficient, divisor)
    }
    return undefined
  }

  private sineOfTwelfth(step: number): RationalForm | undefined {
    if (step >= 12) {
      const value = this.sineOfTwelfth(step - 12)
      return value === undefined ? undefined : this.negate(value)
    }
    const half = fraction(1n, 2n)
    switch (step > 6 ? 12 - step : step) {
      case 0:
        return this.rational(zero)
      case 2:
        return this.rational(half)
      case 3:
        return this.multiply(this.rational(half), this.root(this.rational(integer(2)), 2))
      case 4:
        return this.multiply(this.rational(half), this.root(this.rational(integer(3)), 2))
      case 6:
        return this.rational(one)
      default:
        return undefined
    }
  }

  private bindForm(e: Extract<Expression, { t: "bind" }>): RationalForm {
    const from = e.from === undefined ? undefined : this.form(e.from)
    const to = e.to === undefined ? undefined : this.form(e.to)
    if ((e.kind === "sum" || e.kind === "prod") && from !== undefined && to !== undefined) {
      const first = this.value(from)
      const last = this.value(to)
      if (first !== undefined && last !== undefined && isInteger(first) && isInteger(last)) {
        const count = last.n - first.n + 1n
        if (count <= 0n) return this.rational(e.kind === "sum" ? zero : one)
        if (count <= BigInt(longestSum)) {
          let result = this.rational(e.kind === "sum" ? zero : one)
          for (let k = 0; k < Number(count); k++) {
            const index: Expression = {
              t: "num",
              value: fraction(first.n + BigInt(k)),
              decimals: -1
            }
            const item = this.form(substitute(e.body, e.variable, index))
            result = e.kind === "sum" ? this.add(result, item) : this.multiply(result, item)
          }
          return result
        }
      }
      if (e.kind === "sum" && first !== undefined && isInteger(first)) {
        const closed = this.polynomialSum(e, from, to)
        if (closed !== undefined) return closed
      }
    }
    if (e.kind === "int") {
      const exact = this.polynomialIntegral(e, from, to)
      if (exact !== undefined) return exact
    }
    // the name of the bound variable does not matter
    const name = `bound ${this.boundNames++}`
    const body = this.form(substitute(e.body, e.variable, { t: "sym", name }))
    this.boundNames--
    const bounds = [from, to].map((form) => (form === undefined ? "" : this.key(form))).join(" ")
    return this.atom(`${e.kind} ${name} ${bounds} ${this.key(body)}`)
  }

  /** The coefficients of a polynomial in one variable, by degree; undefined when it is none. */
  private coefficients(body: Expression, variable: string): ReadonlyArray<Polynomial> | undefined {
    const name = `bound ${this.boundNames++}`
    const form = this.form(substitute(body, variable, { t: "sym", name }))
    this.boundNames--
    const divisor = rationalValue(form.under)
    if (divisor === undefined) return undefined
    const generator = this.ring.generator(`var ${name}`, () => ({ kind: "variable" }))
    const byDegree: Array<Polynomial> = []
    for (const { coefficient, powers } of form.over.values()) {
      let degree = 0
      let rest: Polynomial = this.ring.constant(divideFractions(coefficient, divisor))
      for (const [g, n, d] of powers) {
        if (g === generator) {
          if (d !== 1 || n > 60) return undefined
          degree = n
        } else if (
          this.ring.generators[g]?.kind === "atom" ||
          this.ring.generators[g]?.kind === "base"
        ) {
          // it may hold the variable
          return undefined
        } else rest = this.ring.multiply(rest, this.ring.power(g, n, d))
      }
      while (byDegree.length <= degree) byDegree.push(new Map())
      byDegree[degree] = this.ring.add(byDegree[degree] ?? new Map(), rest)
    }
    return byDegree
  }

  private polynomialIntegral(
    e: Extract<Expression, { t: "bind" }>,
    from: RationalForm | undefined,
    to: RationalForm | undefined
  ): RationalForm | undefined {
    const coefficients = this.coefficients(e.body, e.variable)
    if (coefficients === undefined) return undefined
    const antiderivative = (at: RationalForm): RationalForm => {
      let sum = this.rational(zero)
      coefficients.forEach((coefficient, degree) => {
        const power = this.raiseOrOne(at, degree + 1)
        const scaled = this.ring.scale(coefficient, fraction(1n, BigInt(degree + 1)))
        sum = this.add(sum, this.multiply(power, this.polynomial(scaled)))
      })
      return sum
    }
    if (from === undefined && to === undefined) {
      return antiderivative(this.form({ t: "sym", name: e.variable }))
    }
    if (from === undefined || to === undefined) return undefined
    return this.subtract(antiderivative(to), antiderivative(from))
  }

  private raiseOrOne(a: RationalForm, exponent: number): RationalForm {
    if (exponent === 0) return this.rational(one)
    return a.over.size === 0 ? a : this.raise(a, BigInt(exponent))
  }

  /** Faulhaber's formula, for bounds that are far apart or not known. */
  private polynomialSum(
    e: Extract<Expression, { t: "bind" }>,
    from: RationalForm,
    to: RationalForm
  ): RationalForm | undefined {
    const coefficients = this.coefficients(e.body, e.variable)
    if (coefficients === undefined || coefficients.length > 12) return undefined
    if (e.to !== undefined && some(e.to, (part) => part.t === "const" && part.name === "inf"))
      return undefined
    const upTo = (n: RationalForm): RationalForm => {
      let sum = this.rational(zero)
      coefficients.forEach((coefficient, degree) => {
        sum = this.add(sum, this.multiply(this.polynomial(coefficient), this.powerSum(n, degree)))
      })
      return sum
    }
    return this.subtract(upTo(to), upTo(this.subtract(from, this.rational(one))))
  }

  /** 0^k + 1^k + … + n^k, with 0^0 = 0, for n of any form. */
  private powerSum(n: RationalForm, k: number): RationalForm {
    const numbers = bernoulli(k)
    let sum = this.rational(zero)
    let binomial = one
    for (let j = 0; j <= k; j++) {
      const term = multiplyFractions(binomial, numbers[j] ?? zero)
      sum = this.add(sum, this.multiply(this.rational(term), this.raiseOrOne(n, k + 1 - j)))
      binomial = multiplyFractions(binomial, fraction(BigInt(k + 1 - j), BigInt(j + 1)))
    }
    return this.multiply(sum, this.rational(fraction(1n, BigInt(k + 1))))
  }
}

/** Bernoulli numbers with B₁ = +1/2. */
const bernoulli = (count: number): ReadonlyArray<Fraction> => {
  const numbers: Array<Fraction> = []
  for (let m = 0; m <= count; m++) {
    let sum = zero
    let binomial = one
    for (let j = 0; j < m; j++) {
      sum = addFractions(sum, multiplyFractions(binomial, numbers[j] ?? zero))
      binomial = multiplyFractions(binomial, fraction(BigInt(m + 1 - j), BigInt(j + 1)))
    }
    numbers.push(divideFractions(subtract(m === 0 ? one : zero, sum), integer(m + 1)))
  }
  return numbers.map((value, m) => (m === 1 ? negate(value) : value))
}

const lowest = (n: number, d: number): readonly [number, number] => {
  let a = Math.abs(n)
  let b = d
  while (b !== 0) [a, b] = [b, a % b]
  return a === 0 ? [0, 1] : [n / a, d / a]
}

const floorOf = (value: Fraction): bigint => {
  const quotient = value.n / value.d
  return value.n % value.d < 0n ? quotient - 1n : quotient
}

/** The positive rational number that leaves whole coefficients without a common divisor. */
const contentOf = (p: Polynomial): Fraction => {
  let over = 0n
  let under = 1n
  for (const { coefficient } of p.values()) {
    over = greatestCommonDivisor(over, coefficient.n)
    under = (under * coefficient.d) / greatestCommonDivisor(under, coefficient.d)
  }
  return over === 0n ? minusOne : fraction(over, under)
}

/** The largest integer whose square is not greater. */
const integerRoot = (value: bigint): bigint => {
  if (value < 2n) return value
  let x = 1n << BigInt((value.toString(2).length + 1) >> 1)
  for (;;) {
    const next = (x + value / x) >> 1n
    if (next >= x) return x
    x = next
  }
}

const angular = new Set(["sin", "cos", "tan", "cot", "sec", "csc"])

/** Degrees inside a trigonometric function are an angle. */
export const inRadians = (name: string, e: Expression): Expression => {
  if (!angular.has(name)) return e
  const convert = (part: Expression): Expression => {
    if (part.t === "degrees") {
      return {
        t: "div",
        a: { t: "mul", items: [part.a, { t: "const", name: "pi" }] },
        b: integerNode(180)
      }
    }
    if (part.t === "add") return { t: "add", items: part.items.map(convert) }
    if (part.t === "neg") return { t: "neg", a: convert(part.a) }
    if (part.t === "mul") return { t: "mul", items: part.items.map(convert) }
    if (part.t === "div") return { t: "div", a: convert(part.a), b: convert(part.b) }
    return part
  }
  return convert(e)
}
