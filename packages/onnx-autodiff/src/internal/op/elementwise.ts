import { type DataType, type FloatType, type NumberType } from "../../DataType.ts"
import { type Value } from "../../Value.ts"
import { dataTypeCode } from "../dataTypeCode.ts"
import { broadcast, checkNumbers, checkSameType, checkType, operands } from "./operands.ts"

type PlainBinary = "Add" | "Sub" | "Mul" | "Div" | "Min" | "Max"
type Comparison = "Equal" | "Less" | "LessOrEqual" | "Greater" | "GreaterOrEqual"
type FloatUnary = "Exp" | "Log" | "Reciprocal" | "Sigmoid" | "Sqrt" | "Tanh"

/** A binary operator on numbers, with broadcasting. A plain number stands for a scalar constant of
 * the other operand's element type; two element types or two shapes that do not fit are errors. */
export interface Binary {
  <D extends NumberType>(a: Value<D>, b: Value<NoInfer<D>> | number): Value<D>
  <D extends NumberType>(a: number, b: Value<D>): Value<D>
}

/** A comparison of numbers, with broadcasting; it has no gradient. */
export interface Compare {
  <D extends NumberType>(a: Value<D>, b: Value<NoInfer<D>> | number): Value<"bool">
  <D extends NumberType>(a: number, b: Value<D>): Value<"bool">
}

/** An element-wise function of floating-point numbers. */
export type Unary = <D extends FloatType>(x: Value<D>) => Value<D>

// `neutral` is the plain number that leaves the other operand as it is
const binary = (
  operator: PlainBinary,
  neutral: { readonly left?: number; readonly right?: number } = {}
): Binary => {
  function apply<D extends NumberType>(a: Value<D>, b: Value<NoInfer<D>> | number): Value<D>
  function apply<D extends NumberType>(a: number, b: Value<D>): Value<D>
  function apply(a: Value<NumberType> | number, b: Value<NumberType> | number): Value<NumberType> {
    if (typeof a === "number" && typeof b !== "number" && a === neutral.left) return b
    if (typeof b === "number" && typeof a !== "number" && b === neutral.right) return a
    const [x, y] = operands(operator, a, b)
    const shape = broadcast(x.graph, operator, x.shape, y.shape)
    return x.graph.append(operator, [x, y], {}, x.dtype, shape)
  }
  return apply
}

const compare = (operator: Comparison): Compare => {
  function apply<D extends NumberType>(a: Value<D>, b: Value<NoInfer<D>> | number): Value<"bool">
  function apply<D extends NumberType>(a: number, b: Value<D>): Value<"bool">
  function apply(a: Value<NumberType> | number, b: Value<NumberType> | number): Value<"bool"> {
    const [x, y] = operands(operator, a, b)
    const shape = broadcast(x.graph, operator, x.shape, y.shape)
    return x.graph.append(operator, [x, y], {}, "bool", shape)
  }
  return apply
}

const unary =
  (operator: FloatUnary): Unary =>
  (x) => {
    checkType(operator, x, "float32", "float64")
    return x.graph.append(operator, [x], {}, x.dtype, x.shape)
  }

const numberUnary = <D extends NumberType>(
  operator: "Abs" | "Neg" | "Relu" | "Sign",
  x: Value<D>
): Value<D> => {
  checkNumbers(operator, x)
  return x.graph.append(operator, [x], {}, x.dtype, x.shape)
}

const logic = (operator: "And" | "Or", a: Value<"bool">, b: Value<"bool">): Value<"bool"> => {
  checkType(operator, a, "bool")
  checkType(operator, b, "bool")
  return a.graph.append(
    operator,
    [a, b],
    {},
    "bool",
    broadcast(a.graph, operator, a.shape, b.shape)
  )
}

/** `a + b`. */
export const add: Binary = binary("Add", { left: 0, right: 0 })
/** `a - b`. */
export const sub: Binary = binary("Sub", { right: 0 })
/** `a * b`. */
export const mul: Binary = binary("Mul", { left: 1, right: 1 })
/** `a / b`; integers divide towards zero. */
export const div: Binary = binary("Div", { right: 1 })
/** The smaller of `a` and `b`; where they are equal the gradient goes to `a`. */
export const min: Binary = binary("Min")
/** The larger of `a` and `b`; where they are equal the gradient goes to `a`. */
export const max: Binary = binary("Max")

