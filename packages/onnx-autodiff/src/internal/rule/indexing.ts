import { type FloatType, type IndexType, isIndexType } from "../../DataType.ts"
import { type Value } from "../../Value.ts"
import { cast } from "../op/elementwise.ts"
import { gather, gatherElements, scatterElements, scatterRows } from "../op/indexing.ts"
import { fill, squeeze, transpose } from "../op/layout.ts"
import { full, nonDifferentiable, rule } from "../Rule.ts"

const isIndex = (value: Value | undefined): value is Value<IndexType> =>
  value !== undefined && isIndexType(value.dtype)

const zerosLike = (value: Value<FloatType>): Value<FloatType> =>
  fill(value.graph, value.dtype, 0, value.shape, value)

/** Gradients of the operators that pick elements by their positions. */
export const indexingRules = {
  Gather: rule<"Gather">(({ g, node, x, y }) => {
    const indices = node.inputs[1]
    if (!isIndex(indices)) return []
    const axis = node.attributes.axis
    const table = x(0)
    // rows to the front, one update row for each index
    const front = (rank: number, from: number, count: number) => {
      const perm = Array.from({ length: rank }, (_, i) => i)
      perm.unshift(...perm.splice(from, count))
      return perm
    }
    const perm = front(table.rank, axis, 1)
    const shape = perm.map((i) => table.shape[i] ?? 1)
    const rows = transpose(full(g, y()), front(y().rank, axis, indices.rank))
    const zeros = fill(table.graph, table.dtype, 0, shape, axis === 0 ? table : undefined)
    const sum = scatterRows(zeros, cast(indices, "int64"), rows, { reduction: "add" })
    return [
      transpose(
        sum,
        perm.map((_, i) => perm.indexOf(i))
      )
    ]
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
  }),
  ScatterND: rule<"ScatterND">(({ g, needs, node, x, y }) => {
    const [, indices] = node.inputs
    if (!isIndex(indices)) return []
    const rows = squeeze(indices, [indices.rank - 1])
    const whole = full(g, y())
    const kept = () =>
      node.attributes.reduction === "add"
        ? g
        : scatterRows(whole, cast(rows, "int64"), zerosLike(x(2)))
    return [needs(0) ? kept() : undefined, undefined, needs(2) ? gather(whole, rows) : undefined]
  })
}
