import { type FloatType } from "./DataType.ts"
import { type Cotangent, full, isFloat } from "./internal/Cotangent.ts"
import { add } from "./internal/op/elementwise.ts"
import { fill } from "./internal/op/layout.ts"
import { refuse, type RuleContext } from "./internal/Rule.ts"
import { rules } from "./internal/rules.ts"
import { type Node, type OperatorName } from "./Operator.ts"
import { broadcastShapes, equalShapes, formatShape } from "./Shape.ts"
import { type Value } from "./Value.ts"

/** Settings of `gradient`. */
export interface GradientOptions {
  /** The gradient of some later quantity with respect to `loss`, of a shape that broadcasts to its
   * own; makes the result a vector-Jacobian product, so that `loss` need not be a scalar. */
  readonly seed?: Value<FloatType>
  /** Further values with the gradients of that quantity with respect to each; what comes through them
   * is added. */
  readonly also?: ReadonlyArray<readonly [value: Value<FloatType>, seed: Value<FloatType>]>
}

/**
 * The gradient of `loss` with respect to each value of `wrt` (inputs or intermediate values), by
 * reverse-mode differentiation: the nodes that compute it are appended to the graph, and reuse the
 * values of the forward pass. The results have the element types and shapes of `wrt`; where the loss
 * does not depend on a value they are zeros. Comparisons, conversions to integers and
 * `Op.stopGradient` let no gradient through.
 *
 * Throws `ShapeError` when `loss` is no scalar and there is no seed, and `NotDifferentiable` when a
 * path from `wrt` to `loss` runs through an operator that has no gradient.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { Graph, gradient, Op, serialize } from "@sml/onnx-autodiff"
 * import { InferenceSession, Tensor } from "onnxruntime-node"
 *
 * const graph = new Graph("cubes")
 * const x = graph.input("x", "float64", ["N"])
 * const [dx] = gradient(Op.reduceSum(Op.pow(x, 3)), [x])
 * graph.output("dx", dx)
 * const session = await InferenceSession.create(serialize(graph))
 * const result = await session.run({ x: new Tensor("float64", [1, 2, 3], [3]) })
 * assert.deepEqual([...(result.dx?.data ?? [])], [3, 12, 27])
 * ```
 */
export function gradient<const W extends ReadonlyArray<Value<FloatType>>>(
  loss: Value<FloatType>,
  wrt: W,
  options?: GradientOptions
): { readonly [I in keyof W]: W[I] }
export function gradient(
  loss: Value<FloatType>,
  wrt: ReadonlyArray<Value<FloatType>>,
  options: GradientOptions = {}
): ReadonlyArray<Value<FloatType>> {
  const { graph } = loss
  graph.checkOwner("Gradient", [...wrt, ...(options.also ?? []).flat()])
  const seed = options.seed ?? graph.scalar(loss.dtype, 1)
  if (options.seed === undefined && loss.rank > 0) {
    graph.failShape(
      "Gradient",
      `the loss has the shape ${formatShape(loss.shape)} and must be a scalar; reduce it or give a seed`
    )
  }
  const seeded = [[loss, seed] as const, ...(options.also ?? [])]
  for (const [value, its] of seeded) {
    const spread = broadcastShapes(its.shape, value.shape)
    if ("axis" in spread || !equalShapes(spread, value.shape)) {
      graph.failShape(
        "Gradient",
        `the seed ${formatShape(its.shape)} does not broadcast to the loss ${formatShape(value.shape)}`
      )
    }
  }

  const reached = reachedFrom(wrt, graph.nodes)
  const contributions = new Map<Value, Array<Cotangent>>()
  const contribute = (value: Value, cotangent: Cotangent): void => {
    const known = contributions.get(value)
    if (known === undefined) contributions.set(value, [cotangent])
    else known.push(cotangent)
  }
  const totalOf = (value: Value): Cotangent | undefined => {
    const all = contributions.get(value)
    if (all === undefined) return undefined
    const total = all.reduce((a, b) => add(a, b))
    contributions.set(value, [total])
    return total
  }

  for (const [value, its] of seeded) if (reached.has(value)) contribute(value, its)
  // the rules append nodes while this runs: they are no part of the forward pass
  const last = Math.max(
    ...seeded.map(([{ source }]) => (source.kind === "node" ? source.node.id : -1))
  )
  const forward = graph.nodes.slice(0, last + 1)
  for (const node of forward.toReversed()) {
    const cotangents = node.outputs.map(totalOf)
    if (cotangents.every((cotangent) => cotangent === undefined)) continue
    const needs = (input: number): boolean => {
      const value = node.inputs[input]
      return value !== undefined && reached.has(value)
    }
    if (!node.inputs.some((_, input) => needs(input))) continue
    differentiate(node, cotangents, needs).forEach((cotangent, input) => {
      const value = node.inputs[input]
      if (cotangent !== undefined && value !== undefined && needs(input))
        contribute(value, cotangent)
    })
  }

  return wrt.map((value) => {
    const total = totalOf(value)
    return total === undefined
      ? fill(graph, value.dtype, 0, value.shape, value)
      : full(total, value)
  })
}

// the values on differentiable paths from `wrt`
const reachedFrom = (wrt: ReadonlyArray<Value>, nodes: ReadonlyArray<Node>): ReadonlySet<Value> => {
  const reached = new Set<Value>(wrt)
  for (const node of nodes) {
    if (rules[node.operator].kind !== "zero" && node.inputs.some((input) => reached.has(input))) {
      for (const output of node.outputs) if (isFloat(output)) reached.add(output)
    }
  }
  return reached
}

const differentiate = <K extends OperatorName>(
  node: Node<K>,
  cotangents: ReadonlyArray<Cotangent | undefined>,
  needs: (input: number) => boolean
): ReadonlyArray<Cotangent | undefined> => {
  const entry = rules[node.operator]
  if (entry.kind === "none") return refuse(node, entry.reason)
  if (entry.kind === "zero") return []
  const float = (values: ReadonlyArray<Value>, index: number): Value<FloatType> => {
    const value = values[index]
    if (isFloat(value)) return value
    throw new Error(`the rule of ${node.operator} asks for the float tensor ${index}`)
  }
  const context: RuleContext<K> = {
    node,
    cotangents,
    get g() {
      const [first] = cotangents
      if (first === undefined) throw new Error(`the rule of ${node.operator} asks for a zero`)
      return first
    },
    needs,
    x: (input) => float(node.inputs, input),
    y: (output = 0) => float(node.outputs, output)
  }
  return entry.rule(context)
}
