import { Op, type OperatorName } from "@sml/onnx-autodiff"

import { type Case, type Draw, type Range } from "./finiteDifferences.ts"

const positive: Range = { min: 0.3, max: 2.5 }
const apart: Range = { min: -4, max: 4, apart: 0.05 }

// numbers on two grids that do not meet, nor the constants of `binary`
const offset = [
  { min: -2, max: 2, apart: 0.1 },
  { min: -2.03, max: 2, apart: 0.1 }
] as const

const unary = (f: typeof Op.exp, range: Range = {}): Case => ({
  build: (draw) => f(draw.real(draw.sizes(0, 3), range))
})

// two operands that both broadcast to common sizes
const binary = (f: typeof Op.add, range: Range = {}, right: Range = range): Case => ({
  build: (draw) => {
    const sizes = draw.sizes(0, 3)
    const kind = draw.integer(0, 5)
    if (kind === 0) return f(draw.real(sizes, range), draw.pick(0.5, 1, 2))
    if (kind === 1) return f(draw.pick(0.5, 1, 2), draw.real(sizes, right))
    const shapes = draw.boolean()
      ? [sizes, draw.broadcastable(sizes)]
      : [draw.broadcastable(sizes), sizes]
    return f(draw.real(shapes[0] ?? [], range), draw.real(shapes[1] ?? [], right))
  }
})

const reduction = (f: typeof Op.reduceSum, range: Range = {}): Case => ({
  build: (draw) => {
    const x = draw.real(draw.sizes(1, 3), range)
    const axes = x.shape.flatMap((_, axis) =>
      draw.boolean() ? [axis - (draw.boolean() ? x.rank : 0)] : []
    )
    return f(x, { ...(draw.boolean() ? { axes } : {}), keepDims: draw.boolean() })
  }
})

const axisOf = (draw: Draw, rank: number): number => draw.integer(-rank, rank - 1)

// the sizes of an operand under the options that read it
const arrange = (
  sizes: ReadonlyArray<number>,
  rows: number,
  columns: number,
  turned: boolean,
  first: boolean
) => {
  const inner = turned ? [columns, rows] : [rows, columns]
  const all = [...sizes, ...inner]
  // the second-last dimension moves to the front
  return first ? [...all.slice(-2, -1), ...sizes, ...all.slice(-1)] : all
}

const matMul = (draw: Draw, trans: boolean) => {
  const [m, k, n] = [draw.integer(1, 3), draw.integer(1, 3), draw.integer(1, 3)]
  const batch = draw.sizes(0, 3)
  const shapes = draw.boolean()
    ? [batch, draw.broadcastable(batch)]
    : [draw.broadcastable(batch), batch]
  const equalRanks = batch.length > 0 && shapes[0]?.length === shapes[1]?.length
  const options: Op.MatMulOptions = trans
    ? {
        transA: draw.boolean(),
        transB: draw.boolean(),
        ...(equalRanks ? { transBatchA: draw.boolean(), transBatchB: draw.boolean() } : {}),
        alpha: draw.pick(1, 0.5, -2)
      }
    : {}
  const a = arrange(shapes[0] ?? [], m, k, options.transA ?? false, options.transBatchA ?? false)
  const b = arrange(shapes[1] ?? [], k, n, options.transB ?? false, options.transBatchB ?? false)
  return Op.matMul(draw.real(a), draw.real(b), options)
}

const sequence = (draw: Draw) => {
  const [batch, heads, length, half] = [
    draw.integer(1, 2),
    draw.integer(1, 2),
    draw.integer(1, 3),
    draw.integer(1, 2)
  ]
  const sizes = draw.boolean()
    ? [batch, heads, length, 2 * half]
    : [batch, length, heads * 2 * half]
  const x = draw.real32(sizes, {}, true)
  const positions = draw.graph.constant(
    "int64",
    Array.from({ length: batch * length }, () => draw.integer(0, 4)),
    [batch, length]
  )
  return Op.rotaryEmbedding(
    x,
    positions,
    draw.real32([5, half], {}, true),
    draw.real32([5, half], {}, true)
  )
}

/** For each differentiable operator, graphs that contain it and whose gradients are compared with
 * differences. */
