import { type IndexType, isIndexType } from "../../DataType.ts"
import { productDim } from "../../Dim.ts"
import { type Node } from "../../Operator.ts"
import { equalShapes } from "../../Shape.ts"
import { type Value } from "../../Value.ts"
import {
  aligned,
  type Cotangent,
  full,
  isFloat,
  isUniform,
  scale,
  scaleByDim,
  uniform
} from "../Cotangent.ts"
import { cast, div, equal, exp, mul, neg, sub } from "../op/elementwise.ts"
import { scatterElements } from "../op/indexing.ts"
import { reshape, unsqueeze } from "../op/layout.ts"
import { reduceSum } from "../op/reduction.ts"
import { nonDifferentiable, rule } from "../Rule.ts"

type Reduction = "ReduceMax" | "ReduceMean" | "ReduceSum"

const axesOf = (node: Node<Reduction>): ReadonlyArray<number> => node.attributes.axes ?? []

// a tensor of the reduced shape with the reduced axes back as dimensions of length 1
const withAxes = (reduced: Cotangent, y: Value, node: Node<Reduction>): Cotangent => {
  if (isUniform(reduced)) return uniform(reduced)
  if (node.attributes.keepdims === 1) return reduced
  return unsqueeze(aligned(reduced, y), axesOf(node))
}

/** Gradients of the reductions and of what is normalised by them. */
export const reductionRules = {
  ArgMax: nonDifferentiable("its result is a position"),
  LogSoftmax: rule<"LogSoftmax">(({ g, node, y }) => {
    const { axis } = node.attributes
    const picked = scatteredAlone(g, axis)
    if (picked !== undefined) {
      // only some elements have a gradient: their sum is the whole sum, and they are added in place
      const total = reduceSum(picked.updates, { axes: [axis], keepDims: true })
      const rest = mul(exp(y()), neg(total))
      return [scatterElements(rest, picked.indices, picked.updates, { axis, reduction: "add" })]
    }
    const whole = full(g, y())
    const total = reduceSum(whole, { axes: [axis], keepDims: true })
    return [sub(whole, mul(exp(y()), total))]
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
    const { axis } = node.attributes
    const total =
      (axis === y().rank - 1 ? rowSumsOfProduct(g, y()) : undefined) ??
      reduceSum(mul(full(g, y()), y()), { axes: [axis], keepDims: true })
    return [mul(y(), sub(g, total))]
  })
}

// the gradient is zero but for elements that were picked along the axis
const scatteredAlone = (g: Cotangent, axis: number) => {
  if (g.source.kind !== "node" || g.source.node.operator !== "ScatterElements") return undefined
  const { attributes, inputs } = g.source.node
  const [data, indices, updates] = inputs
  const fits =
    "reduction" in attributes && attributes.reduction === "add" && attributes.axis === axis
  return fits && isIndex(indices) && isFloat(updates) && isZero(data)
    ? { indices, updates }
    : undefined
}

const isZero = (value: Value | undefined): boolean => {
  if (value?.source.kind !== "node" || !("value" in value.source.node.attributes)) return false
  return value.source.node.attributes.value.value === 0
}

/**
 * The sums of `g·p` over the last axis where `g = dO Vᵀ` is the gradient of `O = p V`: they are the
 * sums of `dO·O`, over the width of `V`, which is less than the length that `p` has. `undefined`
 * where the gradient came about otherwise. Source: Dao et al. 2022, "FlashAttention", section 3.
 */
const rowSumsOfProduct = (g: Cotangent, p: Cotangent): Cotangent | undefined => {
  const { source } = unreshaped(g)
  if (source.kind !== "node" || source.node.operator !== "FusedMatMul") return undefined
  const [up, v] = source.node.inputs
  if (
    !isFloat(up) ||
    v === undefined ||
    up.shape.slice(0, -2).some((dim, i) => dim !== v.shape[i])
  ) {
    return undefined
  }
  const product = p.graph.nodes.find(
    ({ inputs: [left, right], operator }) =>
      operator === "MatMul" &&
      right === v &&
      left !== undefined &&
      unreshaped(left) === unreshaped(p)
  )
  const [o] = product?.outputs ?? []
  if (!isFloat(o) || !equalShapes(o.shape, up.shape) || !isTransposedProduct(source.node)) {
    return undefined
  }
  const [width, length] = [o.shape.at(-1) ?? 1, p.shape.at(-1) ?? 1]
  if (typeof width === "number" && typeof length === "number" && length <= width) return undefined
  const sums = reduceSum(mul(up, o), { axes: [-1], keepDims: true })
  const rows = [...p.shape.slice(0, -1), 1]
  return productDim(rows) === productDim(sums.shape) ? reshape(sums, rows) : undefined
}

const unreshaped = (value: Value): Value => {
  const { source } = value
  const inner =
    source.kind === "node" && source.node.operator === "Reshape" && source.node.inputs[0]
  return inner ? unreshaped(inner) : value
}

// alpha·A·Bᵀ with alpha = 1
const isTransposedProduct = ({ attributes }: Node): boolean =>
  "transBatchA" in attributes &&
  attributes.alpha === 1 &&
  attributes.transB === 1 &&
  attributes.transA + attributes.transBatchA + attributes.transBatchB === 0

const isIndex = (value: Value | undefined): value is Value<IndexType> =>
  value !== undefined && isIndexType(value.dtype)

const withAxesOfValue = (y: Cotangent, node: Node<Reduction>): Cotangent =>
  node.attributes.keepdims === 1 ? y : unsqueeze(y, axesOf(node))
