import {
  differentiability,
  type FloatType,
  Graph,
  gradient,
  type Node,
  NotDifferentiable,
  Op,
  operatorNames,
  ShapeError,
  type Value
} from "@sml/onnx-autodiff"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

import { type Case, checkGradient } from "./finiteDifferences.ts"
import { operatorCases } from "./operatorCases.ts"
import { openGraph, type Result } from "./runGraph.ts"

const covered = operatorNames.filter((name) => name in operatorCases)

describe("every rule agrees with finite differences", () => {
  it("there is a case for each differentiable operator and for no other", () => {
    expect(covered).toEqual(operatorNames.filter((name) => differentiability(name).kind === "rule"))
  })

  it.each(covered)("%s", async (name) => {
    const operatorCase = operatorCases[name]
    if (operatorCase === undefined) throw new Error(`${name} has no case`)
    let met = false
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (gen) => {
        const operators = await checkGradient(gen, operatorCase)
        met ||= operators.has(name)
      }),
      { numRuns: 16 }
    )
    expect(met, `no graph of the case contained ${name}`).toBe(true)
  })
})

const check = (operatorCase: Case, numRuns: number) =>
  fc.assert(
    fc.asyncProperty(fc.gen(), async (gen) => {
      await checkGradient(gen, operatorCase)
    }),
    { numRuns }
  )

describe("compositions agree with finite differences", () => {
  // each step takes earlier values, so that values are used several times
  const steps: ReadonlyArray<(a: Value<FloatType>, b: Value<FloatType>) => Value<FloatType>> = [
    (a, b) => Op.add(a, b),
    (a, b) => Op.sub(a, b),
    (a, b) => Op.mul(a, Op.tanh(b)),
    (a, b) => Op.div(a, Op.add(Op.mul(b, b), 1)),
    (a) => Op.sigmoid(a),
    (a) => Op.softmax(a),
    (a) => Op.logSoftmax(a, 0),
    (a) => Op.add(a, Op.reduceMean(a, { axes: [0], keepDims: true })),
    (a, b) => Op.mul(a, Op.reduceSum(Op.tanh(b), { axes: [1], keepDims: true })),
    (a, b) => Op.matMul(Op.matMul(Op.tanh(a), b, { transB: true }), Op.sigmoid(b)),
    (a, b) => Op.slice(Op.concat([a, b], 1), { axis: 1, start: 1, end: 4 }),
    (a, b) => {
      const [left = a, right = a] = Op.split(Op.concat([a, b], 1), 2)
      return Op.mul(left, Op.tanh(right))
    }
  ]
  it("log-probabilities that are picked, along the axis of the softmax or another", () =>
    check(
      {
        build: (draw) => {
          const sizes = [draw.integer(1, 3), draw.integer(1, 3)]
          const x = draw.real(sizes)
          const axis = draw.integer(0, 1)
          const indices = draw.positions(sizes.with(axis, draw.integer(1, 3)), sizes[axis] ?? 1)
          return Op.gatherElements(Op.logSoftmax(x, draw.integer(0, 1)), indices, axis)
        }
      },
      30
    ))

  it("products with a softmax, scaled or not, used once or twice", () =>
    check(
      {
        dtype: "float32",
        build: (draw) => {
          const length = draw.integer(2, 4)
          const p = Op.softmax(draw.real([2, 2, length], {}, true))
          const v = draw.real([2, length, 2], {}, true)
          // nothing needs this product; it must not be taken for the other
          Op.matMul(p, draw.real([2, length, 2], {}, true))
          const plain = Op.matMul(p, v)
          const scaled = Op.matMul(p, v, { alpha: 2 })
          return draw.pick(plain, scaled, Op.mul(plain, Op.tanh(scaled)), Op.mul(plain, plain))
        }
      },
      30
    ))

  it("random graphs of small operators", () =>
    check(
      {
        build: (draw) => {
          const values = [draw.real([2, 3], {}, true), draw.real([2, 3], {}, true)]
          for (let i = draw.integer(2, 6); i > 0; i--) {
            values.push(draw.pick(...steps)(draw.pick(...values), draw.pick(...values)))
          }
          return values.at(-1) ?? draw.pick(...values)
        }
      },
      30
    ))
})

