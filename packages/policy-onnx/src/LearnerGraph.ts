/** The graphs that a learner runs: log-probabilities, objective and gradient of whole sequences. */
import type { ModelConfig } from "@sml/language-model"
import { gradient, Graph, Op, type Value } from "@sml/onnx-autodiff"

import { type AdapterShape, adapterInputs } from "./adapterInputs.ts"
import { architectures } from "./architectures.ts"
import { causalAttention } from "./Attention.ts"
import { Blocks, rotaryInputs, weightInputs } from "./Blocks.ts"

/**
 * What is differentiated, with `ℓ` the log-probability of each target:
 *
 * - `"none"`: nothing, the graph only computes `ℓ`.
 * - `"linear"`: `−Σ c·ℓ`, for the input `coefficients` = c.
 * - `"clipped"`: `−Σ w·min(r·A, clip(r, low, high)·A)`, `r = exp(ℓ − ℓ₀)`, for the inputs
 *   `coefficients` = w, `advantages` = A, `sampled` = ℓ₀ and the scalars `low` and `high`.
 */
export type Loss = "none" | "linear" | "clipped"

/** The prefix of the outputs that hold gradients: `gradient:model.norm.weight`. */
export const gradientPrefix = "gradient:"

/**
 * Inputs: the weights, `rotary.cos` and `rotary.sin`, `ids` (int32 `[B, T]`), `positions` (int64
 * `[B, T]`), `mask` (`[T, T]`, see {@link causalAttention}), `scored` (int32 `[N]`: where in the
 * flattened `[B·T]` the targets are predicted), `targets` (int32 `[N]`) and those of the loss, each
 * `[N]`. Logits exist at the scored positions only. Sequences are padded at the end: a position only
 * sees earlier ones, so padding needs no mask. Outputs: `logprobs` `[N]` and, unless the loss is
 * `"none"`, the gradient of every weight; with an adapter, whose matrices are inputs too (see
 * {@link adapterInputs}), of its matrices only.
 */
export const learnerGraph = (config: ModelConfig, loss: Loss, adapter?: AdapterShape): Graph => {
  const graph = new Graph(`learner-${loss}`)
  const weights = weightInputs(graph, config)
  const added = adapterInputs(graph, config, adapter, loss !== "none")
  const model = new Blocks(config, {
    weights,
    adapters: added.adapters,
    ids: graph.input("ids", "int32", ["B", "T"]),
    positions: graph.input("positions", "int64", ["B", "T"]),
    ...rotaryInputs(graph, config),
    attention: causalAttention(config, graph.input("mask", "float32", ["T", "T"]))
  })
  const scored = graph.input("scored", "int32", ["N"])
  const targets = graph.input("targets", "int32", ["N"])
  const states = Op.reshape(architectures[config.family](model), ["B*T", config.hiddenSize])
  const logits = model.head(Op.gather(states, scored))
  const picked = Op.gatherElements(Op.logSoftmax(logits), Op.unsqueeze(targets, [1]))
  const logprobs = Op.squeeze(picked, [1])
  graph.output("logprobs", logprobs)
  if (loss === "none") return graph
  const trained = adapter === undefined ? weights : added.matrices
  const names = [...trained.keys()]
  // what is not asked for here costs nothing: no gradient of a frozen matrix is built
  gradient(lossOf(graph, loss, logprobs), [...trained.values()]).forEach((value, i) => {
    graph.output(`${gradientPrefix}${names[i] ?? ""}`, value)
  })
  return graph
}

const lossOf = (
  graph: Graph,
  loss: "linear" | "clipped",
  logprobs: Value<"float32">
): Value<"float32"> => {
  const coefficients = graph.input("coefficients", "float32", ["N"])
  if (loss === "linear") return Op.neg(Op.reduceSum(Op.mul(coefficients, logprobs)))
  const advantages = graph.input("advantages", "float32", ["N"])
  const sampled = graph.input("sampled", "float32", ["N"])
  const low = graph.input("low", "float32", [])
  const high = graph.input("high", "float32", [])
  const ratio = Op.exp(Op.sub(logprobs, sampled))
  const clipped = Op.min(Op.max(ratio, low), high)
  const surrogate = Op.min(Op.mul(ratio, advantages), Op.mul(clipped, advantages))
  return Op.neg(Op.reduceSum(Op.mul(coefficients, surrogate)))
}
