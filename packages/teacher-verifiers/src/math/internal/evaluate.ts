/** The complex value of an expression at a point, over any real arithmetic. */
import type { Expression } from "./Expression.ts"
import { fraction, integer, isInteger, one, zero } from "./Fraction.ts"
import type { Fuel } from "./Fuel.ts"
import { Undecidable } from "./Fuel.ts"
import { inRadians } from "./RationalForm.ts"
import type { RealArithmetic } from "./RealArithmetic.ts"

export interface Complex<R> {
  readonly re: R
  readonly im: R
}

/** Values of names at a point of sampling. */
export type Point<R> = (name: string) => Complex<R>

/** A small number made from a name: functions nothing is known of are cosines of their own. */
export const hashName = (name: string): number => {
  let h = 2_166_136_261
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ (name.codePointAt(i) ?? 0), 16_777_619)
  return (h >>> 0) % 9973
}

/** Sums with more terms have no value. */
const longestSum = 3000n

export class Evaluator<R> {
  private readonly r: RealArithmetic<R>
  private readonly fuel: Fuel
  private readonly point: Point<R>
  /** The variables of sums. */
  private readonly local = new Map<string, Complex<R>>()
  private readonly none: R
  private readonly one: R

  constructor(arithmetic: RealArithmetic<R>, fuel: Fuel, point: Point<R>) {
    this.r = arithmetic
    this.fuel = fuel
    this.point = point
    this.none = arithmetic.from(zero)
    this.one = arithmetic.from(one)
  }

  private real(re: R): Complex<R> {
    return { re, im: this.none }
  }

  private isReal(a: Complex<R>): boolean {
    return this.r.sign(a.im) === 0
  }

  private isZero(a: Complex<R>): boolean {
    return this.r.sign(a.re) === 0 && this.r.sign(a.im) === 0
  }

  private nothing(): Complex<R> {
    return this.real(this.r.div(this.one, this.none))
  }

  private whole(n: number): Complex<R> {
    return this.real(this.r.from(integer(n)))
  }

  add(a: Complex<R>, b: Complex<R>): Complex<R> {
    return { re: this.r.add(a.re, b.re), im: this.r.add(a.im, b.im) }
  }

  sub(a: Complex<R>, b: Complex<R>): Complex<R> {
    return { re: this.r.sub(a.re, b.re), im: this.r.sub(a.im, b.im) }
  }

  mul(a: Complex<R>, b: Complex<R>): Complex<R> {
    const { r } = this
    if (this.isReal(a) && this.isReal(b)) return this.real(r.mul(a.re, b.re))
    return {
      re: r.sub(r.mul(a.re, b.re), r.mul(a.im, b.im)),
      im: r.add(r.mul(a.re, b.im), r.mul(a.im, b.re))
    }
  }

  div(a: Complex<R>, b: Complex<R>): Complex<R> {
    const { r } = this
    if (this.isReal(b)) return { re: r.div(a.re, b.re), im: r.div(a.im, b.re) }
    const size = r.add(r.mul(b.re, b.re), r.mul(b.im, b.im))
    const up = this.mul(a, { re: b.re, im: r.sub(this.none, b.im) })
    return { re: r.div(up.re, size), im: r.div(up.im, size) }
  }

  private neg(a: Complex<R>): Complex<R> {
    return {
      re: this.r.sub(this.none, a.re),
      im: this.isReal(a) ? this.none : this.r.sub(this.none, a.im)
    }
  }

  private abs(a: Complex<R>): R {
    const { r } = this
    if (this.isReal(a)) return r.sign(a.re) < 0 ? r.sub(this.none, a.re) : a.re
    return r.sqrt(r.add(r.mul(a.re, a.re), r.mul(a.im, a.im)))
  }

  private exp(a: Complex<R>): Complex<R> {
    const { r } = this
    this.fuel.spend(r.cost)
    const size = r.exp(a.re)
    if (this.isReal(a)) return this.real(size)
    this.fuel.spend(2 * r.cost)
    return { re: r.mul(size, r.cos(a.im)), im: r.mul(size, r.sin(a.im)) }
  }