// the operators of the nodes that the outputs need
const liveNodes = (graph: Graph): ReadonlyArray<Node> => {
  const live = new Set<Node>()
  const visit = (value: Value): void => {
    if (value.source.kind !== "node" || live.has(value.source.node)) return
    live.add(value.source.node)
    value.source.node.inputs.forEach(visit)
  }
  graph.outputs.forEach(visit)
  return [...live]
}

const count = (graph: Graph, operator: string): number =>
  liveNodes(graph).filter((node) => node.operator === operator).length

const layer = () => {
  const graph = new Graph("layer")
  const x = graph.input("x", "float32", ["B", "T", 8])
  const w = graph.input("w", "float32", [16, 8])
  return { graph, x, w }
}

describe("the graph that comes out is lean", () => {
  it("the gradient of a weight is one product over the joined batch", () => {
    const { graph, w, x } = layer()
    const y = Op.tanh(Op.matMul(x, w, { transB: true }))
    const [dw] = gradient(Op.reduceSum(Op.mul(y, y)), [w])
    graph.output("dw", dw)
    expect(dw.shape).toEqual([16, 8])
    if (dw.source.kind !== "node") throw new Error("no node")
    expect(dw.source.node.operator).toBe("FusedMatMul")
    expect(dw.source.node.inputs.map((input) => input.rank)).toEqual([2, 2])
    expect(count(graph, "ReduceSum")).toBe(0)
    expect(count(graph, "Transpose")).toBe(0)
    expect(count(graph, "Expand")).toBe(0)
    // forward, and one product: nothing is computed for x
    expect(count(graph, "FusedMatMul")).toBe(2)
  })

  it("grouped heads share one product for the gradient of their keys", () => {
    const graph = new Graph("heads")
    const q = graph.input("q", "float32", ["B", 2, 3, "T", 4])
    const k = graph.input("k", "float32", ["B", 2, 1, "T", 4])
    const scores = Op.matMul(q, k, { transB: true })
    const [dk] = gradient(Op.reduceSum(Op.mul(scores, scores)), [k])
    graph.output("dk", dk)
    expect(dk.shape).toEqual(["B", 2, 1, "T", 4])
    expect(count(graph, "ReduceSum")).toBe(0)
    expect(count(graph, "FusedMatMul")).toBe(2)
  })

  it("sums to a shape only where something was broadcast", () => {
    const { graph, x } = layer()
    const bias = graph.input("bias", "float32", [8])
    const weights = graph.input("weights", "float32", ["B", "T", 8])
    const loss = Op.reduceSum(Op.mul(Op.add(x, bias), weights))
    const [dx, dbias] = gradient(loss, [x, bias])
    expect(dx).toBe(weights)
    graph.output("dx", dx)
    graph.output("dbias", dbias)
    expect(liveNodes(graph).map((node) => node.operator)).toEqual(["ReduceSum"])
  })

  it("constants and scalings of the loss stay scalars", () => {
    const { graph, x } = layer()
    const [dx] = gradient(Op.mul(Op.reduceMean(Op.reshape(x, [-1])), 3), [x])
    graph.output("dx", dx)
    const sizes = liveNodes(graph).map((node) => node.outputs[0]?.rank ?? 0)
    expect(sizes.filter((rank) => rank === 3)).toHaveLength(1)
  })

  it("branches that do not reach the parameters are not differentiated", () => {
    const { graph, w, x } = layer()
    const other = graph.input("other", "float32", ["B", "T", 16])
    const y = Op.mul(Op.matMul(x, w, { transB: true }), Op.tanh(Op.exp(other)))
    const before = graph.nodes.length
    gradient(Op.reduceSum(y), [w])
    const added = graph.nodes.slice(before).map((node) => node.operator)
    expect(added).not.toContain("Sub")
    expect(added.filter((name) => name === "FusedMatMul")).toHaveLength(1)
  })

  it("the softmax of attention sums over the width of a head, not over the sequence", () => {
    const graph = new Graph("attention")
    const scores = graph.input("scores", "float32", ["B", 4, "T", "T"])
    const v = graph.input("v", "float32", ["B", 2, "T", 8])
    const p = Op.softmax(scores)
    const o = Op.matMul(Op.reshape(p, [0, 2, -1, "T"]), v)
    const [ds] = gradient(Op.reduceSum(Op.mul(o, o)), [scores])
    graph.output("ds", ds)
    const sums = liveNodes(graph).filter((node) => node.operator === "ReduceSum")
    expect(sums.map((node) => node.inputs[0]?.shape.at(-1))).toEqual([8])
  })
})

