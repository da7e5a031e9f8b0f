import { fromBinary } from "@bufbuild/protobuf"
import { type FloatType, Graph, gradient, ModelTooLarge, Op, serialize } from "@sml/onnx-autodiff"
import * as fc from "fast-check"
import { type ModelProto, ModelProtoSchema } from "onnx-buf"
import { describe, expect, it } from "vitest"

import { openGraph } from "./runGraph.ts"

const read = (graph: Graph): ModelProto => fromBinary(ModelProtoSchema, serialize(graph))

const network = (layers: number, width: number, dtype: FloatType): Graph => {
  const graph = new Graph("network")
  let x = graph.input("x", dtype, ["B", width])
  const weights = Array.from({ length: layers }, (_, i) =>
    graph.input(`w${i}`, dtype, [width, width])
  )
  for (const w of weights) x = Op.add(x, Op.tanh(Op.matMul(x, w, { transB: true })))
  const loss = Op.reduceMean(Op.mul(x, x))
  graph.output("loss", loss)
  gradient(loss, weights).forEach((d, i) => graph.output(`d${i}`, d))
  return graph
}

const domains = (graph: Graph) =>
  read(graph).opsetImport.map(({ domain, version }) => [domain, version])

describe("serialize", () => {
  it("gives equal bytes for equal graphs", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom("float32", "float64"),
        (layers, width, dtype) => {
          const bytes = serialize(network(layers, width, dtype))
          expect(serialize(network(layers, width, dtype))).toEqual(bytes)
          expect(serialize(network(layers + 1, width, dtype))).not.toEqual(bytes)
        }
      ),
      { numRuns: 20 }
    )
  })

  it("imports com.microsoft only where one of its operators is used", () => {
    expect(domains(network(1, 2, "float32"))).toEqual([
      ["", 20n],
      ["com.microsoft", 1n]
    ])
    expect(domains(network(1, 2, "float64"))).toEqual([["", 20n]])
  })

  it("leaves out what no output needs and keeps every input", () => {
    const graph = new Graph("lean")
    const x = graph.input("x", "float32", ["B"])
    graph.input("unused", "float32", [3])
    Op.exp(x)
    graph.output("y", Op.log(x))
    const model = read(graph)
    expect(model.graph?.node.map((node) => node.opType)).toEqual(["Log"])
    expect(model.graph?.input.map((input) => input.name)).toEqual(["x", "unused"])
    expect(model.graph?.initializer).toEqual([])
  })

  it("writes constants as raw data, small equal ones once", () => {
    const graph = new Graph("constants")
    const x = graph.input("x", "float32", ["B", 2])
    const table = graph.constant(
      "float32",
      Float32Array.from({ length: 100 }, (_, i) => i),
      [50, 2]
    )
    const y = Op.add(Op.mul(x, 3), Op.reduceSum(table, { axes: [0] }))
    graph.output("y", Op.reduceSum(Op.mul(y, 3), { axes: [0] }))
    const initializers = read(graph).graph?.initializer ?? []
    expect(initializers.map(({ dims }) => dims.map(Number))).toEqual([[], [50, 2], [1]])
    expect(initializers.every(({ rawData }) => rawData.length > 0)).toBe(true)
    expect(
      new Float32Array(initializers[1]?.rawData.slice().buffer ?? new ArrayBuffer(0)).at(-1)
    ).toBe(99)
  })

  it("names any value as an output, several times if asked, beside names like its own", async () => {
    const graph = new Graph("aliases")
    const x = graph.input("x", "float32", [2])
    const y = Op.exp(x)
    const outputs = {
      y,
      again: y,
      "Exp:0": y,
      input: x,
      constant: graph.constant("float32", [1, 2])
    }
    for (const [name, value] of Object.entries(outputs)) graph.output(name, value)
    const { run } = await openGraph(graph)
    const found = await run({ x: { dtype: "float32", dims: [2], data: Float32Array.of(0, 0) } })
    expect(Object.entries(found).map(([name, { data }]) => [name, data])).toEqual([
      ["y", [1, 1]],
      ["again", [1, 1]],
      ["Exp:0", [1, 1]],
      ["input", [0, 0]],
      ["constant", [1, 2]]
    ])
  })

  it("leaves out the outputs of a node that nothing reads, where the operator allows it", async () => {
    const graph = new Graph("outputs")
    const x = graph.input("x", "float32", [2])
    const [first = x] = Op.split(x, 2)
    graph.output("first", first)
    graph.output("norm", Op.rmsNorm(x, x))
    expect(read(graph).graph?.node.map((node) => node.output.length)).toEqual([2, 1])
    const { run } = await openGraph(graph)
    const found = await run({ x: { dtype: "float32", dims: [2], data: Float32Array.of(3, 4) } })
    expect(found.first?.data).toEqual([3])
  })

  it("refuses a model that does not fit into one message", () => {
    const graph = new Graph("large")
    graph.output("y", graph.constant("float32", new Float32Array(1000)))
    expect(serialize(graph, { limit: 5000 }).length).toBeLessThan(5000)
    expect(() => serialize(graph, { limit: 3999 })).toThrow(ModelTooLarge)
    expect(() => serialize(graph, { limit: 4000 })).toThrow(
      /the limit is 4000; feed the large ones of its constants as inputs/
    )
  })
})
