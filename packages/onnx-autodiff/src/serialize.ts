import { create, toBinary } from "@bufbuild/protobuf"
import {
  AttributeProto_AttributeType,
  type AttributeProto,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  type TensorProto,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema
} from "onnx-buf"

import { type DataType, type TypedArrayOf } from "./DataType.ts"
import { type Graph } from "./Graph.ts"
import { ModelTooLarge } from "./GraphError.ts"
import { constantKey, largestSharedConstant } from "./internal/constantKey.ts"
import { dataTypeCode } from "./internal/dataTypeCode.ts"
import { toTypedArray } from "./internal/toTypedArray.ts"
import { type AttributeKind, type Node, operators } from "./Operator.ts"
import { type Value } from "./Value.ts"

/** The ONNX operator set that the models import. */
export const opsetVersion = 20

// the IR version that goes with operator set 20
const irVersion = 9n

/** Protobuf refuses messages of 2 GiB and more. */
export const largestModel = 2 ** 31 - 1

/** Settings of `serialize`. */
export interface SerializeOptions {
  /** Largest model in bytes; that of protobuf unless given. */
  readonly limit?: number
}

interface Tensor {
  readonly dtype: DataType
  readonly dims: ReadonlyArray<number>
  readonly data: TypedArrayOf[DataType]
}

const tensorProto = (name: string, { data, dims, dtype }: Tensor): TensorProto =>
  create(TensorProtoSchema, {
    name,
    dims: dims.map(BigInt),
    dataType: dataTypeCode[dtype],
    rawData: new Uint8Array(data.slice().buffer)
  })

const valueInfo = (name: string, value: Value) =>
  create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, {
      value: {
        case: "tensorType",
        value: create(TypeProto_TensorSchema, {
          elemType: dataTypeCode[value.dtype],
          shape: create(TensorShapeProtoSchema, {
            dim: value.shape.map((dim) =>
              create(TensorShapeProto_DimensionSchema, {
                value:
                  typeof dim === "number"
                    ? { case: "dimValue", value: BigInt(dim) }
                    : { case: "dimParam", value: dim }
              })
            )
          })
        })
      }
    })
  })

// what an attribute turns into: an ONNX attribute, a constant input, or nothing
type Written =
  | { readonly attribute: AttributeProto }
  | { readonly input: Tensor | undefined }
  | undefined

const writeAttribute = (name: string, kind: AttributeKind, value: unknown, node: Node): Written => {
  const { FLOAT, INT, INTS, STRING, TENSOR } = AttributeProto_AttributeType
  const attribute = (
    fields: Partial<Pick<AttributeProto, "f" | "i" | "ints" | "s" | "t" | "type">>
  ) => ({
    attribute: create(AttributeProtoSchema, { name, ...fields })
  })
  if (kind === "note") return undefined
  if (kind === "int" && typeof value === "number") return attribute({ type: INT, i: BigInt(value) })
  if (kind === "float" && typeof value === "number") return attribute({ type: FLOAT, f: value })
  if (kind === "string" && typeof value === "string") {
    return attribute({ type: STRING, s: new TextEncoder().encode(value) })
  }
  if (kind === "ints" && isNumbers(value)) return attribute({ type: INTS, ints: value.map(BigInt) })
  if (kind === "intsInput" && (value === null || isNumbers(value))) {
    return { input: value === null ? undefined : constantTensor("int64", value, [value.length]) }
  }
  if (kind === "scalarInput" && (value === null || typeof value === "number")) {
    const dtype = node.inputs[0]?.dtype ?? "float32"
    return { input: value === null ? undefined : constantTensor(dtype, [value], []) }
  }
  if (kind === "fill" && isFill(value)) {
    return attribute({
      type: TENSOR,
      t: tensorProto("", constantTensor(value.dtype, [value.value], [1]))
    })
  }
  throw new Error(`the attribute ${name} of ${node.name} is not a ${kind}`)
}

const isNumbers = (value: unknown): value is ReadonlyArray<number> => Array.isArray(value)

const isFill = (value: unknown): value is { readonly dtype: DataType; readonly value: number } =>
  typeof value === "object" && value !== null && "dtype" in value && "value" in value

const constantTensor = (
  dtype: DataType,
  values: ReadonlyArray<number>,
  dims: ReadonlyArray<number>
): Tensor => ({ dtype, dims, data: toTypedArray(dtype, values) })

// the nodes that the outputs need, in the order in which they were built
const liveNodes = (graph: Graph): ReadonlyArray<Node> => {
  const live = new Set<Node>()
  const pending = [...graph.outputs.values()]
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (value.source.kind === "node" && !live.has(value.source.node)) {
      live.add(value.source.node)
      pending.push(...value.source.node.inputs)
    }
  }
  return graph.nodes.filter((node) => live.has(node))
}

