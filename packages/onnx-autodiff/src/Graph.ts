import * as Effect from "effect/Effect"

import { type DataType, type NumberType, type TypedArrayOf } from "./DataType.ts"
import { canonicalDim, type Dim, isSymbol, termsOf } from "./Dim.ts"
import {
  ArgumentError,
  DataTypeError,
  type GraphError,
  isGraphError,
  ShapeError
} from "./GraphError.ts"
import { constantKey, largestSharedConstant } from "./internal/constantKey.ts"
import { toTypedArray } from "./internal/toTypedArray.ts"
import { type AttributesOf, type Node, type OperatorName } from "./Operator.ts"
import { formatShape, type Shape } from "./Shape.ts"
import { type Source, Value } from "./Value.ts"

/** Element type and shape of one output of a node. */
export interface OutputType<D extends DataType = DataType> {
  readonly dtype: D
  readonly shape: Shape
}

/**
 * An ONNX graph under construction. Values are added with `input`, `constant` and the functions of
 * `Op`; `output` names the results. Equal nodes (same operator, inputs and attributes) are built
 * once, and nodes that no output needs are left out of the model, so callers may ask for the same
 * intermediate twice without cost.
 *
 * The builder is synchronous and throws `GraphError`s at the line that made the mistake;
 * `Graph.build` turns them into the error channel of an effect.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { Graph, gradient, Op, serialize } from "@sml/onnx-autodiff"
 *
 * const graph = new Graph("line")
 * const x = graph.input("x", "float32", ["B", 3])
 * const w = graph.input("w", "float32", [3, 1])
 * const loss = Op.reduceMean(Op.pow(Op.matMul(x, w), 2))
 * const [dw] = gradient(loss, [w])
 * graph.output("loss", loss)
 * graph.output("dw", dw)
 * assert.deepEqual(dw.shape, [3, 1])
 * assert.ok(serialize(graph).length > 0)
 * ```
 */
export class Graph {
  readonly name: string
  readonly #inputs: Array<Value> = []
  readonly #nodes: Array<Node> = []
  readonly #outputs = new Map<string, Value>()
  readonly #inputNames = new Set<string>()
  readonly #built = new Map<string, ReadonlyArray<Value>>()
  readonly #witnesses = new Map<string, readonly [value: Value, axis: number]>()
  #values = 0
  #symbols = 0
  #scope = ""

  constructor(name: string) {
    this.name = name
  }

  /**
   * Runs `body` on a new graph; what the builder throws becomes the effect's failure.
   *
   * @example
   * ```ts
   * import assert from "node:assert/strict"
   * import { Effect } from "effect"
   * import { Graph, Op } from "@sml/onnx-autodiff"
   *
   * const program = Graph.build("bad", (graph) =>
   *   Op.add(graph.input("a", "float32", ["B"]), graph.input("b", "float32", ["T"]))
   * )
   * const error = await Effect.runPromise(Effect.flip(program))
   * assert.equal(error._tag, "ShapeError")
   * ```
   */
  static readonly build = <A>(
    name: string,
    body: (graph: Graph) => A
  ): Effect.Effect<A, GraphError> =>
    Effect.suspend(() => {
      try {
        return Effect.succeed(body(new Graph(name)))
      } catch (error) {
        return isGraphError(error) ? Effect.fail(error) : Effect.die(error)
      }
    })

  /** The inputs, in the order in which they were declared. */
  get inputs(): ReadonlyArray<Value> {
    return this.#inputs
  }

  /** Every node built so far; each comes after the nodes whose outputs it reads. */
  get nodes(): ReadonlyArray<Node> {
    return this.#nodes
  }

  /** The outputs by name, in the order in which they were declared. */
  get outputs(): ReadonlyMap<string, Value> {
    return this.#outputs
  }

  /**
   * Declares an input. `shape` holds numbers and symbols (`"B"`), or expressions over symbols
   * (`"P+T"`), which are taken on trust. Fails with `ArgumentError` when the name is taken.
   */
  input<D extends DataType>(name: string, dtype: D, shape: Shape): Value<D> {
    if (name === "" || this.#inputNames.has(name)) {
      this.fail("Input", `the name "${name}" is empty or taken; give each input its own name`)
    }
    this.#inputNames.add(name)
    const dims = shape.map((dim) => {
      const canonical = canonicalDim(dim)
      const negative = typeof canonical === "number" && canonical < 0
      return canonical === undefined || negative
        ? this.failShape("Input", `"${dim}" is no dimension; use a number, "B" or "B*T"`)
        : canonical
    })
    const value = this.#make(dtype, dims, { kind: "input", name })
    this.#inputs.push(value)
    return value
  }

  /**
   * A constant tensor, stored in the model as raw data. `data` is a typed array of the data type or
   * a list of numbers; `shape` is `[data.length]` unless given. The data is copied.
   */
  constant<D extends DataType>(
    dtype: D,
    data: TypedArrayOf[D] | ReadonlyArray<number | bigint | boolean>,
    shape: ReadonlyArray<number> = [data.length]
  ): Value<D> {
    const size = shape.reduce((product, dim) => product * dim, 1)
    if (size !== data.length) {
      this.failShape(
        "Constant",
        `${data.length} elements do not fill the shape ${formatShape(shape)}`
      )
    }
    const array = toTypedArray(dtype, data)
    const make = () => this.#make(dtype, shape, { kind: "constant", data: array })
    if (array.length > largestSharedConstant) return make()
    const key = constantKey(dtype, shape, array)
    const [known] = this.#built.get(key) ?? []
    if (known !== undefined && hasType(known, dtype)) return known
    const value = make()
    this.#built.set(key, [value])
    return value
  }

  /** A constant of shape `[]`. */
  scalar<D extends NumberType>(dtype: D, value: number): Value<D> {
    return this.constant(dtype, [value], [])
  }