  private ln(a: Complex<R>): Complex<R> {
    const { r } = this
    if (this.isZero(a)) return this.nothing()
    this.fuel.spend(r.cost)
    if (this.isReal(a) && r.sign(a.re) > 0) return this.real(r.ln(a.re))
    this.fuel.spend(r.cost)
    return { re: r.ln(this.abs(a)), im: r.atan2(a.im, a.re) }
  }

  private sqrt(a: Complex<R>): Complex<R> {
    const { r } = this
    if (this.isReal(a)) {
      return r.sign(a.re) >= 0
        ? this.real(r.sqrt(a.re))
        : { re: this.none, im: r.sqrt(r.sub(this.none, a.re)) }
    }
    const size = this.abs(a)
    const two = r.from(integer(2))
    const re = r.sqrt(r.div(r.add(size, a.re), two))
    const im = r.sqrt(r.div(r.sub(size, a.re), two))
    return { re, im: r.sign(a.im) < 0 ? r.sub(this.none, im) : im }
  }

  private root(a: Complex<R>, index: number): Complex<R> {
    if (index === 1 || this.isZero(a)) return a
    if (index === 2) return this.sqrt(a)
    if (this.isReal(a) && this.r.sign(a.re) < 0 && index % 2 === 1) {
      return this.neg(this.root(this.neg(a), index))
    }
    return this.exp(this.div(this.ln(a), this.whole(index)))
  }

  private integerPower(a: Complex<R>, exponent: bigint): Complex<R> {
    if (exponent < 0n) return this.div(this.whole(1), this.integerPower(a, -exponent))
    let result = this.whole(1)
    let base = a
    for (let rest = exponent; rest > 0n; rest >>= 1n) {
      this.fuel.spend(4)
      if (rest & 1n) result = this.mul(result, base)
      if (rest > 1n) base = this.mul(base, base)
    }
    return result
  }

  private power(base: Complex<R>, exponent: Complex<R>): Complex<R> {
    if (this.isZero(base)) {
      return this.isReal(exponent) && this.r.sign(exponent.re) > 0 ? base : this.nothing()
    }
    return this.exp(this.mul(exponent, this.ln(base)))
  }

  value(e: Expression): Complex<R> {
    const { fuel, r } = this
    fuel.spend(r.stepCost)
    switch (e.t) {
      case "num":
        return this.real(r.from(e.value))
      case "sym":
        return this.local.get(e.name) ?? this.point(e.name)
      case "const":
        if (e.name === "pi") return this.real(r.pi)
        if (e.name === "i") return { re: this.none, im: this.one }
        if (e.name === "e") return this.exp(this.whole(1))
        return this.nothing()
      case "add": {
        let sum = this.whole(0)
        for (const item of e.items) sum = this.add(sum, this.value(item))
        return sum
      }
      case "mul": {
        let product = this.whole(1)
        for (const item of e.items) product = this.mul(product, this.value(item))
        return product
      }
      case "div":
        return this.div(this.value(e.a), this.value(e.b))
      case "neg":
        return this.neg(this.value(e.a))
      case "percent":
        return this.div(this.value(e.a), this.whole(100))
      case "degrees":
        return this.value(e.a)
      case "root":
        return this.root(this.value(e.a), e.index)
      case "pow":
        return this.powerOf(e.base, e.exponent)
      case "fn":
        return this.call(e.name, e.args)
      case "call": {
        // any function that holds its own: cos(a·z + b)
        let angle = this.whole(hashName(e.name) % 89)
        e.args.forEach((arg, i) => {
          const factor = this.real(
            r.from(fraction(BigInt(1 + (hashName(`${e.name} ${i}`) % 97)), 71n))
          )
          angle = this.add(angle, this.mul(factor, this.value(arg)))
        })
        return this.cos(angle)
      }
      case "bind":
        return this.bound(e)
      default:
        throw new Undecidable("a part of the answer has no value")
    }
  }

