/**
 * A decoder-only transformer in the layout of Llama, Qwen 2 and Qwen 3, as an ONNX graph.
 *
 * With `x` the residual stream (`[B, T, hidden]`), `W` matrices stored `[out, in]`, and all products
 * per position:
 *
 *     x₀     = E[ids]
 *     h      = rmsNorm(x; g₁)                       rmsNorm(x; g) = x / √(mean(x²) + ε) · g
 *     q,k,v  = h·Wqᵀ, h·Wkᵀ, h·Wvᵀ                  (+ biases in Qwen 2)
 *     q,k    = rope(q), rope(k)                     (each head RMS-normalised before, in Qwen 3)
 *     a      = softmax(q·kᵀ / √headSize + causal)·v
 *     x      = x + a·Woᵀ
 *     h      = rmsNorm(x; g₂)
 *     x      = x + (silu(h·Wgᵀ) ∘ (h·Wuᵀ))·Wdᵀ      silu(z) = z · sigmoid(z)
 *     logits = rmsNorm(x; g₃)·Wheadᵀ                (Whead = E when the embeddings are tied)
 *
 * `rope` turns the pair (i, i + headSize/2) of a head at position p by the angle p·ωᵢ, see
 * {@link rotaryFrequencies}. Query head j attends with key-value head ⌊j / (heads / keyValueHeads)⌋.
 *
 * Sources: Vaswani et al. 2017 (attention), Zhang and Sennrich 2019 (RMSNorm), Shazeer 2020 (SwiGLU),
 * Su et al. 2021 (RoPE), Ainslie et al. 2023 (grouped queries).
 */
import { type ModelConfig, tensorShapes } from "@sml/language-model"
import { type Graph, Op, type Value } from "@sml/onnx-autodiff"

type Floats = Value<"float32">

/** The weights of a decoder as values of a graph, under their names in Hugging Face checkpoints. */
export type DecoderWeights = ReadonlyMap<string, Floats>

/**
 * Attention of one layer: queries `[B, heads, T, headSize]`, keys and values
 * `[B, keyValueHeads, T, headSize]`, all rotated; the result has the queries' shape.
 */
export type Attention = (layer: number, q: Floats, k: Floats, v: Floats) => Floats

/** What a decoder's graph is made of besides its configuration. */
export interface DecoderInputs {
  readonly weights: DecoderWeights
  /** Token ids, `[B, T]`. */
  readonly ids: Value<"int32">
  /** Position of each token in its stream, int64 `[B, T]`. */
  readonly positions: Value<"int64">
  /** {@link rotaryTables} with a row for every position, and at least T rows. */
  readonly cos: Floats
  readonly sin: Floats
  readonly attention: Attention
  /** Products over more terms than this are summed in parts of so many; see {@link linear}. */
  readonly contraction?: number
}

/** Declares every weight as an input of the graph. */
export const weightInputs = (graph: Graph, config: ModelConfig): DecoderWeights =>
  new Map(
    Array.from(tensorShapes(config), ([name, shape]) => [name, graph.input(name, "float32", shape)])
  )

/** Declares the rotary tables, `[R, headSize / 2]`, as inputs of the graph. */
export const rotaryInputs = (graph: Graph, config: ModelConfig): { cos: Floats; sin: Floats } => {
  const shape = ["R", config.headSize / 2]
  return {
    cos: graph.input("rotary.cos", "float32", shape),
    sin: graph.input("rotary.sin", "float32", shape)
  }
}

/** The last hidden state after the final norm, `[B, T, hidden]`. */
export const decode = (config: ModelConfig, inputs: DecoderInputs): Floats => {
  const graph = inputs.ids.graph
  let x = Op.gather(weight(inputs, "model.embed_tokens.weight"), inputs.ids)
  for (let layer = 0; layer < config.layers; layer++) {
    x = graph.scope(`layer${layer}`, () => {
      const at = `model.layers.${layer}`
      const h = norm(config, inputs, `${at}.input_layernorm`, x)
      const attended = Op.add(x, attend(config, inputs, layer, `${at}.self_attn`, h))
      const g = norm(config, inputs, `${at}.post_attention_layernorm`, attended)
      return Op.add(attended, feedForward(inputs, `${at}.mlp`, g))
    })
  }
  return norm(config, inputs, "model.norm", x)
}

