import { type DataType, type NumberType } from "../../DataType.ts"
import { type Dim, divideDim, isSymbol, productDim, subtractDim, sumDim } from "../../Dim.ts"
import { type Graph } from "../../Graph.ts"
import { type OperatorName } from "../../Operator.ts"
import { equalShapes, formatShape, type Shape } from "../../Shape.ts"
import { type Value } from "../../Value.ts"
import { broadcast, checkAxes, checkAxis, checkSameType } from "./operands.ts"

// the 1-D int64 tensor of the entries: one constant where all are numbers
const shapeTensor = (graph: Graph, entries: ReadonlyArray<Dim>): Value<"int64"> => {
  const numbers = entries.filter((entry) => typeof entry === "number")
  if (numbers.length === entries.length) return graph.constant("int64", numbers)
  const parts: Array<Value<"int64">> = []
  let run: Array<number> = []
  const flush = () => {
    if (run.length > 0) parts.push(graph.constant("int64", run))
    run = []
  }
  for (const entry of entries) {
    if (typeof entry === "number") run.push(entry)
    else {
      flush()
      parts.push(graph.dim(entry))
    }
  }
  flush()
  return concat(parts, 0)
}

const canonicalShape = (graph: Graph, operator: OperatorName, shape: Shape): Shape =>
  shape.map((dim) => {
    if (typeof dim === "number" && dim >= 0) return dim
    try {
      return sumDim([dim])
    } catch {
      return graph.failShape(operator, `"${dim}" is no dimension; use a number, "B" or "B*T"`)
    }
  })

/**
 * The same elements, in row-major order, under another shape. In `shape`, 0 copies the dimension at
 * that place, -1 (once) stands for what is left, and a symbol or expression names the result's
 * dimension (`["B*T", 128]`, `[0, 0, 4, 32]`, `["B", "T", 128]`); a symbol that the graph does not
 * know yet may be used once, in the place of -1. `like` is a tensor of the resulting shape, which
 * saves nodes when two or more dimensions must be read at run time. The operator costs no copy.
 */
export const reshape = <D extends DataType>(
  x: Value<D>,
  shape: ReadonlyArray<Dim>,
  like?: Value
): Value<D> => reshapeWith(x, shape, like, false)

/** `reshape` to the shape of `like`, which is known to have as many elements. */
export const reshapeLike = <D extends DataType>(x: Value<D>, like: Value): Value<D> =>
  reshapeWith(x, like.shape, like, true)

const reshapeWith = <D extends DataType>(
  x: Value<D>,
  shape: ReadonlyArray<Dim>,
  like: Value | undefined,
  trusted: boolean
): Value<D> => {
  const graph = x.graph
  const entries = shape.map((dim, axis) => {
    if (dim === -1) return -1
    if (dim !== 0) return canonicalShape(graph, "Reshape", [dim])[0] ?? dim
    return (
      x.shape[axis] ??
      graph.failShape(
        "Reshape",
        `entry ${axis} copies a dimension that ${formatShape(x.shape)} lacks`
      )
    )
  })
  const unknown = entries.flatMap((dim, axis) =>
    dim === -1 || (isSymbol(dim) && !graph.knows(dim)) ? [axis] : []
  )
  const [left] = unknown
  if (unknown.length > 1) {
    graph.failShape("Reshape", `${formatShape(shape)} leaves more than one dimension open`)
  }
  const total = productDim(x.shape)
  const given = productDim(entries.filter((_, axis) => axis !== left))
  const result: Shape = entries.map((dim, axis) =>
    axis !== left || dim !== -1 ? dim : (divideDim(total, given) ?? graph.freshSymbol())
  )
  const wrong =
    left === undefined
      ? total !== given
      : typeof total === "number" &&
        typeof given === "number" &&
        (given === 0 ? total !== 0 : total % given !== 0)
  if (wrong && !trusted) {
    graph.failShape(
      "Reshape",
      `${formatShape(x.shape)} has ${total} elements, which are not known to fill ${formatShape(shape)}`
    )
  }
  if (equalShapes(result, x.shape)) return x
  // at run time: numbers stay, an unmoved dimension is 0 ("copy"), one other may be -1
  const requests = result.map((dim, axis) =>
    typeof dim === "number" ? dim : dim === x.shape[axis] ? 0 : dim
  )
  const open = requests.flatMap((dim, axis) => (typeof dim === "number" ? [] : [axis]))
  const free = left !== undefined && open.includes(left) ? left : open.at(-1)
  const target =
    open.length > 1 && like !== undefined && equalShapes(like.shape, result)
      ? shapeOf(like)
      : shapeTensor(
          graph,
          requests.map((dim, axis) => (axis === free ? -1 : dim))
        )
  return graph.append("Reshape", [x, target], {}, x.dtype, result)
}

