import {
  type DataType,
  type Dim,
  type FloatType,
  Graph,
  gradient,
  type OperatorName,
  Op,
  type Shape,
  type Value
} from "@sml/onnx-autodiff"
import { evaluateDim } from "@sml/onnx-autodiff/Dim"
import * as fc from "fast-check"
import { expect } from "vitest"

import { type Feed, openGraph } from "./runGraph.ts"

/** Where the numbers of an input lie. */
export interface Range {
  readonly min?: number
  readonly max?: number
  /** Least distance of any two numbers and of any number from 0: keeps the step of the differences
   * away from kinks. */
  readonly apart?: number
}

/** Draws the inputs of a graph and declares them, some dimensions as symbols. */
export class Draw {
  readonly graph = new Graph("finite differences")
  readonly feeds: Record<string, Feed> = {}
  readonly floats: Array<Value<FloatType>> = []
  readonly bindings: Record<string, number> = {}
  readonly dtype: FloatType
  readonly #gen: fc.GeneratorValue
  readonly #symbolic: number

  constructor(gen: fc.GeneratorValue, dtype: FloatType) {
    this.#gen = gen
    this.dtype = dtype
    // which sizes are symbols: dimensions of one size share one symbol
    this.#symbolic = gen(fc.integer, { min: 0, max: 15 })
  }

  integer(min: number, max: number): number {
    return this.#gen(fc.integer, { min, max })
  }

  boolean(): boolean {
    return this.#gen(fc.boolean)
  }

  pick<A>(...choices: ReadonlyArray<A>): A {
    const choice = choices[this.integer(0, choices.length - 1)]
    if (choice === undefined) throw new Error("nothing to pick from")
    return choice
  }

  /** A list of sizes. */
  sizes(minRank: number, maxRank: number, largest = 3): ReadonlyArray<number> {
    return Array.from({ length: this.integer(minRank, maxRank) }, () => this.integer(1, largest))
  }

  /** A shape that broadcasts to `sizes`. */
  broadcastable(sizes: ReadonlyArray<number>): ReadonlyArray<number> {
    return sizes
      .slice(this.integer(0, sizes.length))
      .map((size) => (this.integer(0, 2) === 0 ? 1 : size))
  }

