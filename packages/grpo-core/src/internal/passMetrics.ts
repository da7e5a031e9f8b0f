/** What one pass over the data showed. */
import type { Datum, ForwardBackward, Objective } from "@sml/policy"
import { evaluatePolicyObjective } from "@sml/policy"

import { clipRatios } from "../clipRatios.ts"
import type { Updated } from "../UpdateMetrics.ts"

type PassMetrics = Pick<
  Updated,
  | "clip_ratio/low_mean"
  | "clip_ratio/high_mean"
  | "clip_ratio/region_mean"
  | "kl"
  | "entropy/exact"
  | "sampling/importance_sampling_ratio/min"
  | "sampling/importance_sampling_ratio/mean"
  | "sampling/importance_sampling_ratio/max"
>

/** Metrics of the objective at the log-probabilities of the pass. */
export const passMetrics = (
  objective: Objective,
  data: ReadonlyArray<Datum>,
  { entropies, logprobs }: ForwardBackward
): PassMetrics => {
  if (objective._tag !== "PolicyOptimisation") {
    const { high, low, region } = clipRatios(objective, data, logprobs)
    return {
      "clip_ratio/low_mean": low,
      "clip_ratio/high_mean": high,
      "clip_ratio/region_mean": region
    }
  }
  const { metrics } = evaluatePolicyObjective(objective, data, logprobs, entropies)
  const { entropy, ...rest } = metrics
  return {
    "clip_ratio/low_mean": 0,
    "clip_ratio/high_mean": 0,
    "clip_ratio/region_mean": 0,
    ...rest,
    ...(entropy !== undefined && { "entropy/exact": entropy })
  }
}
