/**
 * Polynomials over exact rationals in named generators: variables, radicals of primes, i, π, and whatever
 * cannot be taken apart. Exponents are rational, so that 2^(1/2) · 2^(1/3) = 2^(5/6) comes out by adding.
 */
import type { Fraction } from "./Fraction.ts"
import {
  add,
  canRaise,
  fraction,
  isZero,
  minusOne,
  multiply,
  negate,
  one,
  raise,
  show,
  weight,
  zero
} from "./Fraction.ts"
import type { Fuel } from "./Fuel.ts"
import { Undecidable } from "./Fuel.ts"

/**
 * - `variable`: free; `prime`: a positive integer, irreducible when `isProven`; `unit`: i.
 * - `constant`: π or e; `base`: a polynomial that stands under a root; `atom`: anything else.
 */
export type Generator =
  | { readonly kind: "variable" | "unit" | "atom" }
  | { readonly kind: "constant"; readonly name: string }
  | { readonly kind: "prime"; readonly value: bigint; readonly isProven: boolean }
  | { readonly kind: "base"; readonly value: Polynomial }

/** Generator, numerator and denominator of its exponent; sorted by generator. */
type Power = readonly [number, number, number]

export interface Term {
  readonly coefficient: Fraction
  readonly powers: ReadonlyArray<Power>
}

export type Polynomial = ReadonlyMap<string, Term>

const nothing: ReadonlyArray<Power> = []

const keyOf = (powers: ReadonlyArray<Power>): string => {
  let key = ""
  for (const [generator, n, d] of powers)
    key += d === 1 ? `${generator}^${n} ` : `${generator}^${n}/${d} `
  return key
}

const largestExponent = 1e12

const reduced = (n: number, d: number): readonly [number, number] => {
  if (Math.abs(n) > largestExponent || d > largestExponent) {
    throw new Undecidable("an exponent is too large")
  }
  if (d === 1) return [n, 1]
  let a = Math.abs(n)
  let b = d
  while (b !== 0) [a, b] = [b, a % b]
  return [n / a, d / a]
}

/** The generators of one comparison, and arithmetic with them. */
export class PolynomialRing {
  readonly fuel: Fuel
  readonly generators: Array<Generator> = []
  private readonly index = new Map<string, number>()

  constructor(fuel: Fuel) {
    this.fuel = fuel
  }

  generator(key: string, make: () => Generator): number {
    this.fuel.spend(1 + (key.length >> 4))
    const known = this.index.get(key)
    if (known !== undefined) return known
    const id = this.generators.length
    this.generators.push(make())
    this.index.set(key, id)
    return id
  }

  constant(value: Fraction): Polynomial {
    return isZero(value) ? new Map() : new Map([["", { coefficient: value, powers: nothing }]])
  }

  /** One generator to a rational power, which must be positive. */
  power(generator: number, n = 1, d = 1): Polynomial {
    return this.normal({ coefficient: one, powers: [[generator, n, d]] })
  }

  key(p: Polynomial): string {
    const parts: Array<string> = []
    for (const [key, { coefficient }] of p) parts.push(`${show(coefficient)}*${key}`)
    this.fuel.spend(parts.length)
    return parts.toSorted().join("+")
  }

  add(a: Polynomial, b: Polynomial): Polynomial {
    this.fuel.spend(1 + b.size + (a.size >> 2))
    if (a.size === 0) return b
    const sum = new Map(a)
    for (const [key, term] of b) this.accumulate(sum, key, term)
    return sum
  }

  scale(a: Polynomial, factor: Fraction): Polynomial {
    if (isZero(factor)) return new Map()
    this.fuel.spend(1 + a.size)
    const scaled = new Map<string, Term>()
    for (const [key, { coefficient, powers }] of a) {
      scaled.set(key, { coefficient: multiply(coefficient, factor), powers })
    }
    return scaled
  }

  negate(a: Polynomial): Polynomial {
    return this.scale(a, minusOne)
  }

