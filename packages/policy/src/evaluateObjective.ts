/** The objectives in plain arithmetic: the readable reference for what an engine computes. */
import type { Datum } from "./Datum.ts"
import { evaluatePolicyObjective } from "./evaluatePolicyObjective.ts"
import type { Objective, PolicyOptimisation } from "./Objective.ts"

/** Value and derivative of an objective. */
export interface ObjectiveValue {
  /** The loss, as in the formulas of {@link Objective}. */
  readonly loss: number
  /** `∂loss/∂ℓ` of each target, one array per datum, of the length of its `weights`. */
  readonly gradient: ReadonlyArray<Float64Array>
  /** `∂loss/∂H` of each target, `H` the entropy of its distribution; there for policy objectives. */
  readonly entropyGradient?: ReadonlyArray<Float64Array>
}

/** The term of one target and its derivative with respect to `logprob`, both without `w / W`. */
const target = (
  objective: Exclude<Objective, PolicyOptimisation>,
  logprob: number,
  sampled: number,
  advantage: number
): readonly [value: number, derivative: number] => {
  if (objective._tag === "CrossEntropy") return [-logprob, -1]
  if (objective._tag === "PolicyGradient") return [-advantage * logprob, -advantage]
  const ratio = Math.exp(logprob - sampled)
  const clipped = Math.min(Math.max(ratio, 1 - objective.clipLow), 1 + objective.clipHigh)
  // min(r·A, clip(r)·A): the second is a constant of the log-probability
  return ratio * advantage <= clipped * advantage
    ? [-ratio * advantage, -ratio * advantage]
    : [-clipped * advantage, 0]
}

/**
 * The value of `objective` on `data` whose targets have the log-probabilities `logprobs` (nats,
 * aligned with `weights`), and its derivative with respect to each of them. Slow and exact; engines
 * are tested against it. Advantages that a datum lacks count as 0, sampling log-probabilities as
 * `logprobs` itself (ratio 1). With no weight at all the loss is 0. A policy objective is stricter: see
 * {@link evaluatePolicyObjective}, which also gives its metrics; `entropies` are for its bonus.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { evaluateObjective } from "@sml/policy"
 *
 * const data = [{ tokens: Int32Array.of(1, 2, 3), weights: Float32Array.of(0, 1) }]
 * const { loss, gradient } = evaluateObjective(
 *   { _tag: "CrossEntropy", normaliser: "weight" },
 *   data,
 *   [Float32Array.of(-3, -0.5)]
 * )
 * assert.equal(loss, 0.5)
 * assert.deepEqual([...gradient[0]!], [0, -1])
 * ```
 */
export const evaluateObjective = (
  objective: Objective,
  data: ReadonlyArray<Datum>,
  logprobs: ReadonlyArray<ArrayLike<number>>,
  entropies?: ReadonlyArray<ArrayLike<number>>
): ObjectiveValue => {
  if (objective._tag === "PolicyOptimisation") {
    return evaluatePolicyObjective(objective, data, logprobs, entropies)
  }
  let total = 0
  for (const { weights } of data) for (const weight of weights) total += weight
  const scale = objective.normaliser === "none" ? 1 : total === 0 ? 0 : 1 / total
  let loss = 0
  const gradient = data.map((datum, index) => {
    const current = logprobs[index] ?? []
    const out = new Float64Array(datum.weights.length)
    for (const [at, weight] of datum.weights.entries()) {
      if (weight === 0) continue
      const logprob = current[at] ?? Number.NaN
      const sampled = datum.logprobs?.[at] ?? logprob
      const [value, slope] = target(objective, logprob, sampled, datum.advantages?.[at] ?? 0)
      loss += scale * weight * value
      out[at] = scale * weight * slope
    }
    return out
  })
  return { loss, gradient }
}