/**
 * The same tensor under a shape that the caller knows to be equal at run time, to tell the builder
 * that two symbols are one: `assumeShape(keys, ["B", "S", 64])` where the builder knows `"P+T"`.
 * A wrong claim surfaces as an error of onnxruntime, or as wrong broadcasting gradients.
 */
export const assumeShape = <D extends DataType>(x: Value<D>, shape: Shape): Value<D> => {
  const graph = x.graph
  const result = canonicalShape(graph, "AssumeShape", shape)
  const contradicts = result.some(
    (dim, axis) =>
      typeof dim === "number" && typeof x.shape[axis] === "number" && dim !== x.shape[axis]
  )
  if (result.length !== x.rank || contradicts) {
    graph.failShape(
      "AssumeShape",
      `${formatShape(x.shape)} cannot have the shape ${formatShape(result)}`
    )
  }
  if (equalShapes(result, x.shape)) return x
  return graph.append("AssumeShape", [x], {}, x.dtype, result)
}

/** The tensor with its dimensions in another order: dimension `i` of the result is `perm[i]` of `x`.
 * Two transposes in a row become one. */
export const transpose = <D extends DataType>(
  x: Value<D>,
  perm: ReadonlyArray<number> = x.shape.map((_, axis) => x.rank - 1 - axis)
): Value<D> => {
  const graph = x.graph
  const axes = perm.map((axis) => checkAxis(graph, "Transpose", axis, x.rank))
  if (axes.length !== x.rank || new Set(axes).size !== x.rank) {
    graph.fail("Transpose", `[${perm.join(", ")}] is no order of the ${x.rank} dimensions`)
  }
  if (axes.every((axis, i) => axis === i)) return x
  const shape = axes.map((axis) => x.shape[axis] ?? 1)
  if (x.source.kind === "node" && x.source.node.operator === "Transpose") {
    const [inner] = x.source.node.inputs
    const { attributes } = x.source.node
    if (inner !== undefined && isOfType(inner, x.dtype) && "perm" in attributes) {
      return transpose(
        inner,
        axes.map((axis) => attributes.perm[axis] ?? 0)
      )
    }
  }
  return graph.append("Transpose", [x], { perm: axes }, x.dtype, shape)
}

const isOfType = <D extends DataType>(x: Value, dtype: D): x is Value<D> => x.dtype === dtype

/** The tensor without the given dimensions of length 1. */
export const squeeze = <D extends DataType>(x: Value<D>, axes: ReadonlyArray<number>): Value<D> => {
  const graph = x.graph
  const gone = checkAxes(graph, "Squeeze", axes, x.rank)
  if (gone.length === 0) return x
  if (gone.some((axis) => x.shape[axis] !== 1)) {
    graph.failShape(
      "Squeeze",
      `the dimensions ${gone.join(", ")} of ${formatShape(x.shape)} are not all 1`
    )
  }
  const shape = x.shape.filter((_, axis) => !gone.includes(axis))
  return graph.append("Squeeze", [x], { axes: gone }, x.dtype, shape)
}

/** The tensor with new dimensions of length 1, at these places of the result. */
export const unsqueeze = <D extends DataType>(
  x: Value<D>,
  axes: ReadonlyArray<number>
): Value<D> => {
  const graph = x.graph
  const rank = x.rank + axes.length
  const places = checkAxes(graph, "Unsqueeze", axes, rank)
  if (places.length !== axes.length) graph.fail("Unsqueeze", `[${axes.join(", ")}] repeats an axis`)
  if (places.length === 0) return x
  const rest = [...x.shape]
  const shape = Array.from({ length: rank }, (_, axis) =>
    places.includes(axis) ? 1 : (rest.shift() ?? 1)
  )
  return graph.append("Unsqueeze", [x], { axes: places }, x.dtype, shape)
}

