/** Policy objectives in plain arithmetic: the readable reference for what an engine computes. */
import type { Datum } from "./Datum.ts"
import type { KlEstimator, PolicyOptimisation, Surrogate } from "./Objective.ts"
import { objectiveNeeds } from "./objectiveNeeds.ts"
import { objectiveTerms } from "./objectiveTerms.ts"

/**
 * What an objective saw, each a mean over trained tokens unless the name says otherwise.
 *
 * - `clip_ratio/low_mean`, `…/high_mean`, `…/region_mean`: fractions of tokens (of sequences, with
 *   `SequenceClip`) that clipping held back from below (bad ones), from above (good ones), and in all,
 *   those of the dual clip included; with `Cispo`, whose weight was cut at the lower bound, the upper
 *   one, and in all, good or bad. There when the surrogate clips.
 * - `kl`: of the estimator that the objective names.
 * - `entropy`: of the next-token distributions (nats), exact.
 * - `sampling/importance_sampling_ratio/*`: the correction as it was applied.
 */
export interface ObjectiveMetrics {
  readonly "clip_ratio/low_mean"?: number
  readonly "clip_ratio/high_mean"?: number
  readonly "clip_ratio/region_mean"?: number
  readonly kl?: number
  readonly entropy?: number
  readonly "sampling/importance_sampling_ratio/min"?: number
  readonly "sampling/importance_sampling_ratio/mean"?: number
  readonly "sampling/importance_sampling_ratio/max"?: number
}

/** Value, derivatives and metrics of a policy objective. */
export interface PolicyObjectiveValue {
  readonly loss: number
  /** `∂loss/∂ℓ` of each target. */
  readonly gradient: ReadonlyArray<Float64Array>
  /** `∂loss/∂H` of each target, `H` the entropy of its distribution. */
  readonly entropyGradient: ReadonlyArray<Float64Array>
  readonly metrics: ObjectiveMetrics
}

/** One term, its derivative with respect to the log-probability or the log-ratio, and its clipping. */
interface Term {
  readonly value: number
  readonly slope: number
  readonly clipped?: "low" | "high" | "dual" | undefined
}

const clip = (
  { dual = Infinity, high, low }: { low: number; high: number; dual?: number },
  ratio: number,
  advantage: number
): Term => {
  const free = ratio * advantage
  const bounded = Math.min(Math.max(ratio, 1 - low), 1 + high) * advantage
  const floor = advantage < 0 ? dual * advantage : -Infinity
  if (floor > Math.min(free, bounded)) return { value: -floor, slope: 0, clipped: "dual" }
  if (free <= bounded) return { value: -free, slope: -free }
  return { value: -bounded, slope: 0, clipped: advantage < 0 ? "low" : "high" }
}

const termOf = (surrogate: Surrogate, logprob: number, ratio: number, advantage: number): Term => {
  switch (surrogate._tag) {
    case "Reinforce":
      return { value: -advantage * logprob, slope: -advantage }
    case "ImportanceSampling":
      return { value: -ratio * advantage, slope: -ratio * advantage }
    case "Clip":
    case "SequenceClip":
      return clip(surrogate, ratio, advantage)
    case "Cispo": {
      const [least, most] = [1 - (surrogate.low ?? Infinity), 1 + surrogate.high]
      const weight = Math.min(Math.max(ratio, least), most)
      return {
        value: -weight * advantage * logprob,
        slope: -weight * advantage,
        clipped: ratio < least ? "low" : ratio > most ? "high" : undefined
      }
    }
    default:
      return surrogate satisfies never
  }
}

/** An estimate of the KL divergence and its derivative with respect to `logprob`. */
export const klTerm = (
  estimator: KlEstimator,
  logprob: number,
  compared: number
): readonly [value: number, slope: number] => {
  const delta = compared - logprob
  if (estimator === "k1") return [-delta, 1]
  if (estimator === "k2") return [delta ** 2 / 2, -delta]
  return [Math.exp(delta) - delta - 1, 1 - Math.exp(delta)]
}

/** Counts, smallest, sum and largest of a series. */
class Series {
  count = 0
  total = 0
  least = Infinity
  most = -Infinity

  add(value: number): void {
    this.count += 1
    this.total += value
    this.least = Math.min(this.least, value)
    this.most = Math.max(this.most, value)
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.total / this.count
  }
}

const missing = (data: ReadonlyArray<Datum>, objective: PolicyOptimisation): void => {
  const needs = objectiveNeeds(objective)
  for (const [index, datum] of data.entries()) {
    for (const part of needs) {
      if (datum[part] === undefined) {
        throw new RangeError(
          `evaluateObjective: datum ${datum.label ?? index} has no ${part}, which the objective needs`
        )
      }
    }
  }
}