  private powerOf(base: Expression, exponent: Expression): Complex<R> {
    const plain = exponent.t === "neg" ? exponent.a : exponent
    const sign = exponent.t === "neg" ? -1n : 1n
    if (plain.t === "num" && isInteger(plain.value)) {
      return this.integerPower(this.value(base), sign * plain.value.n)
    }
    if (base.t === "const" && base.name === "e") return this.exp(this.value(exponent))
    // the real root of a negative number
    if (
      plain.t === "div" &&
      plain.a.t === "num" &&
      plain.b.t === "num" &&
      isInteger(plain.a.value)
    ) {
      const index = plain.b.value
      if (isInteger(index) && index.n > 0n && index.n < 1000n) {
        return this.integerPower(
          this.root(this.value(base), Number(index.n)),
          sign * plain.a.value.n
        )
      }
    }
    const value = this.value(base)
    const power = this.value(exponent)
    if (this.isReal(power)) {
      const n = wholeNumber(this.r.number(power.re))
      if (n !== undefined) return this.integerPower(value, BigInt(n))
    }
    return this.power(value, power)
  }

  private cos(a: Complex<R>): Complex<R> {
    const { r } = this
    this.fuel.spend(r.cost)
    if (this.isReal(a)) return this.real(r.cos(a.re))
    const [sinh, cosh] = this.realHyperbolic(a.im)
    return {
      re: r.mul(r.cos(a.re), cosh),
      im: r.sub(this.none, r.mul(r.sin(a.re), sinh))
    }
  }

  private sin(a: Complex<R>): Complex<R> {
    const { r } = this
    this.fuel.spend(r.cost)
    if (this.isReal(a)) return this.real(r.sin(a.re))
    const [sinh, cosh] = this.realHyperbolic(a.im)
    return { re: r.mul(r.sin(a.re), cosh), im: r.mul(r.cos(a.re), sinh) }
  }

  private realHyperbolic(y: R): readonly [R, R] {
    const { r } = this
    this.fuel.spend(2 * r.cost)
    const up = r.exp(y)
    const down = r.div(this.one, up)
    const two = r.from(integer(2))
    return [r.div(r.sub(up, down), two), r.div(r.add(up, down), two)]
  }

  /** −i·ln(z + …), the logarithmic forms of the inverse functions. */
  private arcsin(a: Complex<R>): Complex<R> {
    const i = { re: this.none, im: this.one }
    const inside = this.add(this.mul(i, a), this.sqrt(this.sub(this.whole(1), this.mul(a, a))))
    return this.tidy(a, this.mul(this.neg(i), this.ln(inside)))
  }

  private arctan(a: Complex<R>): Complex<R> {
    const { r } = this
    if (this.isReal(a)) {
      this.fuel.spend(r.cost)
      return this.real(r.atan2(a.re, this.one))
    }
    const i = { re: this.none, im: this.one }
    const up = this.ln(this.sub(this.whole(1), this.mul(i, a)))
    const down = this.ln(this.add(this.whole(1), this.mul(i, a)))
    return this.mul({ re: this.none, im: r.div(this.one, r.from(integer(2))) }, this.sub(up, down))
  }

  /** A real argument between -1 and 1 has a real inverse sine. */
  private tidy(a: Complex<R>, value: Complex<R>): Complex<R> {
    if (!this.isReal(a) || Math.abs(this.r.number(a.re)) > 1) return value
    return this.real(value.re)
  }

  private hyperbolic(a: Complex<R>): readonly [Complex<R>, Complex<R>] {
    const up = this.exp(a)
    const down = this.exp(this.neg(a))
    const two = this.whole(2)
    return [this.div(this.sub(up, down), two), this.div(this.add(up, down), two)]
  }