// of three rows of a table of that length
const embeddingGradient = async (length: number) => {
  const graph = new Graph("rows")
  const table = graph.input("table", "float32", [length, 2])
  const ids = graph.input("ids", "int32", ["B", "T"])
  const weights = graph.input("weights", "float32", ["B", "T", 1])
  const loss = Op.reduceSum(Op.mul(Op.gather(table, ids), weights))
  const [d] = gradient(loss, [table])
  graph.output("d", Op.slice(d, { axis: 0, end: 3 }))
  const { run } = await openGraph(graph)
  const found = await run({
    table: { dtype: "float32", dims: [length, 2], data: new Float32Array(2 * length) },
    ids: { dtype: "int32", dims: [2, 3], data: Int32Array.of(2, 0, 2, 2, -length, length - 1) },
    weights: { dtype: "float32", dims: [2, 3, 1], data: Float32Array.of(1, 2, 4, 8, 16, 32) }
  })
  return found.d?.data
}

describe("gradient", () => {
  it("of a value that the loss does not depend on is zeros", async () => {
    const graph = new Graph("zeros")
    const x = graph.input("x", "float64", ["N"])
    const y = graph.input("y", "float64", ["N", 2])
    const [dx, dy] = gradient(Op.reduceSum(Op.mul(x, x)), [x, y])
    graph.output("dx", dx)
    graph.output("dy", dy)
    const { run } = await openGraph(graph)
    const found = await run({
      x: { dtype: "float64", dims: [2], data: Float64Array.of(1, 2) },
      y: { dtype: "float64", dims: [2, 2], data: Float64Array.of(1, 2, 3, 4) }
    })
    expect(found.dx?.data).toEqual([2, 4])
    expect(found.dy).toEqual({ dims: [2, 2], data: [0, 0, 0, 0] })
  })

  it("reaches intermediate values and goes on through them", async () => {
    const graph = new Graph("chain")
    const x = graph.input("x", "float64", ["N"])
    const square = Op.mul(x, x)
    const [ds, dx] = gradient(Op.reduceSum(Op.mul(square, square)), [square, x])
    graph.output("ds", ds)
    graph.output("dx", dx)
    const { run } = await openGraph(graph)
    const found = await run({ x: { dtype: "float64", dims: [2], data: Float64Array.of(1, 2) } })
    expect(found.ds?.data).toEqual([2, 8])
    expect(found.dx?.data).toEqual([4, 32])
  })

  it("stops at stopGradient, at comparisons and at integers", async () => {
    const graph = new Graph("stops")
    const x = graph.input("x", "float64", ["N"])
    const frozen = Op.stopGradient(Op.exp(x))
    const rounded = Op.cast(Op.cast(x, "int64"), "float64")
    const y = Op.where(Op.greater(x, 1), Op.mul(x, frozen), Op.add(rounded, Op.mul(x, 3)))
    graph.output("dx", gradient(Op.reduceSum(y), [x])[0])
    const { run } = await openGraph(graph)
    const data = Float64Array.of(0.5, 2)
    const found = await run({ x: { dtype: "float64", dims: [2], data } })
    expect(found.dx?.data).toEqual([3, Math.exp(2)])
  })

  it("goes to the first operand where two are equal, and is shared by equal maxima", async () => {
    const graph = new Graph("ties")
    const x = graph.input("x", "float64", [4])
    const y = graph.input("y", "float64", [4])
    const clipped = Op.clip(x, { min: 1, max: 2 })
    const loss = Op.add(Op.add(Op.max(x, y), Op.min(x, y)), clipped)
    const [dx, dy] = gradient(Op.reduceSum(loss), [x, y])
    graph.output("dx", dx)
    graph.output("dy", dy)
    graph.output("largest", gradient(Op.reduceMax(x), [x])[0])
    const { run } = await openGraph(graph)
    const data = Float64Array.of(1, 2, 2, 0)
    const feed = { dtype: "float64", dims: [4], data } as const
    const found = await run({ x: feed, y: feed })
    expect(found.dx?.data).toEqual([3, 3, 3, 2])
    expect(found.dy?.data).toEqual([0, 0, 0, 0])
    expect(found.largest?.data).toEqual([0, 0.5, 0.5, 0])
  })

  it("gives second derivatives when it is applied twice", async () => {
    const graph = new Graph("twice")
    const x = graph.input("x", "float64", ["N"])
    const [first] = gradient(Op.reduceSum(Op.pow(x, 4)), [x])
    const [second] = gradient(Op.reduceSum(first), [x])
    graph.output("second", second)
    const { run } = await openGraph(graph)
    const found = await run({ x: { dtype: "float64", dims: [2], data: Float64Array.of(1, -2) } })
    expect(found.second?.data).toEqual([12, 48])
  })

  it("of an embedding adds up repeated rows, in short and in long tables", async () => {
    expect(await embeddingGradient(5)).toEqual([18, 18, 0, 0, 13, 13])
    expect(await embeddingGradient(1000)).toEqual([18, 18, 0, 0, 13, 13])
  })

  it("adds what comes through further values", async () => {
    const graph = new Graph("also")
    const x = graph.input("x", "float64", ["N"])
    const [s, t] = [graph.input("s", "float64", ["N"]), graph.input("t", "float64", ["N"])]
    const square = Op.mul(x, x)
    // computed from the first value, and before it from the same input
    const cube = Op.mul(square, x)
    const sum = Op.add(Op.reduceSum(Op.mul(square, s)), Op.reduceSum(Op.mul(cube, t)))
    graph.output("expected", gradient(sum, [x])[0])
    graph.output("found", gradient(square, [x], { seed: s, also: [[cube, t]] })[0])
    graph.output("turned", gradient(cube, [x], { seed: t, also: [[square, s]] })[0])
    const { run } = await openGraph(graph)
    const feed = { dtype: "float64", dims: [2] } as const
    const result = await run({
      x: { ...feed, data: Float64Array.of(2, -3) },
      s: { ...feed, data: Float64Array.of(5, 7) },
      t: { ...feed, data: Float64Array.of(1, 0.5) }
    })
    // 2·x·s + 3·x²·t
    expect(result.expected?.data).toEqual([32, -28.5])
    expect(result.found?.data).toEqual([32, -28.5])
    expect(result.turned?.data).toEqual([32, -28.5])
  })

  it("needs a scalar loss or a seed that fits", () => {
    const graph = new Graph("shapes")
    const x = graph.input("x", "float32", ["N", 2])
    const seed = graph.input("seed", "float32", ["M"])
    expect(() => gradient(x, [x])).toThrow(ShapeError)
    expect(() => gradient(x, [x], { seed })).toThrow(ShapeError)
    expect(() => gradient(Op.reduceSum(x), [x], { also: [[x, seed]] })).toThrow(ShapeError)
    expect(() => gradient(Op.reduceSum(x), [new Graph("b").input("x", "float32", [])])).toThrow(
      /graph "b" cannot be used in the graph "shapes"/
    )
  })

  it("names the operator and the node that has no gradient", () => {
    const graph = new Graph("rotary")
    const x = graph.input("x", "float32", ["B", "T", 8])
    const cos = graph.input("cos", "float32", [16, 4])
    const sin = graph.input("sin", "float32", [16, 4])
    const positions = graph.input("positions", "int64", ["B", "T"])
    const y = graph.scope("layer3", () => Op.rotaryEmbedding(x, positions, cos, sin))
    let error: unknown
    try {
      gradient(Op.reduceSum(y), [x, cos])
    } catch (caught) {
      error = caught
    }
    expect(error).toBeInstanceOf(NotDifferentiable)
    expect(error).toMatchObject({ operator: "RotaryEmbedding", node: "layer3/RotaryEmbedding:0" })
    expect(String(error)).toContain("layer3/RotaryEmbedding:0")
  })
})

