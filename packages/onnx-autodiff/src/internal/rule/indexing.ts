import { type FloatType, type IndexType, isIndexType } from "../../DataType.ts"
import { type Dim, productDim } from "../../Dim.ts"
import { type Value } from "../../Value.ts"
import { full } from "../Cotangent.ts"
import { gatherElements, oneHot, scatterElements } from "../op/indexing.ts"
import { expand, fill, reshape, transpose, unsqueeze } from "../op/layout.ts"
import { matMul } from "../op/linearAlgebra.ts"
import { nonDifferentiable, rule } from "../Rule.ts"

const isIndex = (value: Value | undefined): value is Value<IndexType> =>
  value !== undefined && isIndexType(value.dtype)

const zerosLike = (value: Value<FloatType>): Value<FloatType> =>
  fill(value.graph, value.dtype, 0, value.shape, value)

/**
 * Longest table whose gradient is a product with one-hot rows. The product runs on every core and
 * `ScatterElements` on one, but its cost grows with the length of the table. One core, onnxruntime
 * 1.30, 4096 rows of 128, milliseconds, product against scatter: 80 rows 1.0 / 1.9, 1000 rows
 * 11.8 / 2.4, 8000 rows 99 / 3.5, 50000 rows - / 5.8. `ScatterND` with addition takes 0.1 to 1.9 but
 * is wrong now and then: its threads race where an index occurs twice.
 */
const longestOneHot = 256

// the sum of the rows of `updates` [N, width] that belong to each index 0 … length - 1
const sumOfRows = (
  indices: Value<IndexType>,
  updates: Value<FloatType>,
  length: Dim
): Value<FloatType> => {
  const { graph } = updates
  if (typeof length === "number" && length <= longestOneHot) {
    return matMul(oneHot(indices, length, updates.dtype), updates, { transA: true })
  }
  const zeros = fill(graph, updates.dtype, 0, [length, ...updates.shape.slice(1)])
  const targets = expand(unsqueeze(indices, [1]), updates.shape, updates)
  return scatterElements(zeros, targets, updates, { axis: 0, reduction: "add" })
}

/** Gradients of the operators that pick elements by their positions. */
export const indexingRules = {
  Gather: rule<"Gather">(({ g, node, x, y }) => {
    const indices = node.inputs[1]
    if (!isIndex(indices)) return []
    const { axis } = node.attributes
    const table = x(0)
    // the gathered axis to the front
    const perm = [axis, ...table.shape.map((_, i) => i).filter((i) => i !== axis)]
    const shape = perm.map((i) => table.shape[i] ?? 1)
    const width = productDim(shape.slice(1))
    const count = productDim(indices.shape)
    const places = y().shape.map((_, i) => i)
    const front = [...places.splice(axis, indices.rank), ...places]
    const updates = reshape(transpose(full(g, y()), front), [count, width])
    const sum = sumOfRows(reshape(indices, [count]), updates, shape[0] ?? 1)
    const back = table.shape.map((_, i) => perm.indexOf(i))
    return [transpose(reshape(sum, shape), back)]
  }),
  GatherElements: rule<"GatherElements">(({ g, node, x, y }) => {
    const indices = node.inputs[1]
    if (!isIndex(indices)) return []
    const { axis } = node.attributes
    return [scatterElements(zerosLike(x(0)), indices, full(g, y()), { axis, reduction: "add" })]
  }),
  OneHot: nonDifferentiable("its operand is a position"),
  ScatterElements: rule<"ScatterElements">(({ g, needs, node, x, y }) => {
    const indices = node.inputs[1]
    if (!isIndex(indices)) return []
    const { axis, reduction } = node.attributes
    const whole = full(g, y())
    const kept = () =>
      reduction === "add" ? g : scatterElements(whole, indices, zerosLike(x(2)), { axis })
    return [
      needs(0) ? kept() : undefined,
      undefined,
      needs(2) ? gatherElements(whole, indices, axis) : undefined
    ]
  })
}
