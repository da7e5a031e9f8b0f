export { type DataType, type FloatType, type NumberType, type TypedArrayOf } from "./DataType.ts"
export { type Dim } from "./Dim.ts"
export { differentiability, type Differentiability, operatorNames } from "./differentiability.ts"
export { gradient, type GradientOptions } from "./gradient.ts"
export { Graph } from "./Graph.ts"
export {
  ArgumentError,
  DataTypeError,
  GraphError,
  isGraphError,
  ModelTooLarge,
  NotDifferentiable,
  ShapeError
} from "./GraphError.ts"
export { type RuleTable } from "./internal/Rule.ts"
export * as Op from "./Op.ts"
export { type Node, type OperatorName } from "./Operator.ts"
export { serialize, type SerializeOptions } from "./serialize.ts"
export { type Shape } from "./Shape.ts"
export { Value } from "./Value.ts"