const block = (dtype: FloatType) => {
  const graph = new Graph(`block ${dtype}`)
  const x = graph.input("x", dtype, ["B", "T", 8])
  const scale = graph.input("scale", dtype, [8])
  const wq = graph.input("wq", dtype, [8, 8])
  const wk = graph.input("wk", dtype, [4, 8])
  const wu = graph.input("wu", dtype, [12, 8])
  const wd = graph.input("wd", dtype, [8, 12])
  const head = graph.input("head", dtype, [6, 8])
  const targets = graph.input("targets", "int64", ["B", "T", 1])
  const h = Op.rmsNorm(x, scale, 1e-3)
  const q = Op.transpose(Op.reshape(Op.matMul(h, wq, { transB: true }), [0, 0, 2, 4]), [0, 2, 1, 3])
  const k = Op.unsqueeze(Op.matMul(h, wk, { transB: true }), [1])
  const scores = Op.matMul(Op.reshape(q, [0, 1, -1, 4]), k, { transB: true, alpha: 0.5 })
  const attended = Op.matMul(Op.softmax(scores), k)
  const merged = Op.reshape(
    Op.transpose(Op.reshape(attended, [0, 2, "T", 4]), [0, 2, 1, 3]),
    [0, 0, 8]
  )
  const y = Op.add(x, merged)
  const up = Op.silu(Op.matMul(Op.rmsNorm(y, scale, 1e-3), wu, { transB: true }))
  const z = Op.add(y, Op.matMul(up, wd, { transB: true }))
  const logits = Op.matMul(z, head, { transB: true })
  const picked = Op.gatherElements(Op.logSoftmax(logits), targets)
  const loss = Op.neg(Op.reduceMean(picked))
  graph.output("loss", loss)
  const wrt = [x, scale, wq, wk, wu, wd, head]
  gradient(loss, wrt).forEach((value, i) => graph.output(`d${i}`, value))
  return graph
}

