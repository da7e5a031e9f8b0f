/** What one GRPO update saw and did. */
import * as Schema from "effect/Schema"

import { GroupMetrics } from "./GroupMetrics.ts"

/** Every group was dropped: the weights are as they were. */
export const Skipped = Schema.Struct({ ...GroupMetrics.fields, updated: Schema.Literal(false) })
export type Skipped = typeof Skipped.Type

/**
 * One optimiser step was taken.
 *
 * - `loss`: the objective's value before it; `grad_norm`: global L2 norm before clipping.
 * - `learning_rate`: the one of this step; `tokens/trained`: number of targets with a weight.
 * - `clip_ratio/*`: fractions of trained tokens whose ratio was clipped; 0 on policy.
 * - `sampling/logp_difference/*`: |learner − sampler| log-probability of trained tokens (nats), before
 *   the first step.
 *
 * There when the options ask for them: `kl`, the estimate of the objective's penalty, and
 * `entropy/exact`, of its bonus (means over trained tokens, nats); `reward/kl_penalty`, the mean of what
 * `rewardKl` took from a return; `sampling/importance_sampling_ratio/*`, the correction as applied;
 * `completions/clipped_ratio`, the fraction of episodes that are overlong. With several epochs `loss`,
 * `grad_norm`, `clip_ratio/*`, `kl` and the like are those of the last.
 */
export const Updated = Schema.Struct({
  ...GroupMetrics.fields,
  updated: Schema.Literal(true),
  loss: Schema.Finite,
  grad_norm: Schema.Finite,
  learning_rate: Schema.Finite,
  "tokens/trained": Schema.Int,
  "clip_ratio/low_mean": Schema.Finite,
  "clip_ratio/high_mean": Schema.Finite,
  "clip_ratio/region_mean": Schema.Finite,
  "sampling/logp_difference/max": Schema.Finite,
  "sampling/logp_difference/mean": Schema.Finite,
  kl: Schema.optionalKey(Schema.Finite),
  "entropy/exact": Schema.optionalKey(Schema.Finite),
  "reward/kl_penalty": Schema.optionalKey(Schema.Finite),
  "completions/clipped_ratio": Schema.optionalKey(Schema.Finite),
  "sampling/importance_sampling_ratio/min": Schema.optionalKey(Schema.Finite),
  "sampling/importance_sampling_ratio/mean": Schema.optionalKey(Schema.Finite),
  "sampling/importance_sampling_ratio/max": Schema.optionalKey(Schema.Finite)
})
export type Updated = typeof Updated.Type

/** Either of the two; `updated` tells which. */
export const UpdateMetrics = Schema.Union([Skipped, Updated])
export type UpdateMetrics = typeof UpdateMetrics.Type
