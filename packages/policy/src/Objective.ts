/**
 * The loss to minimise, as data: every engine runs the same description.
 *
 * With `w` the target weights, `A` the advantages, `ℓ` the log-probabilities under the current
 * weights, `ℓ₀` those of the sampling policy, and `W` the normaliser (see {@link Normaliser}):
 *
 * - `CrossEntropy`: `−Σ w·ℓ / W`
 * - `PolicyGradient`: `−Σ w·A·ℓ / W` (REINFORCE; exact when one update follows one rollout)
 * - `ClippedPolicyGradient`: `−Σ w·min(r·A, clip(r, 1−clipLow, 1+clipHigh)·A) / W`, `r = exp(ℓ−ℓ₀)`
 *   (PPO, arXiv:1707.06347 eq. 7, with asymmetric bounds)
 */
import * as Schema from "effect/Schema"

const Positive = Schema.Finite.pipe(Schema.check(Schema.isGreaterThan(0)))

/**
 * `W` in the formulas above: `"weight"` divides by the sum of all target weights of the call (mean
 * over trained tokens), `"none"` by 1 (the caller has scaled the weights).
 */
export const Normaliser = Schema.Literals(["weight", "none"])
export type Normaliser = typeof Normaliser.Type

/** `−Σ w·ℓ / W`: supervised learning. */
export const CrossEntropy = Schema.TaggedStruct("CrossEntropy", { normaliser: Normaliser })
export type CrossEntropy = typeof CrossEntropy.Type

/** `−Σ w·A·ℓ / W`: REINFORCE. */
export const PolicyGradient = Schema.TaggedStruct("PolicyGradient", { normaliser: Normaliser })
export type PolicyGradient = typeof PolicyGradient.Type

/** PPO's clipped surrogate with separate lower and upper bounds. */
export const ClippedPolicyGradient = Schema.TaggedStruct("ClippedPolicyGradient", {
  clipLow: Positive,
  clipHigh: Positive,
  normaliser: Normaliser
})
export type ClippedPolicyGradient = typeof ClippedPolicyGradient.Type

/** Any objective that a learner accepts. */
export const Objective = Schema.Union([CrossEntropy, PolicyGradient, ClippedPolicyGradient])
export type Objective = typeof Objective.Type