  /**
   * The run-time value of a dimension as an int64 tensor of shape `[1]`: a constant for a number,
   * else read off the shapes of the values in which its symbols first appeared. Fails with
   * `ShapeError` when a symbol appears in no value of the graph.
   */
  dim(dim: Dim): Value<"int64"> {
    const total = termsOf(dim)
      .map(([coefficient, symbols]) => {
        const factors = symbols.map((symbol) => this.#symbol(symbol))
        if (coefficient !== 1 || factors.length === 0) {
          factors.push(this.constant("int64", [coefficient]))
        }
        return factors.reduce((a, b) => this.append("Mul", [a, b], {}, "int64", [1]))
      })
      .reduce<Value<"int64"> | undefined>(
        (a, b) => (a === undefined ? b : this.append("Add", [a, b], {}, "int64", [1])),
        undefined
      )
    return total ?? this.constant("int64", [0])
  }

  /** Whether every symbol of the dimension appears in a value of the graph. */
  knows(dim: Dim): boolean {
    return termsOf(dim).every(([, symbols]) => symbols.every((s) => this.#witnesses.has(s)))
  }

  /** A symbol that no value of the graph has yet, for a dimension that cannot be named. */
  freshSymbol(): string {
    return `?${this.#symbols++}`
  }

  /**
   * Names a result. The order of the calls is the order of the model's outputs. Fails with
   * `ArgumentError` when the name is that of an input or of another output.
   */
  output(name: string, value: Value): void {
    if (name === "" || this.#inputNames.has(name) || this.#outputs.has(name)) {
      this.fail("Output", `the name "${name}" is empty or taken; give each output its own name`)
    }
    this.checkOwner("Output", [value])
    this.#outputs.set(name, value)
  }

  /** Nodes built inside `body` carry `name` in their names: `layer0/attention/MatMul:12`. */
  scope<A>(name: string, body: () => A): A {
    const outer = this.#scope
    this.#scope = `${outer}${name}/`
    try {
      return body()
    } finally {
      this.#scope = outer
    }
  }

  /** Adds a node with one output. For writers of operators; callers use the functions of `Op`. */
  append<K extends OperatorName, D extends DataType>(
    operator: K,
    inputs: ReadonlyArray<Value>,
    attributes: AttributesOf<K>,
    dtype: D,
    shape: Shape
  ): Value<D> {
    const [value] = this.appendMany(operator, inputs, attributes, [{ dtype, shape }])
    if (value === undefined) throw new Error("unreachable: one output was asked for")
    return value
  }

  /** Adds a node with several outputs. For writers of operators. */
  appendMany<K extends OperatorName, D extends DataType>(
    operator: K,
    inputs: ReadonlyArray<Value>,
    attributes: AttributesOf<K>,
    outputs: ReadonlyArray<OutputType<D>>
  ): ReadonlyArray<Value<D>> {
    const types = outputs.map((output) => `${output.dtype}${formatShape(output.shape)}`)
    const key = `${operator}|${inputs.map((input) => input.id).join()}|${JSON.stringify(attributes)}|${types.join()}`
    const known = this.#built.get(key)
    if (known !== undefined) {
      return known.flatMap((value, i) => {
        const dtype = outputs[i]?.dtype
        return dtype !== undefined && hasType(value, dtype) ? [value] : []
      })
    }
    this.checkOwner(operator, inputs)
    const made: Array<Value<D>> = []
    const node: Node<K> = {
      id: this.#nodes.length,
      operator,
      name: this.#name(operator),
      attributes,
      inputs,
      outputs: made
    }
    outputs.forEach((output, index) => {
      made.push(this.#make(output.dtype, output.shape, { kind: "node", node, index }))
    })
    this.#nodes.push(node)
    this.#built.set(key, made)
    return made
  }

  /** Throws unless every value belongs to this graph. */
  checkOwner(operator: string, values: ReadonlyArray<Value>): void {
    for (const value of values) {
      if (value.graph !== this) {
        this.fail(
          operator,
          `a value of the graph "${value.graph.name}" cannot be used in the graph "${this.name}"`
        )
      }
    }
  }

  /** Throws an `ArgumentError` about the operator that is being built. */
  fail(operator: string, problem: string): never {
    throw new ArgumentError(this.#where(operator, problem))
  }

  /** Throws a `ShapeError` about the operator that is being built. */
  failShape(operator: string, problem: string): never {
    throw new ShapeError(this.#where(operator, problem))
  }

  /** Throws a `DataTypeError` about the operator that is being built. */
  failType(operator: string, problem: string): never {
    throw new DataTypeError(this.#where(operator, problem))
  }

  #name(operator: string): string {
    return `${this.#scope}${operator}:${this.#nodes.length}`
  }

  #where(operator: string, problem: string) {
    const node = this.#name(operator)
    return { operator, node, message: `${node} in the graph "${this.name}": ${problem}` }
  }

  #make<D extends DataType>(dtype: D, shape: Shape, source: Source): Value<D> {
    const value = new Value(this, this.#values++, dtype, shape, source)
    shape.forEach((dim, axis) => {
      if (isSymbol(dim) && !this.#witnesses.has(dim)) this.#witnesses.set(dim, [value, axis])
    })
    return value
  }

  #symbol(symbol: string): Value<"int64"> {
    const witness = this.#witnesses.get(symbol)
    if (witness === undefined) {
      return this.failShape("Shape", `no value of the graph has the dimension ${symbol}`)
    }
    const [value, axis] = witness
    return this.append("Shape", [value], { start: axis, end: axis + 1 }, "int64", [1])
  }
}

const hasType = <D extends DataType>(value: Value, dtype: D): value is Value<D> =>
  value.dtype === dtype