/** The logits of hidden states that {@link decode} gave: `[…, hidden]` to `[…, vocabulary]`. */
export const logitsOf = (config: ModelConfig, inputs: DecoderInputs, hidden: Floats): Floats =>
  linear(inputs, config.tiedEmbeddings ? "model.embed_tokens" : "lm_head", hidden)

const attend = (
  config: ModelConfig,
  inputs: DecoderInputs,
  layer: number,
  at: string,
  h: Floats
): Floats => {
  const { headSize, heads, keyValueHeads } = config
  const split = (x: Floats, count: number) => Op.reshape(x, [0, 0, count, headSize])
  const merge = (x: Floats, count: number) => Op.reshape(x, [0, 0, count * headSize])
  // [B, T, heads · headSize] -> [B, heads, T, headSize]
  const toHeads = (x: Floats, count: number) => Op.transpose(split(x, count), [0, 2, 1, 3])
  const rotate = (name: "q" | "k", count: number) => {
    const projected = linear(inputs, `${at}.${name}_proj`, h)
    const normed = config.queryKeyNorm
      ? merge(norm(config, inputs, `${at}.${name}_norm`, split(projected, count)), count)
      : projected
    return toHeads(Op.rotaryEmbedding(normed, inputs.positions, inputs.cos, inputs.sin), count)
  }
  const q = rotate("q", heads)
  const k = rotate("k", keyValueHeads)
  const v = toHeads(linear(inputs, `${at}.v_proj`, h), keyValueHeads)
  const a = Op.transpose(inputs.attention(layer, q, k, v), [0, 2, 1, 3])
  return linear(inputs, `${at}.o_proj`, merge(a, heads))
}

const feedForward = (inputs: DecoderInputs, at: string, h: Floats): Floats => {
  const gate = Op.silu(linear(inputs, `${at}.gate_proj`, h))
  return linear(inputs, `${at}.down_proj`, Op.mul(gate, linear(inputs, `${at}.up_proj`, h)))
}

const weight = (inputs: DecoderInputs, name: string): Floats => {
  const value = inputs.weights.get(name)
  return value ?? inputs.ids.graph.fail("Input", `the weight "${name}" was not declared`)
}

const norm = (config: ModelConfig, inputs: DecoderInputs, at: string, x: Floats): Floats =>
  Op.rmsNorm(x, weight(inputs, `${at}.weight`), config.normEpsilon)

/**
 * `x·Wᵀ (+ b)`. With `contraction`, a product over more terms is the sum of products over parts of
 * so many terms: onnxruntime's matrix product sums up to 128 terms in one pass whatever the number
 * of rows, but cuts longer sums at places that depend on the number of rows and threads. The parts
 * make the bits of a row independent of the rows beside it.
 */
const linear = (inputs: DecoderInputs, at: string, x: Floats): Floats => {
  const w = weight(inputs, `${at}.weight`)
  const width = Number(w.shape[1])
  const most = inputs.contraction ?? width
  let y: Floats
  if (width <= most) {
    y = Op.matMul(x, w, { transB: true })
  } else {
    const sizes = Array.from({ length: Math.ceil(width / most) }, (_, i) =>
      Math.min(most, width - i * most)
    )
    const parts = Op.split(w, sizes, 1)
    y = Op.split(x, sizes, -1)
      .map((part, i) => Op.matMul(part, parts[i] ?? w, { transB: true }))
      .reduce((sum, part) => Op.add(sum, part))
  }
  const bias = inputs.weights.get(`${at}.bias`)
  return bias === undefined ? y : Op.add(y, bias)
}

/** Added to the score of a position that must not be seen; `exp` of it is exactly 0. */
export const hidden = -1e30

/**
 * Causal attention of whole sequences: position t sees the positions up to t. `mask` is `[T, T]`,
 * 0 where the row may see the column and {@link hidden} elsewhere.
 */
