/** Settings of one GRPO update. */
import { adamW, AdamW, KlEstimator, Objective } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import { AdvantageForm } from "./AdvantageForm.ts"

const groupStd: AdvantageForm = { _tag: "GroupStd", epsilon: 1e-6, std: "population" }

const positive = Schema.Finite.pipe(Schema.check(Schema.isGreaterThan(0)))

const atLeastOne = Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(1)))

/** PPO's clipped surrogate at ±0.2, averaged over all trained tokens of the update. */
const clippedTokenMean: Objective = {
  _tag: "ClippedPolicyGradient",
  clipLow: 0.2,
  clipHigh: 0.2,
  normaliser: "weight"
}

/**
 * A KL penalty in the reward: `coefficient · Σ k` over the tokens of an episode is taken from its
 * return, before the advantages (TRL's RLOO, verl's `use_kl_in_reward`). `k` is an estimate of the
 * divergence of the sampling policy from the reference, see `KlPenalty` of `@sml/policy`.
 */
export const RewardKl = Schema.Struct({ estimator: KlEstimator, coefficient: positive })
export type RewardKl = typeof RewardKl.Type

/**
 * - `discount`: γ per turn (arXiv:2602.16488: 0.7).
 * - `advantage`: from returns to advantages, see `AdvantageForm`; by default the paper's, over the
 *   group's population standard deviation plus 1e-6.
 * - `rewardKl`: a KL penalty in the reward; absent by default (β = 0 in the paper). It needs a
 *   `ReferencePolicy`.
 * - `objective`: the loss; clipped at ±0.2 and averaged over trained tokens by default. No KL term
 *   and no reference model (β = 0 in the paper). With one epoch on policy every ratio is 1, clipping
 *   holds nothing back, and the gradient is that of REINFORCE.
 * - `epochs`: optimiser steps on the same dialogues (GRPO's μ); 1.
 * - `turnTokens`: for objectives with `maskOverlong`, the number of tokens at which a student turn was
 *   cut off. An episode is overlong when it outgrew the context (`context-overflow`) or, with this
 *   option, when one of its turns is as long.
 * - `optimiser`: AdamW at 3e-4.
 * - `verifyLogprobs`: refuse to update when the learner's log-probability of a trained token and the
 *   sampler's differ by more than `logprobTolerance` nats (before the first epoch). Turn it off only
 *   where the weights have moved on since sampling.
 */
export const UpdateOptions = Schema.Struct({
  discount: positive.pipe(
    Schema.check(Schema.isLessThanOrEqualTo(1)),
    Schema.withDecodingDefaultKey(Effect.succeed(0.7))
  ),
  advantage: AdvantageForm.pipe(Schema.withDecodingDefaultKey(Effect.succeed(groupStd))),
  objective: Objective.pipe(Schema.withDecodingDefaultKey(Effect.succeed(clippedTokenMean))),
  rewardKl: Schema.optionalKey(RewardKl),
  epochs: atLeastOne.pipe(Schema.withDecodingDefaultKey(Effect.succeed(1))),
  turnTokens: Schema.optionalKey(atLeastOne),
  optimiser: AdamW.pipe(Schema.withDecodingDefaultKey(Effect.succeed(adamW()))),
  verifyLogprobs: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(true))),
  logprobTolerance: positive.pipe(Schema.withDecodingDefaultKey(Effect.succeed(2e-4)))
})
export type UpdateOptions = typeof UpdateOptions.Type