  private call(name: string, args: ReadonlyArray<Expression>): Complex<R> {
    const { r } = this
    const values = args.map((arg) => this.value(inRadians(name, arg)))
    const [a, b] = values
    if (a === undefined) throw new Undecidable("a function without an argument")
    const unity = this.whole(1)
    switch (name) {
      case "sin":
        return this.sin(a)
      case "cos":
        return this.cos(a)
      case "tan":
        return this.div(this.sin(a), this.cos(a))
      case "cot":
        return this.div(this.cos(a), this.sin(a))
      case "sec":
        return this.div(unity, this.cos(a))
      case "csc":
        return this.div(unity, this.sin(a))
      case "arcsin":
        return this.arcsin(a)
      case "arccos":
        return this.sub(this.real(r.div(r.pi, r.from(integer(2)))), this.arcsin(a))
      case "arctan":
        return this.arctan(a)
      case "arccot":
        return this.sub(this.real(r.div(r.pi, r.from(integer(2)))), this.arctan(a))
      case "arcsec":
        return this.sub(this.real(r.div(r.pi, r.from(integer(2)))), this.arcsin(this.div(unity, a)))
      case "arccsc":
        return this.arcsin(this.div(unity, a))
      case "sinh":
        return this.hyperbolic(a)[0]
      case "cosh":
        return this.hyperbolic(a)[1]
      case "tanh": {
        const [s, c] = this.hyperbolic(a)
        return this.div(s, c)
      }
      case "coth": {
        const [s, c] = this.hyperbolic(a)
        return this.div(c, s)
      }
      case "sech":
        return this.div(unity, this.hyperbolic(a)[1])
      case "csch":
        return this.div(unity, this.hyperbolic(a)[0])
      case "arcsinh":
        return this.ln(this.add(a, this.sqrt(this.add(this.mul(a, a), unity))))
      case "arccosh":
        return this.ln(
          this.add(a, this.mul(this.sqrt(this.sub(a, unity)), this.sqrt(this.add(a, unity))))
        )
      case "arctanh":
        return this.div(
          this.sub(this.ln(this.add(unity, a)), this.ln(this.sub(unity, a))),
          this.whole(2)
        )
      case "ln":
        return this.ln(a)
      case "abs":
        return this.real(this.abs(a))
      case "Re":
        return this.real(a.re)
      case "Im":
        return this.real(a.im)
      case "arg":
        return this.real(r.atan2(a.im, a.re))
      case "floor":
        return this.isReal(a) ? this.real(r.floor(a.re)) : this.nothing()
      case "ceil":
        return this.isReal(a) ? this.neg(this.real(r.floor(this.neg(a).re))) : this.nothing()
      case "sign":
      case "sgn":
        return this.isReal(a) ? this.whole(r.sign(a.re)) : this.nothing()
      case "min":
      case "max": {
        let best = a
        for (const value of values) {
          if (!this.isReal(value) || !this.isReal(best)) return this.nothing()
          const order = r.sign(r.sub(value.re, best.re))
          if (name === "min" ? order < 0 : order > 0) best = value
        }
        return best
      }
      case "factorial": {
        const n = this.isReal(a) ? wholeNumber(r.number(a.re)) : undefined
        if (n === undefined || n < 0 || n > 170) return this.nothing()
        let product = unity
        for (let k = 2; k <= n; k++) product = this.mul(product, this.whole(k))
        return product
      }
      case "binom": {
        const k = b === undefined || !this.isReal(b) ? undefined : wholeNumber(r.number(b.re))
        if (k === undefined || k < 0 || k > 200) return this.nothing()
        let product = unity
        for (let j = 1; j <= k; j++) {
          this.fuel.spend(8)
          product = this.div(this.mul(product, this.sub(a, this.whole(j - 1))), this.whole(j))
        }
        return product
      }
      default:
        throw new Undecidable(`the function ${name.slice(0, 20)} has no value here`)
    }
  }

  private bound(e: Extract<Expression, { t: "bind" }>): Complex<R> {
    if ((e.kind !== "sum" && e.kind !== "prod") || e.from === undefined || e.to === undefined) {
      throw new Undecidable("an integral, a limit or an infinite sum")
    }
    const from = this.value(e.from)
    const to = this.value(e.to)
    const first = this.isReal(from) ? wholeNumber(this.r.number(from.re)) : undefined
    const last = this.isReal(to) ? wholeNumber(this.r.number(to.re)) : undefined
    if (first === undefined || last === undefined) {
      throw new Undecidable("a sum whose bounds are not known")
    }
    if (BigInt(last) - BigInt(first) > longestSum) throw new Undecidable("a sum of too many terms")
    let result = this.whole(e.kind === "sum" ? 0 : 1)
    const outer = this.local.get(e.variable)
    for (let k = first; k <= last; k++) {
      this.local.set(e.variable, this.whole(k))
      const item = this.value(e.body)
      result = e.kind === "sum" ? this.add(result, item) : this.mul(result, item)
    }
    if (outer === undefined) this.local.delete(e.variable)
    else this.local.set(e.variable, outer)
    return result
  }
}

/** The number if it is a whole one of moderate size. */
const wholeNumber = (value: number): number | undefined =>
  Number.isInteger(value) && Math.abs(value) < 1e9 ? value : undefined
