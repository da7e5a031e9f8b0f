/** Settings of one GRPO update. */
import { adamW, AdamW, Objective } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import { AdvantageForm } from "./AdvantageForm.ts"

const groupStd: AdvantageForm = { _tag: "GroupStd", epsilon: 1e-6, std: "population" }

const positive = Schema.Finite.pipe(Schema.check(Schema.isGreaterThan(0)))

/** PPO's clipped surrogate at ±0.2, averaged over all trained tokens of the update. */
const clippedTokenMean: Objective = {
  _tag: "ClippedPolicyGradient",
  clipLow: 0.2,
  clipHigh: 0.2,
  normaliser: "weight"
}

/**
 * - `discount`: γ per turn (arXiv:2602.16488: 0.7).
 * - `advantage`: from returns to advantages, see `AdvantageForm`; by default the paper's, over the
 *   group's population standard deviation plus 1e-6.
 * - `objective`: the loss; clipped at ±0.2 and averaged over trained tokens by default. No KL term
 *   and no reference model (β = 0 in the paper).
 * - `optimiser`: AdamW at 3e-4.
 * - `verifyLogprobs`: refuse to update when the learner's log-probability of a trained token and the
 *   sampler's differ by more than `logprobTolerance` nats. Turn it off only where the weights have
 *   moved on since sampling.
 */
export const UpdateOptions = Schema.Struct({
  discount: positive.pipe(
    Schema.check(Schema.isLessThanOrEqualTo(1)),
    Schema.withDecodingDefaultKey(Effect.succeed(0.7))
  ),
  advantage: AdvantageForm.pipe(Schema.withDecodingDefaultKey(Effect.succeed(groupStd))),
  objective: Objective.pipe(Schema.withDecodingDefaultKey(Effect.succeed(clippedTokenMean))),
  optimiser: AdamW.pipe(Schema.withDecodingDefaultKey(Effect.succeed(adamW()))),
  verifyLogprobs: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(true))),
  logprobTolerance: positive.pipe(Schema.withDecodingDefaultKey(Effect.succeed(2e-4)))
})
export type UpdateOptions = typeof UpdateOptions.Type