  /** The dimension of a size: the number, or a symbol that stands for it in the whole graph. */
  dim(size: number): Dim {
    if (size < 2 || (this.#symbolic >> (size % 4)) % 2 === 0) return size
    this.bindings[`N${size}`] = size
    return `N${size}`
  }

  #declare<D extends DataType>(dtype: D, sizes: ReadonlyArray<number>, fixed: boolean): Value<D> {
    const name = `x${Object.keys(this.feeds).length}`
    const shape = fixed ? sizes : sizes.map((size) => this.dim(size))
    return this.graph.input(name, dtype, shape)
  }

  /** An input of floating-point numbers; `fixed` keeps its dimensions numbers. */
  real(sizes: ReadonlyArray<number>, range: Range = {}, fixed = false): Value<FloatType> {
    const { apart = 0, max = 2, min = -2 } = range
    const count = sizes.reduce((a, b) => a * b, 1)
    const slots = apart === 0 ? 0 : Math.floor((max - min) / apart)
    const unit = () => this.#gen(fc.integer, { min: 0, max: 1_000_000 }) / 1_000_000
    const free = Array.from({ length: slots }, (_, slot) => min + (slot + 0.5) * apart).filter(
      (x) => Math.abs(x) >= apart / 2
    )
    const data = Array.from({ length: count }, () => {
      if (apart === 0) return min + unit() * (max - min)
      const [x] = free.splice(this.integer(0, free.length - 1), 1)
      return x ?? 0
    })
    const value = this.#declare(this.dtype, sizes, fixed)
    this.feeds[nameOf(value)] =
      this.dtype === "float64"
        ? { dtype: "float64", dims: sizes, data: Float64Array.from(data) }
        : { dtype: "float32", dims: sizes, data: Float32Array.from(data) }
    this.floats.push(value)
    return value
  }

  /** The same, for operators that exist in float32 only. */
  real32(sizes: ReadonlyArray<number>, range: Range = {}, fixed = false): Value<"float32"> {
    const value = this.real(sizes, range, fixed)
    if (!isFloat32(value)) throw new Error("the case must run in float32")
    return value
  }

  /** An input of positions `0 … limit - 1`. */
  positions(sizes: ReadonlyArray<number>, limit: number): Value<"int64"> {
    const count = sizes.reduce((a, b) => a * b, 1)
    const value = this.#declare("int64", sizes, false)
    const data = Array.from({ length: count }, () => BigInt(this.integer(0, limit - 1)))
    this.feeds[nameOf(value)] = { dtype: "int64", dims: sizes, data: BigInt64Array.from(data) }
    return value
  }

  /** An input of truth values. */
  truths(sizes: ReadonlyArray<number>): Value<"bool"> {
    const count = sizes.reduce((a, b) => a * b, 1)
    const value = this.#declare("bool", sizes, false)
    const data = Uint8Array.from({ length: count }, () => this.integer(0, 1))
    this.feeds[nameOf(value)] = { dtype: "bool", dims: sizes, data }
    return value
  }
}

const isFloat32 = (value: Value<FloatType>): value is Value<"float32"> => value.dtype === "float32"

const nameOf = (value: Value): string => {
  if (value.source.kind !== "input") throw new Error("not an input")
  return value.source.name
}

/** A graph whose gradient is compared with differences. */
export interface Case {
  /** The element type; float64, where the differences are sharp, unless given. */
  readonly dtype?: FloatType
  /** The step of the differences. */
  readonly step?: number
  /** Largest error relative to 1 + |difference|. */
  readonly tolerance?: number
  readonly build: (draw: Draw) => Value<FloatType>
  /** Inputs, by the order of their drawing, that the operator does not differentiate. */
  readonly fixed?: ReadonlyArray<number>
}

const sizesOf = (shape: Shape, bindings: Readonly<Record<string, number>>) =>
  shape.map((dim) => evaluateDim(dim, bindings))

// the feed with one element moved
const moved = (feed: Feed, k: number, delta: number): Feed => {
  if (feed.dtype === "float64") {
    return { ...feed, data: feed.data.map((x, i) => (i === k ? x + delta : x)) }
  }
  if (feed.dtype === "float32") {
    return { ...feed, data: feed.data.map((x, i) => (i === k ? x + delta : x)) }
  }
  throw new Error(`${feed.dtype} has no derivatives`)
}

/** Draws one instance of the case and compares every partial derivative with a central difference,
 * and every inferred shape with the one that onnxruntime finds. Returns the operators of the forward
 * graph. */
export const checkGradient = async (
  gen: fc.GeneratorValue,
  { build, dtype = "float64", fixed = [], step, tolerance }: Case
): Promise<ReadonlySet<OperatorName>> => {
  const draw = new Draw(gen, dtype)
  const y = build(draw)
  const { bindings, feeds, graph } = draw
  const operators = new Set(graph.nodes.map((node) => node.operator))
  const wrt = draw.floats.filter((_, i) => !fixed.includes(i))
  // the loss is the sum of the elements, or a sum with random weights, or y with a random seed
  const kind = draw.integer(0, 2)
  const sizes = sizesOf(y.shape, bindings)
  const weights = Op.assumeShape(draw.real(sizes), y.shape)
  const loss = Op.reduceSum(kind === 0 ? y : Op.mul(weights, y))
  const gradients = kind === 2 ? gradient(y, wrt, { seed: weights }) : gradient(loss, wrt)
  graph.output("loss", loss)
  graph.output("y", y)
  gradients.forEach((g, i) => graph.output(`g${i}`, g))
  const { run } = await openGraph(graph)
  const base = await run(feeds)
  expect(base.y?.dims, "inferred shape").toEqual(sizes)

  const h = step ?? (dtype === "float64" ? 1e-5 : 1e-2)
  const allowed = tolerance ?? (dtype === "float64" ? 1e-6 : 2e-3)
  const checkInput = async (value: Value<FloatType>, i: number) => {
    const analytic = base[`g${i}`]
    const name = nameOf(value)
    const feed = feeds[name]
    if (analytic === undefined || feed === undefined) throw new Error(`${name} is missing`)
    expect(gradients[i]?.shape).toEqual(value.shape)
    expect(analytic.dims).toEqual(feed.dims)
    const lossAt = async (k: number, delta: number): Promise<number> => {
      const found = await run({ ...feeds, [name]: moved(feed, k, delta) }, ["loss"])
      return found.loss?.data[0] ?? Number.NaN
    }
    const checkElement = async (found: number, k: number) => {
      const [up, down] = await Promise.all([lossAt(k, h), lossAt(k, -h)])
      const difference = (up - down) / (2 * h)
      const error = Math.abs(found - difference) / (1 + Math.abs(difference))
      expect(
        error,
        `${[...operators].join()}: d loss / d ${name}[${k}] is ${difference}, the rule says ${found}`
      ).toBeLessThanOrEqual(allowed)
    }
    await Promise.all(analytic.data.map(checkElement))
  }
  await Promise.all(wrt.map(checkInput))
  return operators
}