/** The tensor repeated along dimensions of length 1 (and new leading ones) up to `shape`. Most
 * operators broadcast by themselves and do not need it. `like` is a tensor of that shape. */
export const expand = <D extends DataType>(x: Value<D>, shape: Shape, like?: Value): Value<D> => {
  const graph = x.graph
  const target = canonicalShape(graph, "Expand", shape)
  const result = broadcast(graph, "Expand", x.shape, target)
  if (!equalShapes(result, target)) {
    graph.failShape("Expand", `${formatShape(x.shape)} does not expand to ${formatShape(target)}`)
  }
  if (equalShapes(result, x.shape)) return x
  // a 1 leaves the dimension of x as it is
  const requests = target.map((dim, axis) =>
    dim === x.shape[axis - target.length + x.rank] ? 1 : dim
  )
  const dynamic = requests.some((dim) => typeof dim === "string")
  const tensor =
    dynamic && like !== undefined && equalShapes(like.shape, target)
      ? shapeOf(like)
      : shapeTensor(graph, requests)
  return graph.append("Expand", [x, tensor], {}, x.dtype, result)
}

/** The tensors one behind the other along an axis. */
export const concat = <D extends DataType>(
  values: ReadonlyArray<Value<D>>,
  axis: number
): Value<D> => {
  const [first] = values
  if (first === undefined) throw new TypeError("Op.concat needs at least one tensor")
  const graph = first.graph
  const at = checkAxis(graph, "Concat", axis, first.rank)
  for (const value of values) {
    checkSameType("Concat", first, value)
    const fits =
      value.rank === first.rank && value.shape.every((dim, i) => i === at || dim === first.shape[i])
    if (!fits) {
      graph.failShape(
        "Concat",
        `${formatShape(first.shape)} and ${formatShape(value.shape)} differ outside axis ${at}`
      )
    }
  }
  if (values.length === 1) return first
  const length = sumDim(values.map((value) => value.shape[at] ?? 1))
  const shape = first.shape.map((dim, i) => (i === at ? length : dim))
  return graph.append("Concat", values, { axis: at }, first.dtype, shape)
}

/** Which part of an axis `slice` keeps. */
export interface SliceOptions {
  /** The axis; negative counts from the end. */
  readonly axis: number
  /** First position kept; a negative number counts from the end of the axis. 0 unless given. */
  readonly start?: Dim
  /** First position not kept; a negative number counts from the end. The axis's length unless
   * given. */
  readonly end?: Dim
}

/**
 * Positions `start` to `end` of one axis. Bounds of numeric axes are checked; on a symbolic axis the
 * caller vouches that the bounds lie inside it. To cut an axis into pieces that are all used,
 * `split` has the cheaper gradient.
 */
export const slice = <D extends DataType>(x: Value<D>, options: SliceOptions): Value<D> => {
  const graph = x.graph
  const axis = checkAxis(graph, "Slice", options.axis, x.rank)
  const length = x.shape[axis] ?? 1
  const place = (bound: Dim): Dim => {
    const [dim] = typeof bound === "number" ? [bound] : canonicalShape(graph, "Slice", [bound])
    return typeof dim === "number" && dim < 0 ? sumDim([length, dim]) : (dim ?? 0)
  }
  const start = place(options.start ?? 0)
  const end = place(options.end ?? length)
  const size = subtractDim(end, start)
  const after = subtractDim(length, end)
  if ([start, size, after].some((dim) => typeof dim === "number" && dim < 0)) {
    graph.fail(
      "Slice",
      `${start} to ${end} is not inside the axis ${axis} of ${formatShape(x.shape)}`
    )
  }
  if (size === length) return x
  const shape = x.shape.map((dim, i) => (i === axis ? size : dim))
  const bounds = [shapeTensor(graph, [start]), shapeTensor(graph, [end])]
  return graph.append(
    "Slice",
    [x, ...bounds],
    { axes: [axis], margins: [start, after] },
    x.dtype,
    shape
  )
}

