import type { Complex, Point } from "./evaluate.ts"
import { Evaluator, hashName } from "./evaluate.ts"
/** Compares two expressions by their values at fixed points of the complex plane. */
import type { Expression } from "./Expression.ts"
import { some } from "./Expression.ts"
import { fraction } from "./Fraction.ts"
import type { Fraction } from "./Fraction.ts"
import type { Fuel } from "./Fuel.ts"
import { Undecidable } from "./Fuel.ts"
import type { RealArithmetic } from "./RealArithmetic.ts"
import { decimals100, decimals60, doubles } from "./RealArithmetic.ts"

/** Fewer agreeing points decide nothing. */
const neededPoints = 8

const triedPoints = 24

/** Doubles this far apart, relatively, are looked at again with more digits. */
const closeInDoubles = 1e-6

const realOnly = new Set(["abs", "floor", "ceil", "sign", "sgn", "min", "max", "Re", "Im", "arg"])
const wholeOnly = new Set(["factorial", "binom", "gcd", "lcm", "mod"])

type Domain = "constant" | "whole" | "real" | "complex"

const domainOf = (a: Expression, b: Expression): Domain => {
  let domain: Domain = "constant"
  const look = (part: Expression): boolean => {
    if (part.t === "sym" && domain === "constant") domain = "complex"
    if (part.t === "bind" || (part.t === "fn" && wholeOnly.has(part.name))) {
      domain = "whole"
      return true
    }
    if (part.t === "fn" && realOnly.has(part.name)) domain = "real"
    return false
  }
  if (!some(a, look)) some(b, look)
  const hasNames = some(a, isName) || some(b, isName)
  return hasNames ? domain : "constant"
}

const isName = (part: Expression): boolean => part.t === "sym"

/** The value of a name at the i-th point; half of the real ones are negative. */
const coordinates = (domain: Domain, name: string, i: number): readonly [Fraction, Fraction] => {
  const h = hashName(`${name} ${i}`)
  if (domain === "whole") return [fraction(BigInt(1 + ((h + i) % 12))), fraction(0n)]
  const size = 350 + (h % 2399)
  const sign = (hashName(name) + i) % 2 === 0 ? 1 : -1
  const re = fraction(BigInt(sign * size), 1009n)
  const isComplex = domain === "complex" && i % 3 === 2
  const im = isComplex
    ? fraction(BigInt(((i % 2) * 2 - 1) * (200 + (hashName(`${i} ${name}`) % 1500))), 1013n)
    : fraction(0n)
  return [re, im]
}

const pointOf =
  <R>(arithmetic: RealArithmetic<R>, domain: Domain, i: number): Point<R> =>
  (name) => {
    const [re, im] = coordinates(domain, name, i)
    return { re: arithmetic.from(re), im: arithmetic.from(im) }
  }

interface Pair {
  readonly apart: number
  readonly size: number
  readonly isFinite: boolean
}

const valuesAt = <R>(
  arithmetic: RealArithmetic<R>,
  fuel: Fuel,
  a: Expression,
  b: Expression,
  domain: Domain,
  i: number
): Pair => {
  const evaluator = new Evaluator(arithmetic, fuel, pointOf(arithmetic, domain, i))
  const x = evaluator.value(a)
  const y = evaluator.value(b)
  const isFinite = [x.re, x.im, y.re, y.im].every(arithmetic.isFinite)
  if (!isFinite) return { apart: Number.NaN, size: Number.NaN, isFinite }
  const difference = evaluator.sub(x, y)
  const apart = magnitude(arithmetic, difference)
  const size = Math.max(magnitude(arithmetic, x), magnitude(arithmetic, y))
  return { apart, size, isFinite }
}

/** As a double: down to 1e-308 is enough. */
const magnitude = <R>(arithmetic: RealArithmetic<R>, z: Complex<R>): number =>
  Math.hypot(arithmetic.number(z.re), arithmetic.number(z.im))

