/** The graphs that a learner runs: log-probabilities, objective and gradient of whole sequences. */
import type { ModelConfig } from "@sml/language-model"
import { gradient, Graph, Op, type Value } from "@sml/onnx-autodiff"

import { type AdapterShape, adapterInputs } from "./adapterInputs.ts"
import { architectures } from "./architectures.ts"
import { causalAttention } from "./Attention.ts"
import { Blocks, decoderInputs } from "./Blocks.ts"
import { type PolicyLoss, policyLoss } from "./PolicyLoss.ts"

/**
 * What is differentiated, with `ℓ` the log-probability of each target:
 *
 * - `"none"`: nothing, the graph only computes `ℓ`.
 * - `"linear"`: `−Σ c·ℓ`, for the input `coefficients` = c.
 * - `"clipped"`: `−Σ w·min(r·A, clip(r, low, high)·A)`, `r = exp(ℓ − ℓ₀)`, for the inputs
 *   `coefficients` = w, `advantages` = A, `sampled` = ℓ₀ and the scalars `low` and `high`.
 * - a {@link PolicyLoss}: everything else.
 */
export type Loss = "none" | "linear" | "clipped" | PolicyLoss

/** The prefix of the outputs that hold gradients: `gradient:model.norm.weight`. */
export const gradientPrefix = "gradient:"

/**
 * The output with the gradient of the embedding matrix's rows that were looked up, `[B, T, hidden]`:
 * what the matrix's gradient has to be given besides the output under its name, which is there when
 * the matrix is the head, too.
 */
export const embeddedGradient = `${gradientPrefix}embedded`

/**
 * Inputs: the weights, `rotary.cos` and `rotary.sin`, `ids` (int32 `[B, T]`), `positions` (int64
 * `[B, T]`), `mask` (`[T, T]`, see {@link causalAttention}), `scored` (int32 `[N]`: where in the
 * flattened `[B·T]` the targets are predicted), `unscored` (int32 `[B·T]`: the inverse, and N where
 * nothing is scored; absent when the loss is `"none"`), `targets` (int32 `[N]`) and those of the loss,
 * each `[N]`. Logits, and what is behind the last layer's attention, exist at the scored positions
 * only. Sequences are padded at the end: a position only sees earlier ones, so padding needs no mask.
 * Outputs: `logprobs` `[N]` and, unless the loss is `"none"`, the gradient of every weight and
 * {@link embeddedGradient}; with an adapter, whose matrices are inputs too (see {@link adapterInputs}),
 * the gradients of its matrices only; with an entropy bonus the entropies, too (see
 * {@link policyLoss}).
 */
export const learnerGraph = (config: ModelConfig, loss: Loss, adapter?: AdapterShape): Graph => {
  const graph = new Graph(`learner-${typeof loss === "string" ? loss : "policy"}`)
  const inputs = decoderInputs(graph, config)
  const { weights } = inputs
  const added = adapterInputs(graph, adapter, config.layers, loss !== "none")
  const scored = graph.input("scored", "int32", ["N"])
  const model = new Blocks(config, {
    ...inputs,
    adapters: added.adapters,
    attention: causalAttention(config, graph.input("mask", "float32", ["T", "T"])),
    wanted: scored
  })
  const targets = graph.input("targets", "int32", ["N"])
  const logits = model.head(architectures[config.family](model))
  const distributions = Op.logSoftmax(logits)
  const ofTargets = Op.gatherElements(distributions, Op.unsqueeze(targets, [1]))
  const logprobs = Op.squeeze(ofTargets, [1])
  graph.output("logprobs", logprobs)
  if (loss === "none") return graph
  // what is not asked for here costs nothing: no gradient of a frozen matrix is built
  const trained = [...(adapter === undefined ? weights : added.matrices)]
  const output = (parameters: typeof trained, gradients: ReadonlyArray<Floats>) =>
    parameters.forEach(([name], i) => {
      const value = gradients[i]
      if (value !== undefined) graph.output(`${gradientPrefix}${name}`, value)
    })
  const total =
    typeof loss === "string"
      ? lossOf(graph, loss, logprobs)
      : policyLoss(graph, loss, logprobs, distributions)
  // twice: down to the rows that were looked up, and from where they lie
  const { picked } = model
  const behind = sourcesOf([total])
  const tail = trained.filter(([, value]) => behind.has(value))
  const gradients = gradient(total, [
    ...picked.map(({ rows }) => rows),
    ...tail.map(([, value]) => value)
  ])
  output(tail, gradients.slice(picked.length))
  // a position is scored once at most, so its gradient is looked up, not added up
  const unscored = graph.input("unscored", "int32", ["B*T"])
  const seeds = picked.map(({ all, rows }, i) => {
    const zeros = new Float32Array(Number(all.shape[1]))
    const last = graph.constant("float32", zeros, [1, zeros.length])
    return [all, Op.gather(Op.concat([gradients[i] ?? rows, last], 0), unscored)] as const
  })
  const [first, ...also] = seeds
  if (first === undefined) return graph.fail("Gradient", "the architecture looks no states up")
  const [states, seed] = first
  const before = sourcesOf(picked.map(({ all }) => all))
  const body = trained.filter(
    ([name, value]) => before.has(value) && name !== "model.embed_tokens.weight"
  )
  const twice = body.find(([, value]) => behind.has(value))
  if (twice !== undefined) {
    return graph.fail("Gradient", `"${twice[0]}" is used before and behind the states looked up`)
  }
  const inBody = body.map(([, value]) => value)
  if (adapter === undefined) {
    const [ofEmbedded, ...ofBody] = gradient(states, [model.embedded, ...inBody], { seed, also })
    if (ofEmbedded !== undefined) graph.output(embeddedGradient, ofEmbedded)
    output(body, ofBody)
  } else {
    output(body, gradient(states, inBody, { seed, also }))
  }
  return graph
}

// everything that the values are computed from, as far as gradients go
const sourcesOf = (values: ReadonlyArray<Value>): ReadonlySet<Value> => {
  const sources = new Set<Value>(values)
  // a set visits what is added meanwhile
  for (const { source } of sources) {
    if (source.kind !== "node" || source.node.operator === "StopGradient") continue
    for (const input of source.node.inputs) if (input !== undefined) sources.add(input)
  }
  return sources
}

type Floats = Value<"float32">

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