/** How much `pad` adds to an axis. */
export interface PadOptions {
  /** The axis; negative counts from the end. */
  readonly axis: number
  /** Elements added in front; none unless given. */
  readonly before?: Dim
  /** Elements added behind; none unless given. */
  readonly after?: Dim
}

/** The tensor with zeros in front of and behind one axis. */
export const pad = <D extends NumberType>(x: Value<D>, options: PadOptions): Value<D> => {
  const graph = x.graph
  const axis = checkAxis(graph, "Pad", options.axis, x.rank)
  const [before = 0, after = 0] = canonicalShape(graph, "Pad", [
    options.before ?? 0,
    options.after ?? 0
  ])
  if (before === 0 && after === 0) return x
  const shape = x.shape.map((dim, i) => (i === axis ? sumDim([before, dim, after]) : dim))
  const pads = [before, after].flatMap((amount) => x.shape.map((_, i) => (i === axis ? amount : 0)))
  const inputs = [x, shapeTensor(graph, pads)]
  return graph.append("Pad", inputs, { axis: [axis], margins: [before, after] }, x.dtype, shape)
}

/** An axis of known length cut into pieces: `parts` is the number of equal pieces or the length of
 * each. */
export const split = <D extends DataType>(
  x: Value<D>,
  parts: number | ReadonlyArray<number>,
  axis = -1
): ReadonlyArray<Value<D>> => {
  const graph = x.graph
  const at = checkAxis(graph, "Split", axis, x.rank)
  const length = x.shape[at]
  const sizes =
    typeof parts !== "number"
      ? parts
      : typeof length === "number"
        ? Array.from({ length: parts }, () => length / parts)
        : graph.failShape("Split", `the axis ${at} of ${formatShape(x.shape)} has no known length`)
  const whole = sizes.reduce((sum, size) => sum + size, 0)
  if (sizes.some((size) => !Number.isInteger(size) || size < 1) || whole !== length) {
    graph.failShape(
      "Split",
      `pieces of ${sizes.join(", ")} do not make up the axis ${at} of ${formatShape(x.shape)}`
    )
  }
  if (sizes.length === 1) return [x]
  const outputs = sizes.map((size) => ({
    dtype: x.dtype,
    shape: x.shape.map((dim, i) => (i === at ? size : dim))
  }))
  return graph.appendMany("Split", [x], { axis: at, split: sizes }, outputs)
}

/** The run-time shape of a tensor, as int64 of shape `[rank]`; it has no gradient. */
export const shapeOf = (x: Value): Value<"int64"> =>
  x.graph.append("Shape", [x], { start: 0, end: x.rank }, "int64", [x.rank])

/** A tensor with one value everywhere; symbols in the shape must be known to the graph. */
export const fill = <D extends DataType>(
  graph: Graph,
  dtype: D,
  value: number,
  shape: Shape,
  like?: Value
): Value<D> => {
  const result = canonicalShape(graph, "ConstantOfShape", shape)
  const dynamic = result.some((dim) => typeof dim === "string")
  const tensor =
    dynamic && like !== undefined && equalShapes(like.shape, result)
      ? shapeOf(like)
      : shapeTensor(graph, result)
  return graph.append("ConstantOfShape", [tensor], { value: { dtype, value } }, dtype, result)
}

/** `0, 1, …, length - 1` as int64 of shape `[length]`. */
export const range = (graph: Graph, length: Dim): Value<"int64"> => {
  const [size = 0] = canonicalShape(graph, "Range", [length])
  const limit = squeeze(graph.dim(size), [0])
  const ends = [graph.scalar("int64", 0), limit, graph.scalar("int64", 1)]
  return graph.append("Range", ends, {}, "int64", [size])
}

/** The same tensor under a new handle; onnxruntime removes the node. */
export const identity = <D extends DataType>(x: Value<D>): Value<D> =>
  x.graph.append("Identity", [x], {}, x.dtype, x.shape)

/** The same tensor, through which no gradient flows. */
export const stopGradient = <D extends DataType>(x: Value<D>): Value<D> =>
  x.graph.append("StopGradient", [x], {}, x.dtype, x.shape)
