/**
 * The operators as functions on `Value`s. Each checks element types and shapes, infers the shape of
 * its result, and adds at most a few nodes to the graph of its operands; the same call twice gives
 * the same value.
 */
export * from "./internal/op/elementwise.ts"
export * from "./internal/op/fused.ts"
export * from "./internal/op/indexing.ts"
export {
  assumeShape,
  concat,
  expand,
  fill,
  identity,
  pad,
  type PadOptions,
  range,
  reshape,
  shapeOf,
  slice,
  type SliceOptions,
  split,
  squeeze,
  stopGradient,
  transpose,
  unsqueeze
} from "./internal/op/layout.ts"
export { matMul, type MatMulOptions } from "./internal/op/linearAlgebra.ts"
export * from "./internal/op/reduction.ts"