export const operatorCases: { readonly [K in OperatorName]?: Case } = {
  Abs: { build: (draw) => Op.abs(draw.real(draw.sizes(0, 3), apart)) },
  Add: binary(Op.add),
  AssumeShape: {
    build: (draw) => {
      const x = draw.real([draw.integer(1, 3), 2], {})
      draw.bindings.M = draw.feeds.x0?.dims[0] ?? 0
      return Op.exp(Op.assumeShape(x, ["M", 2]))
    }
  },
  Cast: {
    build: (draw) => Op.cast(Op.cast(Op.exp(draw.real(draw.sizes(0, 2))), "float32"), "float64"),
    step: 1e-2,
    tolerance: 1e-3
  },
  Clip: {
    build: (draw) => {
      const bounds = draw.pick({ min: -1 }, { max: 1 }, { min: -1, max: 1.5 })
      return Op.clip(draw.real(draw.sizes(0, 3), apart), bounds)
    }
  },
  Concat: {
    build: (draw) => {
      const sizes = draw.sizes(1, 3)
      const axis = axisOf(draw, sizes.length)
      const at = axis < 0 ? axis + sizes.length : axis
      const parts = Array.from({ length: draw.integer(2, 3) }, () =>
        draw.real(sizes.with(at, draw.integer(1, 3)))
      )
      return Op.tanh(Op.concat(parts, axis))
    }
  },
  Div: binary(Op.div, {}, positive),
  // onnxruntime has no float64 kernel
  Erf: { dtype: "float32", build: (draw) => Op.erf(draw.real32(draw.sizes(0, 3))) },
  Exp: unary(Op.exp),
  Expand: {
    build: (draw) => {
      const sizes = draw.sizes(0, 3)
      const x = draw.real(draw.broadcastable(sizes))
      const like = draw.real(sizes)
      return Op.mul(Op.expand(Op.exp(x), like.shape, draw.boolean() ? like : undefined), like)
    }
  },
  FusedMatMul: {
    dtype: "float32",
    step: 0.25,
    tolerance: 1e-4,
    build: (draw) => matMul(draw, true)
  },
  Gather: {
    build: (draw) => {
      const sizes = draw.sizes(1, 3)
      const axis = axisOf(draw, sizes.length)
      const x = draw.real(sizes)
      return Op.gather(Op.exp(x), draw.positions(draw.sizes(0, 2), sizes.at(axis) ?? 1), axis)
    }
  },
  GatherElements: {
    build: (draw) => {
      const sizes = draw.sizes(1, 3)
      const axis = axisOf(draw, sizes.length)
      const at = axis < 0 ? axis + sizes.length : axis
      const x = draw.real(sizes)
      return Op.gatherElements(
        Op.exp(x),
        draw.positions(sizes.with(at, draw.integer(1, 3)), sizes.at(axis) ?? 1),
        axis
      )
    }
  },
  Gelu: {
    dtype: "float32",
    build: (draw) => Op.gelu(draw.real32(draw.sizes(0, 3)), draw.pick("none", "tanh"))
  },
  Identity: { build: (draw) => Op.identity(Op.exp(draw.real(draw.sizes(0, 2)))) },
  Log: unary(Op.log, positive),
  LogSoftmax: {
    build: (draw) => {
      const x = draw.real(draw.sizes(1, 3))
      return Op.logSoftmax(x, axisOf(draw, x.rank))
    }
  },
  MatMul: { build: (draw) => matMul(draw, false) },
  Max: binary(Op.max, ...offset),
  Min: binary(Op.min, ...offset),
  Mul: binary(Op.mul),
  Neg: { build: (draw) => Op.neg(Op.exp(draw.real(draw.sizes(0, 3)))) },
  Pad: {
    build: (draw) => {
      const x = draw.real(draw.sizes(1, 3))
      const axis = axisOf(draw, x.rank)
      const [before, after] = [draw.integer(0, 2), draw.integer(0, 2)]
      return Op.exp(Op.pad(x, { axis, before, after }))
    }
  },
  Pow: {
    build: (draw) =>
      Op.pow(draw.real(draw.sizes(0, 3), positive), draw.pick(0, 1, 2, 3, -1, 0.5, 1.7))
  },
  QuickGelu: { dtype: "float32", build: (draw) => Op.silu(draw.real(draw.sizes(0, 3))) },
  Reciprocal: unary(Op.reciprocal, positive),
  ReduceMax: reduction(Op.reduceMax, apart),
  ReduceMean: {
    build: (draw) => {
      const x = draw.real(draw.sizes(1, 3))
      const axes = x.shape.flatMap((_, axis) => (draw.boolean() ? [axis] : []))
      return Op.reduceMean(Op.exp(x), { axes, keepDims: draw.boolean() })
    }
  },
  ReduceSum: reduction((x, options) => Op.reduceSum(x, options)),
  Relu: { build: (draw) => Op.relu(draw.real(draw.sizes(0, 3), apart)) },
  Reshape: {
    build: (draw) => {
      const [a, b, c] = [draw.integer(1, 3), draw.integer(1, 3), draw.integer(1, 3)]
      const x = Op.exp(draw.real([a, b, c]))
      const [A, B, C] = [x.shape[0] ?? a, x.shape[1] ?? b, x.shape[2] ?? c]
      switch (draw.integer(0, 5)) {
        case 0:
          return Op.reshape(x, [-1])
        case 1:
          return Op.reshape(x, [0, -1])
        case 2:
          return Op.reshape(x, [C, A, B])
        case 3:
          return Op.reshape(Op.reshape(x, [-1, C]), [A, B, C])
        case 4:
          draw.bindings.R = a * b
          return Op.reshape(x, ["R", C])
        default:
          return Op.reshape(
            Op.reshape(x, [-1]),
            [B, C, A],
            draw.boolean() ? Op.transpose(x, [1, 2, 0]) : undefined
          )
      }
    }
  },
  // the caches of cosines and sines are not differentiated
  RotaryEmbedding: {
    dtype: "float32",
    step: 0.25,
    tolerance: 1e-4,
    fixed: [1, 2],
    build: sequence
  },
  ScatterElements: {
    build: (draw) => {
      const length = draw.integer(1, 3)
      const data = Op.exp(draw.real([2, 3], {}, true))
      const add = draw.boolean()
      // "none" is a function only where no position is written twice
      const indices = add
        ? Op.assumeShape(draw.positions([2, length], 3), [2, length])
        : draw.graph.constant("int64", [2, 0, 1, 2], [2, 2])
      const updates = Op.exp(draw.real(add ? [2, length] : [2, 2], {}, true))
      return Op.scatterElements(data, indices, updates, { reduction: add ? "add" : "none" })
    }
  },
  Sigmoid: unary(Op.sigmoid),
  SimplifiedLayerNormalization: {
    build: (draw) => {
      const width = draw.integer(1, 4)
      const x = draw.real([...draw.sizes(0, 2), width], {}, true)
      return Op.rmsNorm(x, draw.real([width], {}, true), draw.pick(0.1, 0.5))
    },
    dtype: "float32"
  },
  Slice: {
    build: (draw) => {
      const sizes = [draw.integer(2, 3), draw.integer(2, 3)]
      const x = draw.real(sizes)
      const axis = axisOf(draw, 2)
      const bounds = draw.pick<{ start?: number; end?: number }>(
        { start: 1 },
        { end: 1 },
        { end: -1 },
        { start: -1 },
        { start: -2, end: -1 }
      )
      return Op.exp(Op.slice(x, { axis, ...bounds }))
    }
  },
  Softmax: {
    build: (draw) => {
      const x = draw.real(draw.sizes(1, 3))
      return Op.softmax(x, axisOf(draw, x.rank))
    }
  },
  Split: {
    build: (draw) => {
      const sizes = draw.pick([1, 2], [2, 2], [1, 1, 2])
      const axis = draw.pick(0, 1, -1)
      const total = sizes.reduce((a, b) => a + b, 0)
      const x = draw.real(axis === 0 ? [total, 2] : [2, total], {}, true)
      const parts = Op.split(
        x,
        draw.boolean() || sizes.some((size) => size !== sizes[0]) ? sizes : sizes.length,
        axis
      )
      const [first = x, last = x] = [parts[0], parts.at(-1)]
      return draw.boolean() ? Op.exp(first) : Op.concat([Op.exp(last), Op.tanh(first)], axis)
    }
  },
  Sqrt: unary(Op.sqrt, positive),
  Squeeze: {
    build: (draw) => {
      const sizes = draw.sizes(0, 2)
      const at = draw.integer(0, sizes.length)
      return Op.exp(Op.squeeze(draw.real(sizes.toSpliced(at, 0, 1)), [at]))
    }
  },
  Sub: binary(Op.sub),
  Tanh: unary(Op.tanh),
  Transpose: {
    build: (draw) => {
      const x = draw.real(draw.sizes(2, 3))
      const perm = x.shape.map((_, axis) => axis)
      const turned = draw.boolean() ? perm.toReversed() : [...perm.slice(1), 0]
      return Op.exp(
        Op.transpose(Op.tanh(Op.transpose(x, turned)), draw.boolean() ? turned : undefined)
      )
    }
  },
  Unsqueeze: {
    build: (draw) => {
      const x = draw.real(draw.sizes(0, 2))
      return Op.exp(Op.unsqueeze(x, [draw.integer(0, x.rank)]))
    }
  },
  Where: {
    build: (draw) => {
      const sizes = draw.sizes(0, 3)
      const condition = draw.truths(draw.broadcastable(sizes))
      const a = draw.real(draw.broadcastable(sizes))
      const b = draw.real(sizes)
      switch (draw.integer(0, 2)) {
        case 0:
          return Op.where(condition, a, b)
        case 1:
          return Op.where(condition, b, a)
        default:
          return Op.where(condition, 0.5, b)
      }
    }
  }
}