const dimsOf = (results: Readonly<Record<string, Result>>) =>
  Object.entries(results).map(([name, { dims }]) => [name, dims])

describe("the fused operators of float32 agree with the plain ones of float64", () => {
  it("in a block of attention and feed-forward with a likelihood behind it", async () => {
    const sizes = {
      x: [2, 3, 8],
      scale: [8],
      wq: [8, 8],
      wk: [4, 8],
      wu: [12, 8],
      wd: [8, 12],
      head: [6, 8]
    }
    const feeds = (dtype: FloatType) => {
      const entries = Object.entries(sizes).map(([name, dims], i) => {
        const length = dims.reduce((a, b) => a * b, 1)
        const numbers = Array.from({ length }, (_, k) => Math.sin(1 + 7 * k + 3 * i))
        const feed =
          dtype === "float32"
            ? ({ dtype, dims, data: Float32Array.from(numbers) } as const)
            : ({ dtype, dims, data: Float64Array.from(numbers) } as const)
        return [name, feed] as const
      })
      const targets = {
        dtype: "int64",
        dims: [2, 3, 1],
        data: BigInt64Array.of(0n, 5n, 2n, 1n, 1n, 3n)
      } as const
      return { ...Object.fromEntries(entries), targets }
    }
    const single = await (await openGraph(block("float32"))).run(feeds("float32"))
    const double = await (await openGraph(block("float64"))).run(feeds("float64"))
    expect(Object.keys(single)).toHaveLength(8)
    expect(dimsOf(single)).toEqual(dimsOf(double))
    const errors = Object.entries(double).map(([name, { data }]) => {
      const error = Math.hypot(...data.map((x, i) => x - (single[name]?.data[i] ?? Number.NaN)))
      return error / Math.hypot(...data)
    })
    expect(errors.filter((error) => !(error < 1e-5))).toEqual([])
  })
})

const numbers = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i))

describe("the gradient of a tall matrix", () => {
  it("is the product that it is computed as in parts", async () => {
    const rows = 16_384
    const graph = new Graph("tall")
    const input = graph.input("x", "float32", ["N", 3])
    const w = graph.input("w", "float32", [rows, 3])
    const weights = graph.input("weights", "float32", ["N", rows])
    const [dw] = gradient(Op.reduceSum(Op.mul(Op.matMul(input, w, { transB: true }), weights)), [w])
    graph.output("parts", dw)
    graph.output("whole", Op.matMul(Op.transpose(weights, [1, 0]), input))
    const found = await (
      await openGraph(graph)
    ).run({
      x: { dtype: "float32", dims: [2, 3], data: numbers(6) },
      w: { dtype: "float32", dims: [rows, 3], data: numbers(3 * rows) },
      weights: { dtype: "float32", dims: [2, rows], data: numbers(2 * rows) }
    })
    expect(found.parts?.dims).toEqual([rows, 3])
    const whole = found.whole?.data ?? []
    const errors = found.parts?.data.filter((x, i) => !(Math.abs(x - (whole[i] ?? NaN)) < 1e-5))
    expect(errors).toEqual([])
  })
})
