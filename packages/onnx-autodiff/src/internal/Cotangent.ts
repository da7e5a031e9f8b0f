import { type FloatType, isFloatType } from "../DataType.ts"
import { type Dim, productDim } from "../Dim.ts"
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
