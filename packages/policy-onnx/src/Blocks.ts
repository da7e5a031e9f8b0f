/** What the architectures are made of: each block adds its nodes to a graph. */
import { type ModelConfig, tensorShapes } from "@sml/language-model"
import { type Graph, Op, type Value } from "@sml/onnx-autodiff"

import type { Attention } from "./Attention.ts"
import { type AdapterInputs, lowRank } from "./LowRank.ts"

type Floats = Value<"float32">

/** The weights of a decoder as values of a graph, under their names in Hugging Face checkpoints. */
export type DecoderWeights = ReadonlyMap<string, Floats>

/** What a decoder's graph is made of besides its configuration. */
export interface DecoderInputs {
  readonly weights: DecoderWeights
  /** Token ids, `[B, T]`. */
  readonly ids: Value<"int32">
  /** Position of each token in its stream, int64 `[B, T]`. */
  readonly positions: Value<"int64">
  /** `rotaryTables` with a row for every position, and at least T rows. */
  readonly cos: Floats
  readonly sin: Floats
  readonly attention: Attention
  /** Low-rank additions to the linear maps that have one. */
  readonly adapters?: AdapterInputs
  /** The threads of the session, when the bits of a row must not depend on the rows beside it; see
   * {@link Blocks.linear}. */
  readonly exactFor?: number
  /** Where in the flattened `[B·T]` the last hidden states are wanted, `[N]`, each place once;
   * everywhere unless given. */
  readonly wanted?: Value<"int32">
  /** Whether every position is the one new position of a stream of its own, of which there are B·T;
   * see {@link Blocks.linear}. */
  readonly streams?: boolean
}

/** Declares every weight as an input of the graph. */
const weightInputs = (graph: Graph, config: ModelConfig): DecoderWeights =>
  new Map(
    Array.from(tensorShapes(config), ([name, shape]) => [name, graph.input(name, "float32", shape)])
  )

/** Declares the rotary tables, `[R, headSize / 2]`, as inputs of the graph. */
const rotaryInputs = (graph: Graph, config: ModelConfig): { cos: Floats; sin: Floats } => {
  const shape = ["R", config.headSize / 2]
  return {
    cos: graph.input("rotary.cos", "float32", shape),
    sin: graph.input("rotary.sin", "float32", shape)
  }
}

// onnxruntime sums so many terms of a matrix product in one pass, whatever the number of rows …
const exactContraction = 128
// … and longer sums in such passes too, as long as each thread has more than this many columns
const exactColumns = 80

/** A value `[B·T, width]` of which only the wanted rows, `[N, width]`, are used. */
export interface Picked {
  readonly all: Floats
  readonly rows: Floats
}

/** Declares what every decoder's graph takes: the weights, `ids` and `positions`, `[B, T]`, and the
 * rotary tables. */
export const decoderInputs = (
  graph: Graph,
  config: ModelConfig
): Pick<DecoderInputs, "weights" | "ids" | "positions" | "cos" | "sin"> => ({
  weights: weightInputs(graph, config),
  ids: graph.input("ids", "int32", ["B", "T"]),
  positions: graph.input("positions", "int64", ["B", "T"]),
  ...rotaryInputs(graph, config)
})

/**
 * The blocks of one model. `path` is the name of a module in Hugging Face checkpoints, `x` is
 * `[B, T, width]`, and matrices `W` are stored `[out, in]`.
 */
export class Blocks {
  readonly config: ModelConfig
  /**
   * The rows of the embedding matrix that the ids pick, `[B, T, hidden]`. The matrix has no gradient
   * from them in the graph: it would be as large as the matrix, and is zero but for these rows.
   */
  readonly embedded: Floats
  readonly #inputs: DecoderInputs
  readonly #picked: Array<Picked> = []

