import { type DataType, type IndexType, type NumberType } from "../../DataType.ts"
import { type OperatorName } from "../../Operator.ts"
import { equalShapes, formatShape } from "../../Shape.ts"
import { type Value } from "../../Value.ts"
import { cast } from "./elementwise.ts"
import { checkAxis, checkSameType, checkType } from "./operands.ts"

/** How a scatter treats positions that are written more than once. */
export type ScatterReduction = "none" | "add"

/**
 * Rows of `x` along an axis: the result has the shape of `indices` in the place of that axis. With
 * `axis` 0 this is an embedding lookup, `[V, d]` at `[B, T]` → `[B, T, d]`. Negative indices count
 * from the end.
 */
export const gather = <D extends DataType>(
  x: Value<D>,
  indices: Value<IndexType>,
  axis = 0
): Value<D> => {
  checkType("Gather", indices, "int64", "int32")
  const at = checkAxis(x.graph, "Gather", axis, x.rank)
  const shape = [...x.shape.slice(0, at), ...indices.shape, ...x.shape.slice(at + 1)]
  return x.graph.append("Gather", [x, indices], { axis: at }, x.dtype, shape)
}

/**
 * One element of `x` for each element of `indices`, which address positions along `axis` and agree
 * with `x` in the other dimensions: `[B, T, V]` at `[B, T, 1]` → `[B, T, 1]` picks the
 * log-probability of each target.
 */
export const gatherElements = <D extends DataType>(
  x: Value<D>,
  indices: Value<IndexType>,
  axis = -1
): Value<D> => {
  checkType("GatherElements", indices, "int64", "int32")
  const at = checkAxis(x.graph, "GatherElements", axis, x.rank)
  checkOthers("GatherElements", x, indices, at)
  return x.graph.append("GatherElements", [x, indices], { axis: at }, x.dtype, indices.shape)
}

const checkOthers = (operator: OperatorName, x: Value, indices: Value, axis: number): void => {
  const fits =
    x.rank === indices.rank && x.shape.every((dim, i) => i === axis || dim === indices.shape[i])
  if (!fits) {
    x.graph.failShape(
      operator,
      `${formatShape(x.shape)} and indices ${formatShape(indices.shape)} differ outside axis ${axis}`
    )
  }
}

/** `data` with `updates` written (or added) at the positions that `gatherElements` would read. */
export const scatterElements = <D extends NumberType>(
  data: Value<D>,
  indices: Value<IndexType>,
  updates: Value<NoInfer<D>>,
  options: { readonly axis?: number; readonly reduction?: ScatterReduction } = {}
): Value<D> => {
  const graph = data.graph
  checkSameType("ScatterElements", data, updates)
  const at = checkAxis(graph, "ScatterElements", options.axis ?? -1, data.rank)
  checkOthers("ScatterElements", data, indices, at)
  if (!equalShapes(indices.shape, updates.shape)) {
    graph.failShape(
      "ScatterElements",
      `indices ${formatShape(indices.shape)} and updates ${formatShape(updates.shape)} differ`
    )
  }
  const attributes = { axis: at, reduction: options.reduction ?? "none" }
  return graph.append(
    "ScatterElements",
    [data, indices, updates],
    attributes,
    data.dtype,
    data.shape
  )
}

/** A new last dimension of length `depth` that is 1 at the index and 0 elsewhere; a negative index
 * counts from the end. */
export const oneHot = <D extends NumberType>(
  indices: Value<IndexType>,
  depth: number,
  dtype: D
): Value<D> => {
  checkType("OneHot", indices, "int64", "int32")
  const graph = indices.graph
  // onnxruntime has kernels for few combinations of element types; this is one of them
  const inputs = [
    cast(indices, "int64"),
    graph.constant("int64", [depth]),
    graph.constant("float32", [0, 1])
  ]
  const shape = [...indices.shape, depth]
  return cast(graph.append("OneHot", inputs, { axis: -1 }, "float32", shape), dtype)
}
