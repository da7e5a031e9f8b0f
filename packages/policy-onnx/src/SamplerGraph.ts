/** The graphs that a sampler runs: logits of the last positions, and the keys and values to cache. */
import type { ModelConfig } from "@sml/language-model"
import { Graph, Op, type Value } from "@sml/onnx-autodiff"

import { architectures } from "./architectures.ts"
import { type Attention, cachedAttention, causalAttention, decodingAttention } from "./Attention.ts"
import { Blocks, decoderInputs } from "./Blocks.ts"
import { blockSize } from "./drawFromBlocks.ts"

type Floats = Value<"float32">

/** The names of a layer's cached keys and values among the inputs (`past`) and outputs (`new`). */
export const cacheName = (part: "past" | "new", what: "keys" | "values", layer: number): string =>
  `${part}.${what}.${layer}`

/**
 * New positions `[B, T]` of B streams, with or without a cache of earlier ones.
 *
 * Inputs: the weights, `rotary.cos` and `rotary.sin`, `ids` (int32 `[B, T]`), `positions` (int64
 * `[B, T]`), `mask` (`[T, T]`), `last` (int32 `[B]`: index of each row's last real position in the
 * flattened `[B·T]`), and with a cache `pastMask` (`[B, 1, 1, P]`) and for each layer `past.keys.i`
 * and `past.values.i`, `[B, keyValueHeads, P, headSize]`.
 *
 * Outputs: `logits` `[B, vocabulary]` of the last positions, for large vocabularies `weights` =
 * exp(logits − largest) and their `sums` over blocks of {@link blockSize}, and for each layer `new.keys.i` and
 * `new.values.i`, `[B, keyValueHeads, T, headSize]`. On a session of `threads` threads, the bits of a
 * row do not depend on the rows beside it.
 */
export const samplerGraph = (config: ModelConfig, withPast: boolean, threads: number): Graph => {
  const graph = new Graph(withPast ? "sampler-with-past" : "sampler")
  const inputs = decoderInputs(graph, config)
  const mask = graph.input("mask", "float32", ["T", "T"])
  const last = graph.input("last", "int32", ["B"])
  const attention = withPast
    ? cachedAttention(
        config,
        pastInputs(graph, config, "B"),
        mask,
        graph.input("pastMask", "float32", ["B", 1, 1, "P"])
      )
    : causalAttention(config, mask)
  const model = new Blocks(config, {
    ...inputs,
    attention: recorded(graph, attention),
    exactFor: threads,
    wanted: last
  })
  distributionOutputs(graph, config, model.head(architectures[config.family](model)))
  return graph
}

/**
 * One new position of each of B·T streams with a cache: as {@link samplerGraph}, but `ids` and
 * `positions` are `[B, T]` with one entry a stream and T from 2 to {@link streamsPerGroup}, there are no
 * `last` and `mask`, and what has a row for each stream has B·T of them. The bits of a stream do not depend
 * on the others, nor on T.
 */
export const decodingGraph = (config: ModelConfig): Graph => {
  const graph = new Graph("decoding")
  const inputs = decoderInputs(graph, config)
  const attention = decodingAttention(
    config,
    pastInputs(graph, config, "B*T"),
    graph.input("pastMask", "float32", ["B*T", 1, 1, "P"])
  )
  const model = new Blocks(config, {
    ...inputs,
    attention: recorded(graph, attention),
    streams: true
  })
  const logits = model.head(architectures[config.family](model))
  distributionOutputs(graph, config, Op.reshape(logits, ["B*T", config.vocabularySize]))
  return graph
}

/**
 * Streams that {@link decodingGraph} takes in one row of its ids at most: as many columns as onnxruntime
 * sums alike in any number. It cuts the sums of a product at 128 terms, and at twice as many for each
 * time that the columns fit into half of 128, but for no fewer than 16 columns.
 *
 * @example
 * ```ts no-run
 * streamsPerGroup(config) // 64 where no product has more than 256 terms
 * ```
 */
export const streamsPerGroup = (config: ModelConfig): number => {
  const { headSize, heads, hiddenSize, intermediateSize } = config
  const terms = Math.max(hiddenSize, heads * headSize, intermediateSize)
  return terms <= 256 ? 64 : terms <= 512 ? 32 : 16
}

const pastInputs = (graph: Graph, config: ModelConfig, streams: string) => (layer: number) => {
  const shape = [streams, config.keyValueHeads, "P", config.headSize]
  return [
    graph.input(cacheName("past", "keys", layer), "float32", shape),
    graph.input(cacheName("past", "values", layer), "float32", shape)
  ] as const
}

// attention whose new keys and values are outputs of the graph
const recorded =
  (graph: Graph, attention: Attention): Attention =>
  (layer, q, k, v) => {
    graph.output(cacheName("new", "keys", layer), k)
    graph.output(cacheName("new", "values", layer), v)
    return attention(layer, q, k, v)
  }

const distributionOutputs = (graph: Graph, config: ModelConfig, logits: Floats): void => {
  graph.output("logits", logits)
  const block = blockSize(config.vocabularySize)
  if (block !== undefined) {
    const largest = Op.reduceMax(logits, { axes: [1], keepDims: true })
    const likelihoods = Op.exp(Op.sub(logits, largest))
    const blocks = Op.reshape(likelihoods, [-1, config.vocabularySize / block, block])
    graph.output("weights", likelihoods)
    graph.output("sums", Op.reduceSum(blocks, { axes: [2] }))
  }
}