export const causalAttention =
  (config: ModelConfig, mask: Floats): Attention =>
  (_, q, k, v) => {
    const scores = Op.add(groupedScores(config, q, k), mask)
    return ungrouped(config, Op.matMul(grouped(config, Op.softmax(scores)), v))
  }

// the query heads that share a key-value head become rows of one product:
// [B, heads, T, N] -> [B, keyValueHeads, heads/keyValueHeads · T, N]
const grouped = (config: ModelConfig, x: Floats): Floats => {
  const last = x.shape.at(-1) ?? 1
  return config.heads === config.keyValueHeads
    ? x
    : Op.reshape(x, [0, config.keyValueHeads, -1, last])
}

const ungrouped = (config: ModelConfig, x: Floats): Floats => {
  const last = x.shape.at(-1) ?? 1
  return config.heads === config.keyValueHeads ? x : Op.reshape(x, [0, config.heads, -1, last])
}

// q·kᵀ / √headSize, [B, heads, T, S]
const groupedScores = (config: ModelConfig, q: Floats, k: Floats): Floats =>
  ungrouped(
    config,
    Op.matMul(grouped(config, q), k, { transB: true, alpha: 1 / Math.sqrt(config.headSize) })
  )

/**
 * Attention of new positions over themselves and over a cache of past ones. `past` gives a layer's
 * keys and values, `[B, keyValueHeads, P, headSize]`; `newMask` is `[T, T]` and `pastMask`
 * `[B, 1, 1, P]`, as in {@link causalAttention}. The new positions come first in the softmax, so
 * that the lanes in use do not depend on `P`.
 */
export const cachedAttention =
  (
    config: ModelConfig,
    past: (layer: number) => readonly [keys: Floats, values: Floats],
    newMask: Floats,
    pastMask: Floats
  ): Attention =>
  (layer, q, k, v) => {
    const [keys, values] = past(layer)
    const here = Op.add(groupedScores(config, q, k), newMask)
    const before = Op.add(groupedScores(config, q, keys), pastMask)
    const seen = Op.softmax(Op.concat([here, before], 3))
    const count = here.shape[3] ?? 1
    const onNew = Op.slice(seen, { axis: 3, end: count })
    const onPast = Op.assumeShape(Op.slice(seen, { axis: 3, start: count }), before.shape)
    const a = Op.matMul(grouped(config, onNew), v)
    return ungrouped(config, Op.add(a, Op.matMul(grouped(config, onPast), values)))
  }

/**
 * Angular velocity of each rotated pair in radians per position, `ωᵢ = θ^(−2i / headSize)`, with
 * Llama 3's stretching of the slow pairs where the configuration asks for it.
 */
export const rotaryFrequencies = (config: ModelConfig): Float64Array => {
  const { headSize, ropeScaling: scaling, ropeTheta } = config
  return Float64Array.from({ length: headSize / 2 }, (_, i) => {
    const frequency = ropeTheta ** ((-2 * i) / headSize)
    if (scaling === undefined) return frequency
    // how often the pair turns within the original context
    const turns = (scaling.originalContextLength * frequency) / (2 * Math.PI)
    const { factor, highFrequencyFactor: high, lowFrequencyFactor: low } = scaling
    if (turns < low) return frequency / factor
    if (turns > high) return frequency
    const keep = (turns - low) / (high - low)
    return (1 - keep) * (frequency / factor) + keep * frequency
  })
}

/** Cosine and sine of every pair's angle at the first `rows` positions, each
 * `[rows, headSize / 2]`. */
export const rotaryTables = (
  config: ModelConfig,
  rows: number
): { readonly cos: Float32Array; readonly sin: Float32Array } => {
  const frequencies = rotaryFrequencies(config)
  const cos = new Float32Array(rows * frequencies.length)
  const sin = new Float32Array(cos.length)
  for (let position = 0; position < rows; position++) {
    frequencies.forEach((frequency, i) => {
      cos[position * frequencies.length + i] = Math.cos(position * frequency)
      sin[position * frequencies.length + i] = Math.sin(position * frequency)
    })
  }
  return { cos, sin }
}
