/** The graphs that a learner runs: log-probabilities, objective and gradient of whole sequences. */
import type { ModelConfig } from "@sml/language-model"
import { gradient, Graph, Op, type Value } from "@sml/onnx-autodiff"

import { causalAttention, decode, logitsOf, rotaryInputs, weightInputs } from "./Decoder.ts"

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
 * Inputs: the weights, `rotary.cos` and `rotary.sin`, `ids` and `targets` (int32 `[B, T]`),
 * `positions` (int64 `[B, T]`), `mask` (`[T, T]`, see {@link causalAttention}) and those of the loss,
 * each `[B, T]`. Sequences are padded at the end: a position only sees earlier ones, so padding needs
 * no mask, only a coefficient of 0. Outputs: `logprobs` `[B, T]` and, unless the loss is `"none"`,
 * the gradient of every weight.
 */
export const learnerGraph = (config: ModelConfig, loss: Loss): Graph => {
  const graph = new Graph(`learner-${loss}`)
  const weights = weightInputs(graph, config)
  const shape = ["B", "T"]
  const inputs = {
    weights,
    ids: graph.input("ids", "int32", shape),
    positions: graph.input("positions", "int64", shape),
    ...rotaryInputs(graph, config),
    attention: causalAttention(config, graph.input("mask", "float32", ["T", "T"]))
  }
  const targets = graph.input("targets", "int32", shape)
  const logits = logitsOf(config, inputs, decode(config, inputs))
  const picked = Op.gatherElements(Op.logSoftmax(logits), Op.unsqueeze(targets, [2]))
  const logprobs = Op.squeeze(picked, [2])
  graph.output("logprobs", logprobs)
  if (loss === "none") return graph
  const names = [...weights.keys()]
  const gradients = gradient(lossOf(graph, loss, logprobs), [...weights.values()])
  gradients.forEach((value, i) => {
    graph.output(`${gradientPrefix}${names[i] ?? ""}`, value)
  })
  return graph
}

const lossOf = (
  graph: Graph,
  loss: "linear" | "clipped",
  logprobs: Value<"float32">
): Value<"float32"> => {
  const coefficients = graph.input("coefficients", "float32", ["B", "T"])
  if (loss === "linear") return Op.neg(Op.reduceSum(Op.mul(coefficients, logprobs)))
  const advantages = graph.input("advantages", "float32", ["B", "T"])
  const sampled = graph.input("sampled", "float32", ["B", "T"])
  const low = graph.input("low", "float32", [])
  const high = graph.input("high", "float32", [])
  const ratio = Op.exp(Op.sub(logprobs, sampled))
  const clipped = Op.min(Op.max(ratio, low), high)
  const surrogate = Op.min(Op.mul(ratio, advantages), Op.mul(clipped, advantages))
  return Op.neg(Op.reduceSum(Op.mul(coefficients, surrogate)))
}