/** `a = b`. */
export const equal: Compare = compare("Equal")
/** `a < b`. */
export const less: Compare = compare("Less")
/** `a ≤ b`. */
export const lessOrEqual: Compare = compare("LessOrEqual")
/** `a > b`. */
export const greater: Compare = compare("Greater")
/** `a ≥ b`. */
export const greaterOrEqual: Compare = compare("GreaterOrEqual")

/** Logical and, with broadcasting. */
export const and = (a: Value<"bool">, b: Value<"bool">): Value<"bool"> => logic("And", a, b)
/** Logical or, with broadcasting. */
export const or = (a: Value<"bool">, b: Value<"bool">): Value<"bool"> => logic("Or", a, b)
/** Logical not. */
export const not = (x: Value<"bool">): Value<"bool"> => {
  checkType("Not", x, "bool")
  return x.graph.append("Not", [x], {}, "bool", x.shape)
}

/** The error function; onnxruntime has it in float32 only. */
export const erf = (x: Value<"float32">): Value<"float32"> => {
  checkType("Erf", x, "float32")
  return x.graph.append("Erf", [x], {}, x.dtype, x.shape)
}
/** `eˣ`. */
export const exp: Unary = unary("Exp")
/** The natural logarithm. */
export const log: Unary = unary("Log")
/** `1 / x`. */
export const reciprocal: Unary = unary("Reciprocal")
/** `1 / (1 + e⁻ˣ)`. */
export const sigmoid: Unary = unary("Sigmoid")
/** The square root. */
export const sqrt: Unary = unary("Sqrt")
/** The hyperbolic tangent. */
export const tanh: Unary = unary("Tanh")

/** `|x|`; the gradient at 0 is 0. */
export const abs = <D extends NumberType>(x: Value<D>): Value<D> => numberUnary("Abs", x)
/** `-x`. */
export const neg = <D extends NumberType>(x: Value<D>): Value<D> => numberUnary("Neg", x)
/** `max(x, 0)`; the gradient at 0 is 0. */
export const relu = <D extends NumberType>(x: Value<D>): Value<D> => numberUnary("Relu", x)
/** -1, 0 or 1; its gradient is zero. */
export const sign = <D extends NumberType>(x: Value<D>): Value<D> => numberUnary("Sign", x)

/** `x` to a constant power. */
export const pow = <D extends FloatType>(x: Value<D>, exponent: number): Value<D> => {
  checkType("Pow", x, "float32", "float64")
  return x.graph.append("Pow", [x], { exponent }, x.dtype, x.shape)
}

/** `x` limited to `[min, max]`; an absent bound does not limit. The gradient is 1 inside the bounds,
 * the bounds included, else 0. */
export const clip = <D extends FloatType>(
  x: Value<D>,
  bounds: { readonly min?: number; readonly max?: number }
): Value<D> => {
  checkType("Clip", x, "float32", "float64")
  const attributes = { min: bounds.min ?? null, max: bounds.max ?? null }
  return x.graph.append("Clip", [x], attributes, x.dtype, x.shape)
}

/** `a` where the condition holds, else `b`, with broadcasting. A plain number stands for a scalar
 * constant. */
export function where<D extends NumberType>(
  condition: Value<"bool">,
  a: Value<D>,
  b: Value<NoInfer<D>> | number
): Value<D>
export function where<D extends NumberType>(
  condition: Value<"bool">,
  a: number,
  b: Value<D>
): Value<D>
export function where(
  condition: Value<"bool">,
  a: Value<NumberType> | number,
  b: Value<NumberType> | number
): Value<NumberType> {
  const [x, y] = operands("Where", a, b)
  checkType("Where", condition, "bool")
  checkSameType("Where", x, y)
  const graph = x.graph
  const branches = broadcast(graph, "Where", x.shape, y.shape)
  const shape = broadcast(graph, "Where", condition.shape, branches)
  return graph.append("Where", [condition, x, y], {}, x.dtype, shape)
}

/** The same numbers in another element type. Between floating-point types it has a gradient. */
export const cast = <D extends DataType>(x: Value, dtype: D): Value<D> =>
  isOfType(x, dtype) ? x : x.graph.append("Cast", [x], { to: dataTypeCode[dtype] }, dtype, x.shape)

const isOfType = <D extends DataType>(x: Value, dtype: D): x is Value<D> => x.dtype === dtype

/** Whether each element is not a number. */
export const isNaN = <D extends FloatType>(x: Value<D>): Value<"bool"> =>
  x.graph.append("IsNaN", [x], {}, "bool", x.shape)

/** Whether each element is infinite. */
export const isInf = <D extends FloatType>(x: Value<D>): Value<"bool"> =>
  x.graph.append("IsInf", [x], {}, "bool", x.shape)
