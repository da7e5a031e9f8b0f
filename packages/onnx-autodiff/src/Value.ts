import { type DataType, type TypedArrayOf } from "./DataType.ts"
import { type Graph } from "./Graph.ts"
import { type Node } from "./Operator.ts"
import { type Shape } from "./Shape.ts"

/** Where a value comes from. */
export type Source =
  | { readonly kind: "input"; readonly name: string }
  | { readonly kind: "constant"; readonly data: TypedArrayOf[DataType] }
  | { readonly kind: "node"; readonly node: Node; readonly index: number }

/**
 * A handle to one tensor of a graph: its element type, its symbolic shape, and where it comes from.
 * Made by `Graph.input`, `Graph.constant` and the functions of `Op`; it holds no numbers of its own
 * unless it is a constant.
 */
export class Value<out D extends DataType = DataType> {
  readonly graph: Graph
  readonly id: number
  readonly dtype: D
  readonly shape: Shape
  readonly source: Source

  constructor(graph: Graph, id: number, dtype: D, shape: Shape, source: Source) {
    this.graph = graph
    this.id = id
    this.dtype = dtype
    this.shape = shape
    this.source = source
  }

  /** Number of dimensions. */
  get rank(): number {
    return this.shape.length
  }
}