  constructor(config: ModelConfig, inputs: DecoderInputs) {
    this.config = config
    this.#inputs = inputs
    const table = Op.stopGradient(this.#weight("model.embed_tokens.weight"))
    this.embedded = Op.gather(table, inputs.ids)
  }

  /** What the layers built so far had looked up, if not all states are wanted. */
  get picked(): ReadonlyArray<Picked> {
    return this.#picked
  }

  /** Applies `layer` as many times as the model has layers. */
  layers(x: Floats, layer: (index: number, path: string, x: Floats) => Floats): Floats {
    const { graph } = this.#inputs.ids
    for (let index = 0; index < this.config.layers; index++) {
      const input = x
      x = graph.scope(`layer${index}`, () => layer(index, `model.layers.${index}`, input))
    }
    return x
  }

  /**
   * What the rest of layer `index` is computed from: behind the last layer's attention no position sees
   * another, so there it is the wanted rows, `[N, width]`; see {@link DecoderInputs.wanted}.
   */
  wanted(index: number, x: Floats): Floats {
    const { wanted } = this.#inputs
    if (wanted === undefined || index < this.config.layers - 1) return x
    const all = Op.reshape(x, ["B*T", x.shape.at(-1) ?? 1])
    // its gradient is looked up, too, by who knows that no place is wanted twice
    const rows = Op.gather(Op.stopGradient(all), wanted)
    this.#picked.push({ all, rows })
    return rows
  }

  /** The residual stream with the result of a block. */
  add(x: Floats, block: Floats): Floats {
    return Op.add(x, block)
  }

  /** `x / √(mean(x²) + ε) · g` over the last dimension (Zhang and Sennrich 2019). */
  rmsNorm(path: string, x: Floats): Floats {
    return Op.rmsNorm(x, this.#weight(`${path}.weight`), this.config.normEpsilon)
  }

  /**
   * `x·Wᵀ`, plus a bias where the checkpoint has one, plus an adapter's `s·(x·Aᵀ)·Bᵀ` where there is
   * one. With `exactFor`, a row has the same bits whatever the rows beside it: onnxruntime cuts a sum
   * at places that depend on how many columns a thread is given and, where those are few, on the
   * number of rows. Narrow products over many terms are therefore cut here, at fixed places.
   *
   * With `streams` it is `(W·xᵀ)ᵀ`: onnxruntime reads a left operand where it lies and packs a right
   * one, which for a large matrix and few rows takes longer than the product. Its sums are cut at
   * places that are the same for all `T` up to 16.
   */
  linear(path: string, x: Floats): Floats {
    const { adapters, exactFor, streams, weights } = this.#inputs
    if (streams === true) return exchanged(this.#fromLeft(path, x, { transB: true }))
    const w = this.#weight(`${path}.weight`)
    const [columns, terms] = [Number(w.shape[0]), Number(w.shape[1])]
    const narrow = exactFor !== undefined && columns < exactColumns * exactFor
    let y: Floats
    if (!narrow || terms <= exactContraction) {
      y = Op.matMul(x, w, { transB: true })
    } else {
      const sizes = Array.from({ length: Math.ceil(terms / exactContraction) }, (_, i) =>
        Math.min(exactContraction, terms - i * exactContraction)
      )
      const parts = Op.split(w, sizes, 1)
      y = Op.split(x, sizes, -1)
        .map((part, i) => Op.matMul(part, parts[i] ?? w, { transB: true }))
        .reduce((sum, part) => Op.add(sum, part))
    }
    const bias = weights.get(`${path}.bias`)
    if (bias !== undefined) y = Op.add(y, bias)
    const adapter = adapters?.get(path)
    return adapter === undefined ? y : Op.add(y, lowRank(adapter, x))
  }

  /** `[B, T, count · headSize]` as `[B, T, count, headSize]`. */
  split(x: Floats, count: number): Floats {
    return Op.reshape(x, [0, 0, count, this.config.headSize])
  }

  /** The inverse of {@link split}. */
  join(x: Floats): Floats {
    return Op.reshape(x, [0, 0, Number(x.shape[2]) * this.config.headSize])
  }

  /** Turns every head of `[B, T, count · headSize]` by its position's angles; see `Rotary.ts`. */
  rotate(x: Floats): Floats {
    const { cos, positions, sin } = this.#inputs
    return Op.rotaryEmbedding(x, positions, cos, sin)
  }

  /**
   * Attention of `q` (`[B, T, heads · headSize]`) over `k` and `v`
   * (`[B, T, keyValueHeads · headSize]`), of the shape of `q`; see `Attention.ts`.
   */
  attention(layer: number, q: Floats, k: Floats, v: Floats): Floats {
    const { heads, keyValueHeads } = this.config
    // [B, T, count · headSize] -> [B, count, T, headSize]
    // streams of one position each: [B·T, count, 1, headSize], the same numbers in the same order
    const { streams } = this.#inputs
    const toHeads = (x: Floats, count: number) =>
      streams === true
        ? Op.reshape(x, ["B*T", count, 1, this.config.headSize])
        : Op.transpose(this.split(x, count), [0, 2, 1, 3])
    const a = this.#inputs.attention(
      layer,
      toHeads(q, heads),
      toHeads(k, keyValueHeads),
      toHeads(v, keyValueHeads)
    )
    return streams === true ? Op.reshape(a, q.shape, q) : this.join(Op.transpose(a, [0, 2, 1, 3]))
  }

  /** `(silu(x·Wgᵀ) ∘ (x·Wuᵀ))·Wdᵀ`, `silu(z) = z · sigmoid(z)` (Shazeer 2020). */
  gatedFeedForward(path: string, x: Floats): Floats {
    if (this.#inputs.streams === true) {
      // features stay before positions on the way through
      const into = (name: string) => this.#fromLeft(`${path}.${name}`, x, { transB: true })
      const gated = Op.mul(Op.silu(into("gate_proj")), into("up_proj"))
      return exchanged(this.#fromLeft(`${path}.down_proj`, gated))
    }
    const gate = Op.silu(this.linear(`${path}.gate_proj`, x))
    return this.linear(`${path}.down_proj`, Op.mul(gate, this.linear(`${path}.up_proj`, x)))
  }

  /** The logits of last hidden states, `[…, hidden]` to `[…, vocabulary]`. */
  head(x: Floats): Floats {
    return this.linear(this.config.tiedEmbeddings ? "model.embed_tokens" : "lm_head", x)
  }

  // W·x, [B, out, T]; what is decoded has its adapter merged
  #fromLeft(path: string, x: Floats, options?: { readonly transB: boolean }): Floats {
    if (this.#inputs.adapters?.has(path) === true) {
      return x.graph.fail("Input", `streams of one position take no adapter of "${path}"`)
    }
    const y = Op.matMul(this.#weight(`${path}.weight`), x, options)
    const bias = this.#inputs.weights.get(`${path}.bias`)
    return bias === undefined ? y : Op.add(y, Op.unsqueeze(bias, [1]))
  }

  #weight(name: string): Floats {
    const { ids, weights } = this.#inputs
    return weights.get(name) ?? ids.graph.fail("Input", `the weight "${name}" was not declared`)
  }
}

const exchanged = (x: Floats): Floats => Op.transpose(x, [0, 2, 1])
