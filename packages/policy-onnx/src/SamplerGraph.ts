/** The graphs that a sampler runs: logits of the last positions, and the keys and values to cache. */
import type { ModelConfig } from "@sml/language-model"
import { Graph, Op } from "@sml/onnx-autodiff"

import {
  type Attention,
  cachedAttention,
  causalAttention,
  decode,
  logitsOf,
  rotaryInputs,
  weightInputs
} from "./Decoder.ts"

/** The names of a layer's cached keys and values among the inputs (`past`) and outputs (`new`). */
export const cacheName = (part: "past" | "new", what: "keys" | "values", layer: number): string =>
  `${part}.${what}.${layer}`

// onnxruntime sums so many terms of a matrix product in one pass, see Decoder.linear
const exactContraction = 128

/**
 * New positions `[B, T]` of B streams, with or without a cache of earlier ones.
 *
 * Inputs: the weights, `rotary.cos` and `rotary.sin`, `ids` (int32 `[B, T]`), `positions` (int64
 * `[B, T]`), `mask` (`[T, T]`), `last` (int32 `[B]`: index of each row's last real position in the
 * flattened `[B·T]`), and with a cache `pastMask` (`[B, 1, 1, P]`) and for each layer `past.keys.i`
 * and `past.values.i`, `[B, keyValueHeads, P, headSize]`.
 *
 * Outputs: `logits` `[B, vocabulary]` of the last positions and for each layer `new.keys.i` and
 * `new.values.i`, `[B, keyValueHeads, T, headSize]`.
 */
export const samplerGraph = (config: ModelConfig, withPast: boolean): Graph => {
  const graph = new Graph(withPast ? "sampler-with-past" : "sampler")
  const weights = weightInputs(graph, config)
  const ids = graph.input("ids", "int32", ["B", "T"])
  const positions = graph.input("positions", "int64", ["B", "T"])
  const rotary = rotaryInputs(graph, config)
  const mask = graph.input("mask", "float32", ["T", "T"])
  const last = graph.input("last", "int32", ["B"])
  const past = (layer: number) => {
    const shape = ["B", config.keyValueHeads, "P", config.headSize]
    return [
      graph.input(cacheName("past", "keys", layer), "float32", shape),
      graph.input(cacheName("past", "values", layer), "float32", shape)
    ] as const
  }
  const attention = withPast
    ? cachedAttention(config, past, mask, graph.input("pastMask", "float32", ["B", 1, 1, "P"]))
    : causalAttention(config, mask)
  const recording: Attention = (layer, q, k, v) => {
    graph.output(cacheName("new", "keys", layer), k)
    graph.output(cacheName("new", "values", layer), v)
    return attention(layer, q, k, v)
  }
  const inputs = {
    weights,
    ids,
    positions,
    ...rotary,
    attention: recording,
    contraction: exactContraction
  }
  const states = Op.reshape(decode(config, inputs), ["B*T", config.hiddenSize])
  graph.output("logits", logitsOf(config, inputs, Op.gather(states, last)))
  return graph
}
