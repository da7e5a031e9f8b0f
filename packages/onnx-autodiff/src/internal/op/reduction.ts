import { type FloatType, type NumberType } from "../../DataType.ts"
import { type Shape } from "../../Shape.ts"
import { type Value } from "../../Value.ts"
import { checkAxes, checkAxis, checkNumbers, checkType } from "./operands.ts"

/** Which axes a reduction removes. */
export interface ReduceOptions {
  /** The axes to reduce, negative ones counted from the end; all unless given. */
  readonly axes?: ReadonlyArray<number>
  /** Keep the reduced axes with length 1; false unless given. */
  readonly keepDims?: boolean
}

type Reduction = "ReduceMax" | "ReduceMean" | "ReduceSum"

const reduce = <D extends NumberType>(
  operator: Reduction,
  x: Value<D>,
  options: ReduceOptions
): Value<D> => {
  checkNumbers(operator, x)
  const keepDims = options.keepDims ?? false
  const all = x.shape.map((_, axis) => axis)
  const axes = checkAxes(x.graph, operator, options.axes ?? all, x.rank)
  if (axes.length === 0) return x
  const shape: Shape = keepDims
    ? x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim))
    : x.shape.filter((_, axis) => !axes.includes(axis))
  return x.graph.append(operator, [x], { keepdims: Number(keepDims), axes }, x.dtype, shape)
}

/** The sum over axes. */
export const reduceSum = <D extends NumberType>(
  x: Value<D>,
  options: ReduceOptions = {}
): Value<D> => reduce("ReduceSum", x, options)

/** The mean over axes. */
export const reduceMean = <D extends FloatType>(
  x: Value<D>,
  options: ReduceOptions = {}
): Value<D> => reduce("ReduceMean", x, options)

/** The largest element over axes; the gradient is shared evenly between equal maxima. */
export const reduceMax = <D extends NumberType>(
  x: Value<D>,
  options: ReduceOptions = {}
): Value<D> => reduce("ReduceMax", x, options)

/** The index of the largest element along an axis, which is removed; the first one where several
 * are equal. It has no gradient. */
export const argMax = <D extends NumberType>(x: Value<D>, axis = -1): Value<"int64"> => {
  checkNumbers("ArgMax", x)
  const at = checkAxis(x.graph, "ArgMax", axis, x.rank)
  const shape = x.shape.filter((_, i) => i !== at)
  return x.graph.append("ArgMax", [x], { axis: at, keepdims: 0 }, "int64", shape)
}

const normalise = <D extends FloatType>(
  operator: "Softmax" | "LogSoftmax",
  x: Value<D>,
  axis: number
): Value<D> => {
  checkType(operator, x, "float32", "float64")
  const at = checkAxis(x.graph, operator, axis, x.rank)
  return x.graph.append(operator, [x], { axis: at }, x.dtype, x.shape)
}

/** `exp(x) / Σ exp(x)` along an axis, computed without overflow. */
export const softmax = <D extends FloatType>(x: Value<D>, axis = -1): Value<D> =>
  normalise("Softmax", x, axis)

/** `x - log Σ exp(x)` along an axis, computed without overflow. */
export const logSoftmax = <D extends FloatType>(x: Value<D>, axis = -1): Value<D> =>
  normalise("LogSoftmax", x, axis)