/** Whether two values are the same number, by as many digits as it takes. */
const agree = (
  fuel: Fuel,
  a: Expression,
  b: Expression,
  domain: Domain,
  i: number
): "same" | "apart" | "unknown" => {
  const pair = valuesAt(decimals60, fuel, a, b, domain, i)
  if (!pair.isFinite) return "unknown"
  if (pair.apart === 0 || pair.apart < pair.size * 1e-50) return "same"
  if (pair.apart > pair.size * 1e-40 && pair.apart > 1e-40) return "apart"
  // a difference of almost nothing: does it shrink with more digits?
  const finer = valuesAt(decimals100, fuel, a, b, domain, i)
  if (!finer.isFinite) return "unknown"
  if (finer.apart === 0 || finer.apart < pair.apart * 1e-20) return "same"
  return finer.apart > pair.apart * 1e-5 ? "apart" : "unknown"
}

/**
 * `equal` when the two have the same value, to fifty digits, at eight points or more; constants have
 * one. Throws {@link Undecidable} when they have values at too few.
 */
export const sampleEquality = (fuel: Fuel, a: Expression, b: Expression): "equal" | "different" => {
  const domain = domainOf(a, b)
  if (domain === "constant") {
    const pair = valuesAt(doubles, fuel, a, b, domain, 0)
    if (pair.isFinite && pair.apart > closeInDoubles * pair.size && pair.apart > 1e-3)
      return "different"
    const verdict = agree(fuel, a, b, domain, 0)
    if (verdict === "unknown") throw new Undecidable("the values are too large, or there are none")
    return verdict === "same" ? "equal" : "different"
  }
  const agreeing: Array<number> = []
  for (let i = 0; i < triedPoints && agreeing.length < neededPoints; i++) {
    const pair = valuesAt(doubles, fuel, a, b, domain, i)
    if (!pair.isFinite) continue
    if (pair.apart > closeInDoubles * pair.size && pair.apart > 1e-9) {
      // doubles may have lost their digits
      if (agree(fuel, a, b, domain, i) === "apart") return "different"
      continue
    }
    agreeing.push(i)
  }
  if (agreeing.length < neededPoints)
    throw new Undecidable("there are too few points to compare at")
  for (const i of agreeing) {
    const verdict = agree(fuel, a, b, domain, i)
    if (verdict === "apart") return "different"
    if (verdict === "unknown") throw new Undecidable("the values are too large, or there are none")
  }
  return "equal"
}

/** Whether a/b is the same constant everywhere, and its sign: for equations and inequalities. */
export const sampleRatio = (
  fuel: Fuel,
  a: Expression,
  b: Expression
): "positive" | "negative" | "complex" | "none" => {
  const domain = domainOf(a, b)
  const rough = ratioIn(doubles, fuel, a, b, domain, 1e-9)
  return rough === "none" ? rough : ratioIn(decimals60, fuel, a, b, domain, 1e-40)
}

const ratioIn = <R>(
  arithmetic: RealArithmetic<R>,
  fuel: Fuel,
  a: Expression,
  b: Expression,
  domain: Domain,
  tolerance: number
): "positive" | "negative" | "complex" | "none" => {
  let ratio: Complex<R> | undefined
  let count = 0
  for (let i = 0; i < triedPoints && count < neededPoints; i++) {
    const evaluator = new Evaluator(arithmetic, fuel, pointOf(arithmetic, domain, i))
    const q = evaluator.div(evaluator.value(a), evaluator.value(b))
    const size = magnitude(arithmetic, q)
    if (!Number.isFinite(size) || size < 1e-12) continue
    count++
    if (ratio === undefined) ratio = q
    else if (magnitude(arithmetic, evaluator.sub(ratio, q)) > tolerance * size) return "none"
  }
  if (ratio === undefined || count < neededPoints) return "none"
  const re = arithmetic.number(ratio.re)
  if (Math.abs(arithmetic.number(ratio.im)) > 1e-9 * Math.abs(re)) return "complex"
  return re > 0 ? "positive" : "negative"
}

/** The real value of a constant as a double; undefined when it has none. */
export const realValue = (fuel: Fuel, e: Expression): number | undefined => {
  if (some(e, isName)) return undefined
  const value = new Evaluator(doubles, fuel, pointOf(doubles, "constant", 0)).value(e)
  if (!Number.isFinite(value.re) || Math.abs(value.im) > 1e-12 * (1 + Math.abs(value.re)))
    return undefined
  return value.re
}
