import { Graph, Op, type Value } from "@sml/onnx-autodiff"
import { evaluateDim } from "@sml/onnx-autodiff/Dim"
import { describe, expect, it } from "vitest"

import { type Feed, openGraph } from "./runGraph.ts"

// runs the values that `build` gives, checks their inferred shapes, and returns their numbers
const evaluate = async (
  build: (graph: Graph) => Readonly<Record<string, Value>>,
  feeds: Readonly<Record<string, Feed>>,
  bindings: Readonly<Record<string, number>> = {}
): Promise<Readonly<Record<string, ReadonlyArray<number>>>> => {
  const graph = new Graph("evaluate")
  const values = build(graph)
  for (const [name, value] of Object.entries(values)) graph.output(name, value)
  const found = await (await openGraph(graph)).run(feeds)
  const dims = Object.entries(found).map(([name, result]) => [name, result.dims])
  const inferred = Object.entries(values).map(([name, { shape }]) => [
    name,
    shape.map((dim) => evaluateDim(dim, bindings))
  ])
  expect(dims).toEqual(inferred)
  return Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, data]))
}

const floats = (dims: ReadonlyArray<number>, ...data: ReadonlyArray<number>): Feed => ({
  dtype: "float32",
  dims,
  data: Float32Array.from(data)
})

describe("the operators without a gradient", () => {
  it("compare and combine truth values", async () => {
    const found = await evaluate(
      (graph) => {
        const x = graph.input("x", "float32", ["N"])
        const small = Op.less(x, 2)
        const large = Op.greaterOrEqual(x, 2)
        return {
          less: small,
          lessOrEqual: Op.lessOrEqual(x, 2),
          equal: Op.equal(2, x),
          greater: Op.greater(x, 2),
          greaterOrEqual: large,
          and: Op.and(small, Op.greater(x, 0)),
          or: Op.or(small, Op.greater(x, 2)),
          not: Op.not(small),
          isNaN: Op.isNaN(x),
          isInf: Op.isInf(x),
          sign: Op.sign(Op.where(Op.isNaN(x), 0, x)),
          integers: Op.div(Op.cast(Op.clip(x, { min: -9, max: 9 }), "int32"), 2)
        }
      },
      { x: floats([5], -1, 1, 2, 3, Infinity) },
      { N: 5 }
    )
    expect(found).toEqual({
      less: [1, 1, 0, 0, 0],
      lessOrEqual: [1, 1, 1, 0, 0],
      equal: [0, 0, 1, 0, 0],
      greater: [0, 0, 0, 1, 1],
      greaterOrEqual: [0, 0, 1, 1, 1],
      and: [0, 1, 0, 0, 0],
      or: [1, 1, 0, 1, 1],
      not: [0, 0, 1, 1, 1],
      isNaN: [0, 0, 0, 0, 0],
      isInf: [0, 0, 0, 0, 1],
      sign: [-1, 1, 1, 1, 1],
      integers: [0, 0, 1, 1, 4]
    })
  })

  it("count, address and fill", async () => {
    const found = await evaluate(
      (graph) => {
        const x = graph.input("x", "float32", ["B", "T"])
        return {
          argMax: Op.argMax(x),
          argMaxFirst: Op.argMax(x, 0),
          range: Op.range(graph, "T"),
          shape: Op.shapeOf(x),
          fill: Op.fill(graph, "float64", 1.5, ["B", 2]),
          fillKnown: Op.fill(graph, "int64", 7, [2]),
          oneHot: Op.oneHot(Op.argMax(x), 3, "int32"),
          causal: Op.lessOrEqual(Op.range(graph, "T"), Op.unsqueeze(Op.range(graph, "T"), [1])),
          fromEnd: Op.gather(x, graph.constant("int64", [-1]), 1)
        }
      },
      { x: floats([2, 3], 1, 3, 2, 4, 0, 4) },
      { B: 2, T: 3 }
    )
    expect(found).toEqual({
      argMax: [1, 0],
      argMaxFirst: [1, 0, 1],
      range: [0, 1, 2],
      shape: [2, 3],
      fill: [1.5, 1.5, 1.5, 1.5],
      fillKnown: [7, 7],
      oneHot: [0, 1, 0, 1, 0, 0],
      causal: [1, 0, 0, 1, 1, 0, 1, 1, 1],
      fromEnd: [2, 4]
    })
  })
})

