/** How much of a batch the clipped objective holds back. */
import { type Datum, evaluatePolicyObjective, type Objective } from "@sml/policy"

/** Fractions of the trained tokens whose ratio is clipped from below, from above, and in all. */
export interface ClipRatios {
  readonly low: number
  readonly high: number
  readonly region: number
}

/**
 * Counts the trained tokens on which clipping stops the gradient: a bad token (negative advantage)
 * whose probability ratio is below `1 − clipLow`, a good one above `1 + clipHigh`. All 0 when one
 * update follows one rollout, and for objectives that do not clip. Of a policy objective they are its
 * metrics `clip_ratio/*` (see `ObjectiveMetrics`).
 */
export const clipRatios = (
  objective: Objective,
  data: ReadonlyArray<Datum>,
  logprobs: ReadonlyArray<ArrayLike<number>>
): ClipRatios => {
  if (objective._tag === "PolicyOptimisation") {
    // the ratios do not depend on the entropies, which a bonus would ask for
    const { entropy: _, ...rest } = objective
    const { metrics } = evaluatePolicyObjective(rest, data, logprobs)
    return {
      low: metrics["clip_ratio/low_mean"] ?? 0,
      high: metrics["clip_ratio/high_mean"] ?? 0,
      region: metrics["clip_ratio/region_mean"] ?? 0
    }
  }
  if (objective._tag !== "ClippedPolicyGradient") return { low: 0, high: 0, region: 0 }
  let low = 0
  let high = 0
  let tokens = 0
  for (const [index, datum] of data.entries()) {
    for (const [target, weight] of datum.weights.entries()) {
      if (weight === 0) continue
      tokens += 1
      const advantage = datum.advantages?.[target] ?? 0
      const ratio = Math.exp((logprobs[index]?.[target] ?? 0) - (datum.logprobs?.[target] ?? 0))
      if (advantage < 0 && ratio < 1 - objective.clipLow) low += 1
      if (advantage > 0 && ratio > 1 + objective.clipHigh) high += 1
    }
  }
  const of = Math.max(1, tokens)
  return { low: low / of, high: high / of, region: (low + high) / of }
}
