/** Any objective from logits, slow and readable: what an engine is checked against. */
import { type Datum, evaluateObjective, type Objective } from "@sml/policy"

/** Loss, derivatives and what they are made of; one entry a datum, in it one a target. */
export interface ReferenceLoss {
  readonly loss: number
  /** Log-probability of each target (nats). */
  readonly logprobs: ReadonlyArray<Float64Array>
  /** Entropy of each next-token distribution (nats). */
  readonly entropies: ReadonlyArray<Float64Array>
  /** `∂loss/∂ℓ` of each target, entropies held. */
  readonly logprobGradient: ReadonlyArray<Float64Array>
  /** `∂loss/∂z` of the logits that predict each target. */
  readonly logitGradient: ReadonlyArray<ReadonlyArray<Float64Array>>
}

/** Log-probabilities of a row of logits. */
const logSoftmax = (logits: ArrayLike<number>): Float64Array => {
  const row = Float64Array.from(logits)
  const largest = row.reduce((most, logit) => Math.max(most, logit), -Infinity)
  const total = row.reduce((sum, logit) => sum + Math.exp(logit - largest), 0)
  return row.map((logit) => logit - largest - Math.log(total))
}

const entropyOf = (distribution: Float64Array): number =>
  // a logit of −∞ has no part in it
  distribution.reduce(
    (total, logprob) => (logprob === -Infinity ? total : total - Math.exp(logprob) * logprob),
    0
  )

/**
 * The value of `objective` and its derivative with respect to log-probabilities and to logits:
 * `logits[i][t]` predicts target `t` of `data[i]`, that is its token `t + 1`. In double precision, by
 * the formulas of `Objective`, one target after the other. With `g` the derivative with respect to the
 * log-probability of the target `y`, and `h` that with respect to the entropy `H`,
 * `∂loss/∂z_k = g·([k = y] − p_k) − h·p_k·(log p_k + H)`.
 *
 * Throws a `RangeError` where a policy objective misses something in the data (`objectiveNeeds`).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { referenceLoss } from "@sml/grpo-core"
 *
 * // one target, token 1 of a vocabulary of 2, which is as probable as the other
 * const data = [
 *   { tokens: Int32Array.of(0, 1), weights: Float32Array.of(1), advantages: Float32Array.of(2) }
 * ]
 * const { logitGradient, loss } = referenceLoss(
 *   {
 *     _tag: "PolicyOptimisation",
 *     surrogate: { _tag: "Reinforce" },
 *     aggregation: { _tag: "TokenMean" }
 *   },
 *   data,
 *   [[[0, 0]]]
 * )
 * assert.equal(loss, 2 * Math.log(2))
 * assert.deepEqual([...logitGradient[0]![0]!], [1, -1])
 * ```
 */
export const referenceLoss = (
  objective: Objective,
  data: ReadonlyArray<Datum>,
  logits: ReadonlyArray<ReadonlyArray<ArrayLike<number>>>
): ReferenceLoss => {
  const distributions = logits.map((rows) => rows.map(logSoftmax))
  const logprobs = data.map(({ tokens }, index) =>
    Float64Array.from(
      distributions[index] ?? [],
      (distribution, at) => distribution[tokens[at + 1] ?? -1] ?? Number.NaN
    )
  )
  const entropies = distributions.map((rows) => Float64Array.from(rows, entropyOf))
  const { entropyGradient, gradient, loss } = evaluateObjective(
    objective,
    data,
    logprobs,
    entropies
  )
  const logitGradient = distributions.map((rows, index) =>
    rows.map((distribution, at) => {
      const target = data[index]?.tokens[at + 1]
      const slope = gradient[index]?.[at] ?? 0
      const spread = entropyGradient?.[index]?.[at] ?? 0
      const entropy = entropies[index]?.[at] ?? 0
      return distribution.map((logprob, token) => {
        const probability = Math.exp(logprob)
        const byEntropy = probability === 0 ? 0 : -probability * (logprob + entropy)
        return slope * ((token === target ? 1 : 0) - probability) + spread * byEntropy
      })
    })
  )
  return { loss, logprobs, entropies, logprobGradient: gradient, logitGradient }
}
