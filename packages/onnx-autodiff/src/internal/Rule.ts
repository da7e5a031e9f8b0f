import { type FloatType, isFloatType } from "../DataType.ts"
import { type Dim, productDim } from "../Dim.ts"
import { NotDifferentiable } from "../GraphError.ts"
import { type Node, type OperatorName } from "../Operator.ts"
import { equalShapes, type Shape } from "../Shape.ts"
import { type Value } from "../Value.ts"
import { cast, mul } from "./op/elementwise.ts"
import { expand, reshapeLike, squeeze, unsqueeze } from "./op/layout.ts"
import { reduceSum } from "./op/reduction.ts"

/**
 * The gradient of the loss with respect to a value. Its shape only has to broadcast to that of the
 * value: the gradient of a sum stays one number until an operator needs the elements.
 */
export type Cotangent = Value<FloatType>

/** What a rule sees of the node that it differentiates. */
export interface RuleContext<K extends OperatorName> {
  readonly node: Node<K>
  /** The gradient with respect to each output; `undefined` is zero. One at least is there. */
  readonly cotangents: ReadonlyArray<Cotangent | undefined>
  /** The gradient with respect to the first output. */
  readonly g: Cotangent
  /** Whether the gradient with respect to this input is wanted. */
  readonly needs: (input: number) => boolean
  /** An input that is a tensor of floating-point numbers. */
  readonly x: (input: number) => Value<FloatType>
  /** An output that is a tensor of floating-point numbers. */
  readonly y: (output?: number) => Value<FloatType>
}

/** The gradient with respect to each input; `undefined` where it is zero or not wanted. */
export type Rule<K extends OperatorName> = (
  context: RuleContext<K>
) => ReadonlyArray<Cotangent | undefined>

/** What is known about the gradient of an operator. */
export type Entry<K extends OperatorName> =
  | { readonly kind: "rule"; readonly rule: Rule<K> }
  | { readonly kind: "zero"; readonly reason: string }
  | { readonly kind: "none"; readonly reason: string }

/** One entry for every operator of the builder. */
export type RuleTable = { readonly [K in OperatorName]: Entry<K> }

/** The operator has this gradient. */
export const rule = <K extends OperatorName>(apply: Rule<K>): Entry<K> => ({
  kind: "rule",
  rule: apply
})

/** No gradient flows through the operator: it is zero wherever it exists, or by definition. */
export const zero = (reason: string) => ({ kind: "zero", reason }) as const

/** The operator has no gradient here; a differentiable path through it is an error. */
export const nonDifferentiable = (reason: string) => ({ kind: "none", reason }) as const

/** Throws the error for a differentiable path through a node that has no gradient. */
export const refuse = (node: Node, reason: string): never => {
  throw new NotDifferentiable({
    operator: node.operator,
    node: node.name,
    reason,
    message:
      `the loss depends on its parameters through ${node.name}, which has no gradient ` +
      `(${reason}); use another operator or Op.stopGradient`
  })
}

/** Narrows a value to one that can carry a gradient. */
export const isFloat = (value: Value | undefined): value is Value<FloatType> =>
  value !== undefined && isFloatType(value.dtype)

/** The number in a constant of one element. */
const constantNumber = (value: Value): number | undefined =>
  value.source.kind === "constant" && value.source.data.length === 1
    ? Number(value.source.data[0])
    : undefined

const alignRank = (g: Cotangent, rank: number): Cotangent =>
  g.rank >= rank
    ? g
    : unsqueeze(
        g,
        Array.from({ length: rank - g.rank }, (_, axis) => axis)
      )

/** The gradient with one dimension for each of the value's, each either the value's or 1. */
export const aligned = (g: Cotangent, value: Value): Cotangent => alignRank(g, value.rank)

/** Whether the gradient is one number for the whole tensor. */
export const isUniform = (g: Cotangent): boolean => g.shape.every((dim) => dim === 1)

/** The one number as a tensor of shape `[]`. */
export const uniform = (g: Cotangent): Cotangent =>
  squeeze(
    g,
    g.shape.map((_, axis) => axis)
  )

/** The gradient with every element present. */
export const full = (g: Cotangent, value: Value): Cotangent => expand(g, value.shape, value)

/** `a · b`, with multiplications by 1 and by known numbers folded. */
export const times = (a: Cotangent, b: Cotangent): Cotangent => {
  const x = constantNumber(a)
  const y = constantNumber(b)
  if (x === 1 && a.rank <= b.rank) return b
  if (y === 1 && b.rank <= a.rank) return a
  if (x !== undefined && y !== undefined && a.rank === 0 && b.rank === 0) {
    return a.graph.scalar(a.dtype, x * y)
  }
  return mul(a, b)
}

/** `x · factor`. */
export const scale = (x: Cotangent, factor: number): Cotangent =>
  factor === 1 ? x : times(x, x.graph.scalar(x.dtype, factor))

/** `x` times a dimension that may only be known at run time. */
export const scaleByDim = (x: Cotangent, dim: Dim): Cotangent =>
  typeof dim === "number" ? scale(x, dim) : times(x, cast(squeeze(x.graph.dim(dim), [0]), x.dtype))

/**
 * The gradient with respect to an operand that was broadcast from `target` to `result`: the sum over
 * the repeated axes. Nothing is built where nothing was repeated.
 */
export const sumTo = (g: Cotangent, result: Shape, target: Shape): Cotangent => {
  if (equalShapes(result, target)) return g
  const offset = result.length - target.length
  const whole = alignRank(g, result.length)
  const repeated = result.flatMap((dim, axis) =>
    dim !== 1 && (axis < offset || target[axis - offset] === 1) ? [axis] : []
  )
  const summed = repeated.filter((axis) => whole.shape[axis] !== 1)
  const leading = Array.from({ length: offset }, (_, axis) => axis)
  const simple = leading.every((axis) => summed.includes(axis)) && summed.length === offset
  const kept = reduceSum(whole, { axes: summed, keepDims: !simple })
  const dropped = simple ? kept : squeeze(kept, leading)
  // an axis that the gradient has not spread over counts as often as it is long
  const missing = repeated.filter((axis) => whole.shape[axis] === 1)
  return scaleByDim(dropped, productDim(missing.map((axis) => result[axis] ?? 1)))
}

/** The gradient under the shape of `value`, whose elements it has in the same order. */
export const reshapeTo = (g: Cotangent, value: Value): Cotangent => reshapeLike(g, value)
