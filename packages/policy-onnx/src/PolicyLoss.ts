/** The part of a learner's graph that computes a policy objective. */
import { type Graph, Op, type Value } from "@sml/onnx-autodiff"
import type { KlEstimator, PolicyOptimisation } from "@sml/policy"

type Floats = Value<"float32">

/** Which graph an objective needs; its numbers are inputs, so that other numbers need no other graph. */
export interface PolicyLoss {
  readonly surrogate: "reinforce" | "importance" | "clip" | "sequenceClip" | "cispo"
  readonly dual: boolean
  readonly kl: KlEstimator | undefined
  readonly entropy: boolean
}

const surrogates = {
  Reinforce: "reinforce",
  ImportanceSampling: "importance",
  Clip: "clip",
  SequenceClip: "sequenceClip",
  Cispo: "cispo"
} as const

/** The graph of an objective. */
export const policyLossOf = ({ entropy, kl, surrogate }: PolicyOptimisation): PolicyLoss => ({
  surrogate: surrogates[surrogate._tag],
  dual: surrogate._tag === "Clip" && surrogate.dual !== undefined,
  kl: kl?.estimator,
  entropy: entropy !== undefined
})

/** The output with the entropy (nats) at each scored position, where the objective has a bonus. */
export const entropiesOutput = "entropies"

/**
 * `Σ coefficients·surrogate + Σ klCoefficients·KL − Σ entropyCoefficients·H` of the targets, as
 * `@sml/policy` defines them (`Surrogate`, `KlPenalty`). `logprobs` `[N]` are those of the targets,
 * `distributions` `[N, V]` all of them. Inputs, each `[N]`: `coefficients` and `advantages`; `anchor`,
 * the log-probabilities that ratios are relative to; scalars `low` and `high`, the bounds of the ratio;
 * `floor`, below which the dual clip does not let a term fall; for ratios of sequences `average`
 * `[S, N]`, 1/n where a target is one of the n of a sequence, and `sequence` (int32), whose target it
 * is; `compared` and `klCoefficients`; `entropyCoefficients`.
 */
export const policyLoss = (
  graph: Graph,
  loss: PolicyLoss,
  logprobs: Floats,
  distributions: Floats
): Floats => {
  const perTarget = (name: string): Floats => graph.input(name, "float32", ["N"])
  const terms = [
    Op.neg(Op.reduceSum(Op.mul(perTarget("coefficients"), surrogateOf(graph, loss, logprobs))))
  ]
  if (loss.kl !== undefined) {
    const divergence = divergenceOf(loss.kl, Op.sub(perTarget("compared"), logprobs))
    terms.push(Op.reduceSum(Op.mul(perTarget("klCoefficients"), divergence)))
  }
  if (loss.entropy) {
    const entropies = Op.neg(
      Op.reduceSum(Op.mul(Op.exp(distributions), distributions), { axes: [1] })
    )
    graph.output(entropiesOutput, entropies)
    terms.push(Op.neg(Op.reduceSum(Op.mul(perTarget("entropyCoefficients"), entropies))))
  }
  return terms.reduce((total, term) => Op.add(total, term))
}

/** What is maximised, of each target. */
const surrogateOf = (graph: Graph, { dual, surrogate }: PolicyLoss, logprobs: Floats): Floats => {
  const advantages = graph.input("advantages", "float32", ["N"])
  if (surrogate === "reinforce") return Op.mul(advantages, logprobs)
  const difference = Op.sub(logprobs, graph.input("anchor", "float32", ["N"]))
  const ratio = Op.exp(surrogate === "sequenceClip" ? bySequence(graph, difference) : difference)
  if (surrogate === "importance") return Op.mul(ratio, advantages)
  const low = graph.input("low", "float32", [])
  const high = graph.input("high", "float32", [])
  const bounded = Op.min(Op.max(ratio, low), high)
  if (surrogate === "cispo") {
    return Op.mul(Op.mul(Op.stopGradient(bounded), advantages), logprobs)
  }
  const clipped = Op.min(Op.mul(ratio, advantages), Op.mul(bounded, advantages))
  return dual ? Op.max(clipped, graph.input("floor", "float32", ["N"])) : clipped
}

/** The mean over each sequence, at each of its targets. */
const bySequence = (graph: Graph, values: Floats): Floats => {
  const average = graph.input("average", "float32", ["S", "N"])
  const sequence = graph.input("sequence", "int32", ["N"])
  const means = Op.squeeze(Op.matMul(average, Op.unsqueeze(values, [1])), [1])
  return Op.gather(means, sequence)
}

/** The estimate from `δ`, the compared log-probability less the current one. */
const divergenceOf = (estimator: KlEstimator, delta: Floats): Floats => {
  if (estimator === "k1") return Op.neg(delta)
  if (estimator === "k2") return Op.mul(Op.mul(delta, delta), delta.graph.scalar("float32", 0.5))
  return Op.sub(Op.exp(delta), Op.add(delta, delta.graph.scalar("float32", 1)))
}