/**
 * `evaluateObjective` of a policy objective, with its derivative with respect to entropies and its
 * metrics. `entropies` (nats, shaped as `logprobs`) are needed when the objective has an entropy bonus.
 * Throws a `RangeError` when the data lack what the objective needs.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { evaluatePolicyObjective } from "@sml/policy"
 *
 * const datum = {
 *   tokens: Int32Array.of(0, 1, 2),
 *   weights: Float32Array.of(1, 1),
 *   advantages: Float32Array.of(1, 1),
 *   logprobs: Float32Array.of(-1, -1)
 * }
 * const { gradient, metrics } = evaluatePolicyObjective(
 *   {
 *     _tag: "PolicyOptimisation",
 *     surrogate: { _tag: "Clip", low: 0.2, high: 0.28 },
 *     aggregation: { _tag: "TokenMean" }
 *   },
 *   [datum],
 *   // the first token has become 1.65 times as probable, the second is as it was
 *   [[-0.5, -1]]
 * )
 * assert.deepEqual([...gradient[0]!], [0, -0.5])
 * assert.equal(metrics["clip_ratio/high_mean"], 0.5)
 * ```
 */
export const evaluatePolicyObjective = (
  objective: PolicyOptimisation,
  data: ReadonlyArray<Datum>,
  logprobs: ReadonlyArray<ArrayLike<number>>,
  entropies?: ReadonlyArray<ArrayLike<number>>
): PolicyObjectiveValue => {
  missing(data, objective)
  const { correction: corrects, entropy: bonus, kl, surrogate } = objective
  if (bonus !== undefined && entropies === undefined) {
    throw new RangeError(
      "evaluateObjective: the objective has an entropy bonus; give the entropies"
    )
  }
  const terms = objectiveTerms(objective, data)
  const clipped = { low: new Series(), high: new Series(), dual: new Series() }
  const divergence = new Series()
  const spread = new Series()
  const ratios = new Series()
  let loss = 0
  const entropyGradient = data.map(({ weights }) => new Float64Array(weights.length))
  const gradient = terms.map(({ anchor, compared, correction, scale }, index) => {
    const slopes = new Float64Array(scale.length)
    const { advantages } = data[index] ?? {}
    const current = Float64Array.from(logprobs[index] ?? [])
    const trained = [...scale.keys()].filter((at) => scale[at] !== 0)
    const logRatio = (at: number) =>
      anchor === undefined ? 0 : (current[at] ?? Number.NaN) - (anchor[at] ?? Number.NaN)
    const bySequence = surrogate._tag === "SequenceClip"
    const ofSequence = trained.reduce((total, at) => total + logRatio(at), 0) / trained.length
    for (const at of trained) {
      const logprob = current[at] ?? Number.NaN
      const share = scale[at] ?? 0
      const corrected = share * (correction[at] ?? 1)
      const ratio = Math.exp(bySequence ? ofSequence : logRatio(at))
      const term = termOf(surrogate, logprob, ratio, advantages?.[at] ?? 0)
      loss += corrected * term.value
      // the ratio of a sequence depends on each of its tokens, 1/n each
      for (const target of bySequence ? trained : [at]) {
        const part = bySequence ? 1 / trained.length : 1
        slopes[target] = (slopes[target] ?? 0) + corrected * term.slope * part
      }
      if (!bySequence || at === trained[0]) {
        for (const [kind, series] of Object.entries(clipped)) {
          series.add(term.clipped === kind ? 1 : 0)
        }
      }
      ratios.add(correction[at] ?? 1)
      if (kl !== undefined) {
        const [value, slope] = klTerm(kl.estimator, logprob, compared?.[at] ?? Number.NaN)
        loss += kl.coefficient * share * value
        slopes[at] = (slopes[at] ?? 0) + kl.coefficient * share * slope
        divergence.add(value)
      }
      const entropy = entropies?.[index]?.[at]
      if (entropy !== undefined) spread.add(entropy)
      if (bonus !== undefined) {
        loss -= bonus * share * (entropy ?? Number.NaN)
        entropyGradient[index]?.fill(-bonus * share, at, at + 1)
      }
    }
    return slopes
  })
  const clips = surrogate._tag !== "Reinforce" && surrogate._tag !== "ImportanceSampling"
  const metrics: ObjectiveMetrics = {
    ...(clips && {
      "clip_ratio/low_mean": clipped.low.mean,
      "clip_ratio/high_mean": clipped.high.mean,
      "clip_ratio/region_mean": clipped.low.mean + clipped.high.mean + clipped.dual.mean
    }),
    ...(kl !== undefined && { kl: divergence.mean }),
    ...(spread.count > 0 && { entropy: spread.mean }),
    ...(corrects !== undefined &&
      ratios.count > 0 && {
        "sampling/importance_sampling_ratio/min": ratios.least,
        "sampling/importance_sampling_ratio/mean": ratios.mean,
        "sampling/importance_sampling_ratio/max": ratios.most
      })
  }
  return { loss, gradient, entropyGradient, metrics }
}
