/** Arithmetic on real numbers, in doubles and with 60 digits, behind one interface. */
import { Decimal } from "decimal.js"

import type { Fraction } from "./Fraction.ts"
import { toNumber } from "./Fraction.ts"

export interface RealArithmetic<R> {
  readonly from: (value: Fraction) => R
  readonly pi: R
  readonly add: (a: R, b: R) => R
  readonly sub: (a: R, b: R) => R
  readonly mul: (a: R, b: R) => R
  /** Not a number when `b` is zero. */
  readonly div: (a: R, b: R) => R
  readonly sqrt: (a: R) => R
  readonly exp: (a: R) => R
  readonly ln: (a: R) => R
  readonly sin: (a: R) => R
  readonly cos: (a: R) => R
  readonly atan2: (y: R, x: R) => R
  readonly floor: (a: R) => R
  readonly sign: (a: R) => number
  readonly isFinite: (a: R) => boolean
  readonly number: (a: R) => number
  /** What one transcendental function costs, in steps. */
  readonly cost: number
  /** What one of the others costs. */
  readonly stepCost: number
}

export const doubles: RealArithmetic<number> = {
  from: toNumber,
  pi: Math.PI,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => (b === 0 ? Number.NaN : a / b),
  sqrt: Math.sqrt,
  exp: Math.exp,
  ln: Math.log,
  sin: Math.sin,
  cos: Math.cos,
  // no negative zeros: the branch cut belongs to the upper half
  atan2: (y, x) => Math.atan2(y + 0, x + 0),
  floor: Math.floor,
  sign: (a) => (a > 0 ? 1 : a < 0 ? -1 : 0),
  isFinite: Number.isFinite,
  number: (a) => a,
  cost: 1,
  stepCost: 1
}

/** `digits` digits. Arguments so large that they cost time give no number. */
const decimalsOf = (digits: number): RealArithmetic<Decimal> => {
  const D = Decimal.clone({ precision: digits, maxE: 100_000, minE: -100_000, defaults: true })
  const notANumber = new D(Number.NaN)
  const zero = new D(0)
  return {
    from: (value) => new D(String(value.n)).div(String(value.d)),
    pi: D.acos(-1),
    add: (a, b) => a.plus(b),
    sub: (a, b) => a.minus(b),
    mul: (a, b) => a.times(b),
    div: (a, b) => (b.isZero() ? notANumber : a.div(b)),
    sqrt: (a) => a.sqrt(),
    exp: (a) => (a.abs().gt(10_000) ? notANumber : a.exp()),
    ln: (a) => a.ln(),
    sin: (a) => (a.abs().gt(1_000_000) ? notANumber : a.sin()),
    cos: (a) => (a.abs().gt(1_000_000) ? notANumber : a.cos()),
    // no negative zeros: the branch cut belongs to the upper half
    atan2: (y, x) => D.atan2(y.isZero() ? zero : y, x),
    floor: (a) => a.floor(),
    sign: (a) => (a.isZero() ? 0 : a.isNegative() ? -1 : 1),
    isFinite: (a) => a.isFinite(),
    number: (a) => a.toNumber(),
    cost: 4 * digits,
    stepCost: 6
  }
}

/** Sixty digits, of which fifty are trusted. */
export const decimals60: RealArithmetic<Decimal> = decimalsOf(60)

/** To tell a small number from a zero that is not quite computed. */
export const decimals100: RealArithmetic<Decimal> = decimalsOf(100)
