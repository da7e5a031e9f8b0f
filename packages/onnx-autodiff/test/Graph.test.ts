import { assert, it } from "@effect/vitest"
import {
  ArgumentError,
  DataTypeError,
  Graph,
  isGraphError,
  Op,
  ShapeError,
  type Value
} from "@sml/onnx-autodiff"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"

import { openGraph } from "./runGraph.ts"

describe("Graph", () => {
  it("builds equal nodes and equal constants once", () => {
    const graph = new Graph("once")
    const x = graph.input("x", "float32", ["B", 4])
    expect(Op.exp(x)).toBe(Op.exp(x))
    expect(Op.mul(x, 2)).toBe(Op.mul(x, 2))
    expect(Op.transpose(Op.transpose(x))).toBe(x)
    expect(Op.split(x, 2)).toEqual(Op.split(x, 2))
    expect(graph.constant("float32", [0])).not.toBe(graph.constant("float32", [-0]))
    expect(graph.constant("float32", [1, 2])).not.toBe(graph.constant("float32", [1, 2], [2, 1]))
    expect(graph.constant("int64", [1])).not.toBe(graph.constant("int32", [1]))
    expect(Op.add(x, 0)).toBe(x)
    expect(Op.mul(1, x)).toBe(x)
  })

  it("copies the data of constants", () => {
    const graph = new Graph("copy")
    const data = Float32Array.of(1, 2)
    const { source } = graph.constant("float32", data)
    data[0] = 9
    expect(source.kind === "constant" && source.data).toEqual(Float32Array.of(1, 2))
  })

  it("keeps names apart", () => {
    const graph = new Graph("names")
    const x = graph.input("x", "float32", [2])
    expect(() => graph.input("x", "float32", [2])).toThrow(ArgumentError)
    expect(() => graph.input("", "float32", [2])).toThrow(ArgumentError)
    expect(() => graph.output("x", x)).toThrow(ArgumentError)
    graph.output("y", x)
    expect(() => graph.output("y", x)).toThrow(ArgumentError)
  })

  it("names nodes by scope, and leaves the scope when its body throws", () => {
    const graph = new Graph("scopes")
    const x = graph.input("x", "float32", [2])
    const y = graph.scope("a", () => graph.scope("b", () => Op.exp(x)))
    expect(y.source.kind === "node" && y.source.node.name).toBe("a/b/Exp:0")
    expect(() => graph.scope("a", () => Op.reshape(x, [3]))).toThrow(/a\/Reshape:1/)
    const z = Op.log(x)
    expect(z.source.kind === "node" && z.source.node.name).toBe("Log:1")
  })

  it.effect("build turns what the builder throws into a failure", () =>
    Effect.gen(function* () {
      const value = yield* Graph.build("good", (graph) => graph.input("x", "float32", ["B"]))
      assert.deepStrictEqual(value.shape, ["B"])
      const error = yield* Effect.flip(
        Graph.build("bad", (graph) => Op.reshape(graph.input("x", "float32", [3]), [2, -1]))
      )
      assert.isTrue(isGraphError(error))
      assert.strictEqual(error._tag, "ShapeError")
      assert.match(error.message, /Reshape:0 in the graph "bad": \[3\] has 3 elements/)
      const defect = yield* Effect.exit(
        Graph.build("bug", () => {
          throw new RangeError("not the builder's")
        })
      )
      assert.isTrue(
        defect._tag === "Failure" && defect.cause.reasons.every((r) => r._tag === "Die")
      )
    })
  )

  it("reads dimensions at run time", async () => {
    const graph = new Graph("dims")
    graph.input("x", "float32", ["B", "T"])
    const all = ["B", "B*T", "2*B*T-3*B+7", 5, "B-B"].map((dim) => graph.dim(dim))
    graph.output("dims", Op.concat(all, 0))
    expect(() => graph.dim("N")).toThrow(ShapeError)
    const { run } = await openGraph(graph)
    const data = new Float32Array(6)
    const found = await run({ x: { dtype: "float32", dims: [2, 3], data } })
    expect(found.dims?.data).toEqual([2, 6, 13, 5, 0])
  })
})

