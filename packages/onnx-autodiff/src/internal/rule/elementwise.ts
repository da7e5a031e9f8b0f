import { type OperatorName } from "../../Operator.ts"
import { type Value } from "../../Value.ts"
import { scale, sumTo, times, type Cotangent } from "../Cotangent.ts"
import {
  cast,
  div,
  equal,
  exp,
  greater,
  lessOrEqual,
  mul,
  neg,
  pow,
  sign,
  sub,
  where
} from "../op/elementwise.ts"
import { nonDifferentiable, type RuleContext, rule, zero } from "../Rule.ts"

const isBool = (value: Value): value is Value<"bool"> => value.dtype === "bool"

const logical = nonDifferentiable("its result is true or false")

// the gradients of two operands that were broadcast to the result
const both = <K extends OperatorName>(
  { needs, x, y }: RuleContext<K>,
  left: () => Cotangent,
  right: () => Cotangent
) => [
  needs(0) ? sumTo(left(), y().shape, x(0).shape) : undefined,
  needs(1) ? sumTo(right(), y().shape, x(1).shape) : undefined
]

/** Gradients of the element-wise operators. */
export const elementwiseRules = {
  Abs: rule<"Abs">(({ g, x }) => [times(g, sign(x(0)))]),
  Add: rule<"Add">((c) =>
    both(
      c,
      () => c.g,
      () => c.g
    )
  ),
  And: logical,
  Cast: rule<"Cast">(({ g, x }) => [cast(g, x(0).dtype)]),
  // inside the bounds, the bounds included, the result is the operand itself
  Clip: rule<"Clip">(({ g, x, y }) => [where(equal(x(0), y()), g, 0)]),
  Div: rule<"Div">((c) =>
    both(
      c,
      () => div(c.g, c.x(1)),
      () => neg(times(div(c.g, c.x(1)), c.y()))
    )
  ),
  Equal: logical,
  Erf: rule<"Erf">(({ g, x }) => [
    times(g, scale(exp(neg(mul(x(0), x(0)))), 2 / Math.sqrt(Math.PI)))
  ]),
  Exp: rule<"Exp">(({ g, y }) => [times(g, y())]),
  Greater: logical,
  GreaterOrEqual: logical,
  IsInf: logical,
  IsNaN: logical,
  Less: logical,
  LessOrEqual: logical,
  Log: rule<"Log">(({ g, x }) => [div(g, x(0))]),
  Max: rule<"Max">((c) => {
    const left = lessOrEqual(c.x(1), c.x(0))
    return both(
      c,
      () => where(left, c.g, 0),
      () => where(left, 0, c.g)
    )
  }),
  Min: rule<"Min">((c) => {
    const left = lessOrEqual(c.x(0), c.x(1))
    return both(
      c,
      () => where(left, c.g, 0),
      () => where(left, 0, c.g)
    )
  }),
  Mul: rule<"Mul">((c) =>
    both(
      c,
      () => times(c.g, c.x(1)),
      () => times(c.g, c.x(0))
    )
  ),
  Neg: rule<"Neg">(({ g }) => [neg(g)]),
  Not: logical,
  Or: logical,
  Pow: rule<"Pow">(({ g, node, x }) => {
    const exponent = node.attributes.exponent ?? 1
    if (exponent === 0) return [undefined]
    if (exponent === 1) return [g]
    const rest = exponent === 2 ? x(0) : pow(x(0), exponent - 1)
    return [times(scale(g, exponent), rest)]
  }),
  Reciprocal: rule<"Reciprocal">(({ g, y }) => [neg(times(g, mul(y(), y())))]),
  Relu: rule<"Relu">(({ g, y }) => [where(greater(y(), 0), g, 0)]),
  Sigmoid: rule<"Sigmoid">(({ g, y }) => [times(g, mul(y(), sub(1, y())))]),
  Sign: zero("it is constant on both sides of 0"),
  Sqrt: rule<"Sqrt">(({ g, y }) => [div(scale(g, 0.5), y())]),
  Sub: rule<"Sub">((c) =>
    both(
      c,
      () => c.g,
      () => neg(c.g)
    )
  ),
  Tanh: rule<"Tanh">(({ g, y }) => [times(g, sub(1, mul(y(), y())))]),
  Where: rule<"Where">(({ g, needs, node, x, y }) => {
    const [condition] = node.inputs
    if (condition === undefined || !isBool(condition)) return []
    return [
      undefined,
      needs(1) ? sumTo(where(condition, g, 0), y().shape, x(1).shape) : undefined,
      needs(2) ? sumTo(where(condition, 0, g), y().shape, x(2).shape) : undefined
    ]
  })
}