describe("layout over symbols", () => {
  it("moves, cuts and joins dimensions whose sizes are known at run time only", async () => {
    const found = await evaluate(
      (graph) => {
        const past = graph.input("past", "float32", ["B", "P", 1])
        const now = graph.input("now", "float32", ["B", "T", 1])
        const all = Op.concat([past, now], 1)
        return {
          all,
          swapped: Op.reshape(Op.reshape(all, ["B*T+B*P"]), ["P+T", "B"]),
          back: Op.slice(all, { axis: 1, start: "P" }),
          front: Op.slice(all, { axis: 1, end: "P" }),
          inner: Op.slice(all, { axis: 1, start: 1, end: -1 }),
          last: Op.slice(all, { axis: 1, start: -1 }),
          padded: Op.pad(now, { axis: 1, before: "P", after: 1 }),
          spread: Op.expand(graph.constant("float32", [5], [1, 1]), ["T", "P"]),
          named: Op.reshape(Op.assumeShape(all, ["B", "S", 1]), [-1, "S"])
        }
      },
      { past: floats([1, 2, 1], 1, 2), now: floats([1, 3, 1], 3, 4, 5) },
      { B: 1, P: 2, T: 3, S: 5 }
    )
    expect(found).toEqual({
      all: [1, 2, 3, 4, 5],
      swapped: [1, 2, 3, 4, 5],
      back: [3, 4, 5],
      front: [1, 2],
      inner: [2, 3, 4],
      last: [5],
      padded: [0, 0, 3, 4, 5, 0],
      spread: [5, 5, 5, 5, 5, 5],
      named: [1, 2, 3, 4, 5]
    })
  })

  it("works on empty tensors", async () => {
    const found = await evaluate(
      (graph) => {
        const past = graph.input("past", "float32", ["B", "P", 2])
        const q = graph.input("q", "float32", ["B", "T", 2])
        const scores = Op.matMul(q, past, { transB: true })
        return { scores, sum: Op.matMul(scores, past) }
      },
      { past: floats([1, 0, 2]), q: floats([1, 1, 2], 3, 4) },
      { B: 1, P: 0, T: 1 }
    )
    expect(found).toEqual({ scores: [], sum: [0, 0] })
  })
})

describe("matMul", () => {
  it("reads transposed and batch-transposed operands as the plain operators do", async () => {
    const options = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map((bits) => ({
      transA: (bits & 1) > 0,
      transB: (bits & 2) > 0,
      transBatchA: (bits & 4) > 0,
      transBatchB: (bits & 8) > 0,
      alpha: 0.5
    }))
    // all dimensions equal, so that every reading fits
    const dims = [2, 2, 2, 2]
    const data = Array.from({ length: 16 }, (_, i) => Math.sin(i))
    const found = await evaluate(
      (graph) => {
        const a = graph.input("a", "float32", dims)
        const b = graph.input("b", "float32", dims)
        const outputs = options.flatMap((option, i) => {
          const plain = Op.matMul(Op.cast(a, "float64"), Op.cast(b, "float64"), option)
          return [
            [`fused${i}`, Op.matMul(a, b, option)],
            [`plain${i}`, plain]
          ] as const
        })
        return Object.fromEntries<Value>(outputs)
      },
      { a: floats(dims, ...data), b: floats(dims, ...data.toReversed()) }
    )
    const differences = options.map((_, i) =>
      Math.hypot(...(found[`plain${i}`] ?? []).map((x, k) => x - (found[`fused${i}`]?.[k] ?? NaN)))
    )
    expect(differences).toHaveLength(16)
    expect(differences.filter((difference) => !(difference < 1e-5))).toEqual([])
    expect(found.fused0).toHaveLength(16)
  })
})