describe("mistakes are typed errors at the line that makes them", () => {
  const graph = new Graph("mistakes")
  const x = graph.input("x", "float32", ["B", "T", 4])
  const y = graph.input("y", "float32", ["B", "S", 4])
  const i = graph.input("i", "int64", ["B", "T"])
  const other = new Graph("other").input("x", "float32", ["B", "T", 4])

  const shapeErrors: ReadonlyArray<readonly [string, () => Value]> = [
    ["an ambiguous broadcast", () => Op.add(x, y)],
    ["a symbol against a number", () => Op.mul(x, Op.slice(y, { axis: 1, end: 3 }))],
    ["inner dimensions that differ", () => Op.matMul(x, x)],
    ["a product of vectors", () => Op.matMul(graph.constant("float32", [1]), x)],
    [
      "batch transposes of different ranks",
      () => Op.matMul(x, Op.reshape(y, [-1, 4]), { transBatchA: true })
    ],
    ["a reshape that does not fill", () => Op.reshape(x, ["B", "T", 5])],
    ["two open dimensions", () => Op.reshape(x, ["N", "M"])],
    ["a copied dimension that is not there", () => Op.reshape(x, [0, 0, 0, 0])],
    ["no dimension", () => Op.reshape(x, ["B T", 4])],
    ["a squeeze of what is not 1", () => Op.squeeze(x, [0])],
    ["an expansion to less", () => Op.expand(x, ["B", 1, 4])],
    ["a concatenation that differs elsewhere", () => Op.concat([x, y], 2)],
    ["a split that leaves a rest", () => Op.split(x, 3)[0] ?? x],
    ["a split of unknown length", () => Op.split(x, 2, 0)[0] ?? x],
    ["indices of another shape", () => Op.gatherElements(x, i)],
    ["a scale of another width", () => Op.rmsNorm(x, graph.constant("float32", [1, 2]))],
    ["rotary tables that do not fit", () => Op.rotaryEmbedding(x, i, y, y)],
    ["an assumption that is false", () => Op.assumeShape(x, ["B", "T", 5])],
    ["an input that is no shape", () => graph.input("z", "float32", ["B", -1])],
    ["a constant that is not filled", () => graph.constant("float32", [1, 2], [3])]
  ]
  it.each(shapeErrors)("%s", (_, build) => {
    expect(build).toThrow(ShapeError)
  })

  const argumentErrors: ReadonlyArray<readonly [string, () => Value]> = [
    ["an axis out of range", () => Op.softmax(x, 3)],
    ["no permutation", () => Op.transpose(x, [0, 0, 1])],
    ["a slice outside the axis", () => Op.slice(x, { axis: 2, start: 3, end: 5 })],
    ["an axis twice", () => Op.unsqueeze(x, [0, 0])],
    ["values of two graphs", () => Op.add(x, other)]
  ]
  it.each(argumentErrors)("%s", (_, build) => {
    expect(build).toThrow(ArgumentError)
  })

  it("element types that the compiler could not see", () => {
    const mixed: Array<Value<"float32" | "float64" | "int64">> = [
      x,
      graph.input("d", "float64", ["B", "T", 4]),
      i
    ]
    const [a = x, b = x, c = x] = mixed
    expect(() => Op.add(a, b)).toThrow(DataTypeError)
    expect(() => Op.where(Op.greater(a, 0), a, b)).toThrow(DataTypeError)
    expect(() => Op.concat([a, c], 0)).toThrow(DataTypeError)
    // @ts-expect-error truth values have no magnitude
    expect(() => Op.abs(Op.greater(a, 0))).toThrow(DataTypeError)
  })

  it("the message says what, where and what to do", () => {
    expect(() => Op.add(x, y)).toThrow(
      /Add:\d+ in the graph "mistakes": \[B, T, 4\] and \[B, S, 4\] do not broadcast at axis -2; .*Op\.assumeShape/
    )
  })
})