  multiply(a: Polynomial, b: Polynomial): Polynomial {
    const product = new Map<string, Term>()
    for (const left of a.values()) {
      for (const right of b.values()) {
        const coefficient = multiply(left.coefficient, right.coefficient)
        this.fuel.spend(2 + left.powers.length + right.powers.length + weight(coefficient))
        if (left.powers.length === 0 || right.powers.length === 0) {
          const powers = left.powers.length === 0 ? right.powers : left.powers
          this.accumulate(product, keyOf(powers), { coefficient, powers })
          continue
        }
        const term = { coefficient, powers: merge(left.powers, right.powers) }
        for (const [key, part] of this.normal(term)) this.accumulate(product, key, part)
      }
    }
    return product
  }

  raise(a: Polynomial, exponent: number): Polynomial {
    let result = this.constant(one)
    let base = a
    for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) result = this.multiply(result, base)
      if (rest > 1) base = this.multiply(base, base)
    }
    return result
  }

  private accumulate(sum: Map<string, Term>, key: string, term: Term): void {
    const before = sum.get(key)
    if (before === undefined) {
      if (!isZero(term.coefficient)) sum.set(key, term)
      return
    }
    const coefficient = add(before.coefficient, term.coefficient)
    const cost = weight(coefficient)
    if (cost > 0) this.fuel.spend(cost)
    if (isZero(coefficient)) sum.delete(key)
    else sum.set(key, { coefficient, powers: term.powers })
  }

  /** Carries whole powers of i, of primes and of what stands under roots out of a term. */
  private normal(term: Term): Polynomial {
    let coefficient = term.coefficient
    let outside: Polynomial | undefined
    const powers: Array<Power> = []
    for (const power of term.powers) {
      const [generator, n, d] = power
      const found = this.generators[generator]
      if (found === undefined || n === 0) continue
      if (found.kind === "unit") {
        const turns = ((n % 4) + 4) % 4
        if (turns >= 2) coefficient = negate(coefficient)
        if (turns % 2 === 1) powers.push([generator, 1, 1])
        continue
      }
      const whole = Math.floor(n / d)
      if (whole === 0 || (found.kind !== "prime" && found.kind !== "base")) {
        powers.push(power)
        continue
      }
      if (found.kind === "prime") {
        const base = fraction(found.value)
        if (canRaise(base, BigInt(whole))) {
          coefficient = multiply(coefficient, raise(base, BigInt(whole)))
          if (n !== whole * d) powers.push([generator, n - whole * d, d])
        } else powers.push(power)
        continue
      }
      if (whole > 50) throw new Undecidable("a power is too large")
      const factor = this.raise(found.value, whole)
      outside = outside === undefined ? factor : this.multiply(outside, factor)
      if (n !== whole * d) powers.push([generator, n - whole * d, d])
    }
    const rest: Polynomial = new Map([[keyOf(powers), { coefficient, powers }]])
    return outside === undefined ? rest : this.multiply(rest, outside)
  }
}

const merge = (a: ReadonlyArray<Power>, b: ReadonlyArray<Power>): ReadonlyArray<Power> => {
  const out: Array<Power> = []
  let i = 0
  let j = 0
  for (;;) {
    const left = a[i]
    const right = b[j]
    if (left === undefined && right === undefined) return out
    if (right === undefined || (left !== undefined && left[0] < right[0])) {
      if (left !== undefined) out.push(left)
      i++
    } else if (left === undefined || left[0] > right[0]) {
      out.push(right)
      j++
    } else {
      const [n, d] = reduced(left[1] * right[2] + right[1] * left[2], left[2] * right[2])
      out.push([left[0], n, d])
      i++
      j++
    }
  }
}

/** The value of a polynomial without generators. */
export const rationalValue = (p: Polynomial): Fraction | undefined => {
  if (p.size === 0) return zero
  if (p.size > 1) return undefined
  return p.get("")?.coefficient
}