/**
 * The graph as the bytes of an ONNX `ModelProto`, ready for onnxruntime. Nodes that no output needs
 * are left out; equal graphs give equal bytes. Inputs appear in the order of their declaration,
 * used or not. Throws `ModelTooLarge` when the constants do not fit into one protobuf message.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { Graph, Op, serialize } from "@sml/onnx-autodiff"
 * import { InferenceSession, Tensor } from "onnxruntime-node"
 *
 * const graph = new Graph("double")
 * const x = graph.input("x", "float32", ["N"])
 * graph.output("y", Op.mul(x, 2))
 * const session = await InferenceSession.create(serialize(graph))
 * const { y } = await session.run({ x: new Tensor("float32", [1, 2, 3], [3]) })
 * assert.deepEqual([...(y?.data ?? [])], [2, 4, 6])
 * ```
 */
export const serialize = (graph: Graph, options: SerializeOptions = {}): Uint8Array => {
  const { limit = largestModel } = options
  const nodes = liveNodes(graph)
  const taken = new Set<string>([
    ...graph.inputs.flatMap(({ source }) => (source.kind === "input" ? [source.name] : [])),
    ...graph.outputs.keys()
  ])
  const unique = (wanted: string): string => {
    let name = wanted
    while (taken.has(name)) name += "_"
    taken.add(name)
    return name
  }

  const names = new Map<Value, string>()
  for (const input of graph.inputs) {
    if (input.source.kind === "input") names.set(input, input.source.name)
  }
  // an output that is the result of a node gives it its name; others need a node of their own
  const copies: Array<readonly [from: Value, name: string]> = []
  for (const [name, value] of graph.outputs) {
    if (value.source.kind === "node" && !names.has(value)) names.set(value, name)
    else copies.push([value, name])
  }

  const initializers: Array<TensorProto> = []
  const shared = new Map<string, string>()
  let bytes = 0
  const initializer = (tensor: Tensor): string => {
    const key =
      tensor.data.length > largestSharedConstant
        ? undefined
        : constantKey(tensor.dtype, tensor.dims, tensor.data)
    const known = key === undefined ? undefined : shared.get(key)
    if (known !== undefined) return known
    bytes += tensor.data.byteLength
    if (bytes > limit) failSize(bytes, limit)
    const name = unique(`constant:${initializers.length}`)
    initializers.push(tensorProto(name, tensor))
    if (key !== undefined) shared.set(key, name)
    return name
  }
  const nameOf = (value: Value): string => {
    const known = names.get(value)
    if (known !== undefined) return known
    const { source } = value
    let name: string
    if (source.kind === "constant") {
      const dims = value.shape.map(Number)
      name = initializer({ dtype: value.dtype, dims, data: source.data })
    } else if (source.kind === "node") {
      const { node, index } = source
      name = unique(node.outputs.length === 1 ? node.name : `${node.name}:${index}`)
    } else name = source.name
    names.set(value, name)
    return name
  }

  const used = new Set<Value>([...nodes.flatMap((node) => node.inputs), ...graph.outputs.values()])
  let contrib = false
  const nodeProtos = nodes.map((node) => {
    const specification = operators[node.operator]
    const kinds: { readonly [name: string]: AttributeKind } = specification.attributes
    const attribute: Array<AttributeProto> = []
    const input = node.inputs.map(nameOf)
    const values = new Map<string, unknown>(Object.entries(node.attributes))
    for (const [name, kind] of Object.entries(kinds)) {
      const written = writeAttribute(name, kind, values.get(name), node)
      if (written === undefined) continue
      if ("attribute" in written) attribute.push(written.attribute)
      else input.push(written.input === undefined ? "" : initializer(written.input))
    }
    while (input.at(-1) === "") input.pop()
    if (specification.domain !== "") contrib = true
    // outputs that nothing reads may be left out only where the operator allows it
    const optional = "optionalOutputs" in specification
    const output = node.outputs.flatMap((value, index) =>
      index === 0 || !optional || used.has(value) ? [nameOf(value)] : []
    )
    const opType = "onnx" in specification ? specification.onnx : node.operator
    return create(NodeProtoSchema, {
      name: node.name,
      opType,
      domain: specification.domain,
      input,
      output,
      attribute
    })
  })
  for (const [from, name] of copies) {
    nodeProtos.push(
      create(NodeProtoSchema, {
        name: `Output:${name}`,
        opType: "Identity",
        input: [nameOf(from)],
        output: [name]
      })
    )
  }

  const model = create(ModelProtoSchema, {
    irVersion,
    producerName: "@sml/onnx-autodiff",
    opsetImport: [
      create(OperatorSetIdProtoSchema, { domain: "", version: BigInt(opsetVersion) }),
      ...(contrib
        ? [create(OperatorSetIdProtoSchema, { domain: "com.microsoft", version: 1n })]
        : [])
    ],
    graph: create(GraphProtoSchema, {
      name: graph.name,
      input: graph.inputs.map((value) => valueInfo(nameOf(value), value)),
      output: [...graph.outputs].map(([name, value]) => valueInfo(name, value)),
      node: nodeProtos,
      initializer: initializers
    })
  })
  const encoded = toBinary(ModelProtoSchema, model)
  if (encoded.length > limit) failSize(encoded.length, limit)
  return encoded
}

const failSize = (bytes: number, limit: number): never => {
  throw new ModelTooLarge({
    bytes,
    limit,
    message:
      `the model takes ${bytes} bytes or more and the limit is ${limit}; ` +
      "feed the large ones of its constants as inputs"
  })
}
