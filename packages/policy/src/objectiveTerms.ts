/** What of a policy objective does not depend on the weights being trained. */
import type { Datum } from "./Datum.ts"
import type { Aggregation, Correction, PolicyOptimisation } from "./Objective.ts"

/** One entry for each target of a datum. */
export interface ObjectiveTerms {
  /** The target's weight over the normaliser: what its term is multiplied by. 0: untrained. */
  readonly scale: Float64Array
  /** Importance correction of the surrogate; 1 without one. */
  readonly correction: Float64Array
  /** Log-probabilities that ratios are relative to; absent where the surrogate has no ratio. */
  readonly anchor: Float32Array | undefined
  /** Log-probabilities that the KL penalty is against; absent without one. */
  readonly compared: Float32Array | undefined
}

const sum = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((total, value) => total + value, 0)

/** The weights that count: none in a sequence that was cut off, where these are masked. */
const weightsOf = ({ maskOverlong }: PolicyOptimisation, datum: Datum): Float64Array =>
  maskOverlong && datum.truncated
    ? new Float64Array(datum.weights.length)
    : Float64Array.from(datum.weights)

/** The normaliser of each sequence, given the sums of its weights; see {@link Aggregation}. */
const normalisers = (
  aggregation: Aggregation,
  data: ReadonlyArray<Datum>,
  totals: ReadonlyArray<number>
): ReadonlyArray<number> => {
  switch (aggregation._tag) {
    case "TokenMean": {
      const all = sum(totals)
      return totals.map(() => all)
    }
    case "SequenceMean": {
      const count = totals.filter((total) => total > 0).length
      return totals.map((total) => total * count)
    }
    case "Constant":
      return totals.map(() => data.length * aggregation.length)
    case "PromptMean": {
      const prompts = new Map<string | undefined, number>()
      for (const [index, { group }] of data.entries()) {
        prompts.set(group, (prompts.get(group) ?? 0) + (totals[index] ?? 0))
      }
      const count = [...prompts.values()].filter((total) => total > 0).length
      return data.map(({ group }) => (prompts.get(group) ?? 0) * count)
    }
    default:
      return aggregation satisfies never
  }
}

/** `c` of each target; targets that are not trained have 1. */
const correctionOf = (
  correction: Correction | undefined,
  weights: Float64Array,
  { logprobs, proximal }: Datum
): Float64Array => {
  const ones = new Float64Array(weights.length).fill(1)
  if (correction === undefined) return ones
  const differences = weights.map((weight, at) =>
    weight === 0 ? 0 : (proximal?.[at] ?? Number.NaN) - (logprobs?.[at] ?? Number.NaN)
  )
  const { level, max, min = 0, mode } = correction
  const logRatios = level === "token" ? differences : differences.map(() => sum(differences))
  return ones.map((one, at) => {
    if (weights[at] === 0) return one
    const ratio = Math.exp(logRatios[at] ?? Number.NaN)
    if (mode === "truncate") return Math.min(Math.max(ratio, min), max)
    return ratio < min || ratio > max ? 0 : ratio
  })
}

/**
 * Scales, corrections and fixed log-probabilities of each datum: with them an engine has nothing left
 * to know about aggregation, correction and masking. The data must have what the objective needs
 * (`objectiveNeeds`). Where nothing is trained at all, every scale is 0.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { objectiveTerms } from "@sml/policy"
 *
 * const data = [
 *   { tokens: Int32Array.of(1, 2, 3, 4), weights: Float32Array.of(0, 1, 1) },
 *   { tokens: Int32Array.of(1, 5), weights: Float32Array.of(1) }
 * ]
 * const scales = (aggregation: "TokenMean" | "SequenceMean") =>
 *   objectiveTerms(
 *     { _tag: "PolicyOptimisation", surrogate: { _tag: "Reinforce" }, aggregation: { _tag: aggregation } },
 *     data
 *   ).map(({ scale }) => [...scale])
 * assert.deepEqual(scales("TokenMean"), [[0, 1 / 3, 1 / 3], [1 / 3]])
 * assert.deepEqual(scales("SequenceMean"), [[0, 1 / 4, 1 / 4], [1 / 2]])
 * ```
 */
export const objectiveTerms = (
  objective: PolicyOptimisation,
  data: ReadonlyArray<Datum>
): ReadonlyArray<ObjectiveTerms> => {
  const { aggregation, correction, kl, surrogate } = objective
  const weights = data.map((datum) => weightsOf(objective, datum))
  const below = normalisers(aggregation, data, weights.map(sum))
  return data.map((datum, index) => {
    const own = weights[index] ?? new Float64Array()
    const normaliser = below[index] ?? 0
    return {
      scale: own.map((weight) => (weight === 0 ? 0 : weight / normaliser)),
      correction: correctionOf(correction, own, datum),
      anchor:
        surrogate._tag === "Reinforce"
          ? undefined
          : correction === undefined
            ? datum.logprobs
            : datum.proximal,
      compared:
        kl === undefined ? undefined : kl.against === "reference" ? datum.reference : datum.logprobs
    }
  })
}
