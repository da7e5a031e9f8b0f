import { type DataType, isNumberType, type NumberType } from "../../DataType.ts"
import { type Graph } from "../../Graph.ts"
import { type OperatorName } from "../../Operator.ts"
import { broadcastShapes, formatShape, type Shape } from "../../Shape.ts"
import { type Value } from "../../Value.ts"

/** The two values of a binary operator; a number takes the element type of the other. */
export const operands = (
  operator: OperatorName,
  a: Value<NumberType> | number,
  b: Value<NumberType> | number
): readonly [Value<NumberType>, Value<NumberType>] => {
  if (typeof a !== "number") {
    checkNumbers(operator, a)
    const other = typeof b === "number" ? a.graph.scalar(a.dtype, b) : b
    checkSameType(operator, a, other)
    return [a, other]
  }
  if (typeof b === "number") throw new TypeError(`${operator} needs at least one value of a graph`)
  checkNumbers(operator, b)
  return [b.graph.scalar(b.dtype, a), b]
}

/** Throws unless the elements are numbers; callers without the compiler's help need it. */
export const checkNumbers = (operator: OperatorName, value: Value): void => {
  if (!isNumberType(value.dtype)) {
    value.graph.failType(operator, `takes numbers and got ${value.dtype}; cast it first`)
  }
}

/** Throws unless both values have one element type. */
export const checkSameType = (operator: OperatorName, a: Value, b: Value): void => {
  if (a.dtype !== b.dtype) {
    a.graph.failType(operator, `takes one element type and got ${a.dtype} and ${b.dtype}; cast one`)
  }
}

/** Throws unless the value has the element type. */
export const checkType = (
  operator: OperatorName,
  value: Value,
  ...dtypes: Array<DataType>
): void => {
  if (!dtypes.includes(value.dtype)) {
    value.graph.failType(operator, `takes ${dtypes.join(" or ")} and got ${value.dtype}`)
  }
}

/** The shape of an element-wise operation on `a` and `b`. */
export const broadcast = (graph: Graph, operator: OperatorName, a: Shape, b: Shape): Shape => {
  const shape = broadcastShapes(a, b)
  if ("axis" in shape) {
    return graph.failShape(
      operator,
      `${formatShape(a)} and ${formatShape(b)} do not broadcast at axis ${shape.axis}; ` +
        "if the two dimensions are always equal, say so with Op.assumeShape"
    )
  }
  return shape
}

/** The axis counted from the front; throws when it is out of range. */
export const checkAxis = (
  graph: Graph,
  operator: OperatorName,
  axis: number,
  rank: number
): number => {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    return graph.fail(operator, `the axis ${axis} is outside a tensor of ${rank} dimensions`)
  }
  return axis < 0 ? axis + rank : axis
}

/** Axes counted from the front, ascending, without repetition. */
export const checkAxes = (
  graph: Graph,
  operator: OperatorName,
  axes: ReadonlyArray<number>,
  rank: number
): ReadonlyArray<number> =>
  [...new Set(axes.map((axis) => checkAxis(graph, operator, axis, rank)))].toSorted((a, b) => a - b)
