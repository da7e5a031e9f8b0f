import { productDim } from "../../Dim.ts"
import { type Node } from "../../Operator.ts"
import { type Value } from "../../Value.ts"
import { cast, div, equal, exp, mul, sub } from "../op/elementwise.ts"
import { unsqueeze } from "../op/layout.ts"
import { reduceSum } from "../op/reduction.ts"
import {
  aligned,
  type Cotangent,
  full,
  isUniform,
  nonDifferentiable,
  rule,
  scale,
  scaleByDim,
  times,
  uniform
} from "../Rule.ts"

type Reduction = "ReduceMax" | "ReduceMean" | "ReduceSum"

const axesOf = (node: Node<Reduction>): ReadonlyArray<number> => node.attributes.axes ?? []

// a tensor of the reduced shape with the reduced axes back as dimensions of length 1
const withAxes = <V extends Cotangent>(reduced: V, y: Value, node: Node<Reduction>): Cotangent => {
  if (isUniform(reduced)) return uniform(reduced)
  if (node.attributes.keepdims === 1) return reduced
  return unsqueeze(aligned(reduced, y), axesOf(node))
}

/** Gradients of the reductions and of what is normalised by them. */
export const reductionRules = {
  ArgMax: nonDifferentiable("its result is a position"),
  LogSoftmax: rule<"LogSoftmax">(({ g, node, y }) => {
    const total = reduceSum(full(g, y()), { axes: [node.attributes.axis], keepDims: true })
    return [sub(full(g, y()), times(exp(y()), total))]
  }),
  // equal maxima share the gradient
  ReduceMax: rule<"ReduceMax">(({ g, node, x, y }) => {
    const largest = withAxesOfValue(y(), node)
    const mask = cast(equal(x(0), largest), x(0).dtype)
    const count = reduceSum(mask, { axes: axesOf(node), keepDims: true })
    return [mul(mask, div(withAxes(g, y(), node), count))]
  }),
  ReduceMean: rule<"ReduceMean">(({ g, node, x, y }) => {
    const count = productDim(axesOf(node).map((axis) => x(0).shape[axis] ?? 1))
    const whole = withAxes(g, y(), node)
    return [
      typeof count === "number"
        ? scale(whole, 1 / count)
        : div(whole, scaleByDim(whole.graph.scalar(whole.dtype, 1), count))
    ]
  }),
  ReduceSum: rule<"ReduceSum">(({ g, node, y }) => [withAxes(g, y(), node)]),
  Softmax: rule<"Softmax">(({ g, node, y }) => {
    const weighted = times(full(g, y()), y())
    const total = reduceSum(weighted, { axes: [node.attributes.axis], keepDims: true })
    return [mul(y(), sub(g, total))]
  })
}

const withAxesOfValue = (y: Cotangent, node: Node<Reduction>): Cotangent =>
  node.attributes.keepdims === 1 ? y : unsqueeze(y, axesOf(node))
