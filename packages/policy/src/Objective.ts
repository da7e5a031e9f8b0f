/**
 * The loss to minimise, as data: every engine runs the same description. The three plain ones are
 * below; {@link PolicyOptimisation} has every choice of the field.
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

/**
 * How a trained token's advantage `A` acts on its log-probability `ℓ`. `r = exp(ℓ − ℓ₀)`, with `ℓ₀` the
 * log-probability under the sampling policy or, with a {@link Correction}, under the proximal one.
 *
 * - `Reinforce`: `−A·ℓ` (Williams 1992).
 * - `ImportanceSampling`: `−r·A`, unclipped (the Tinker service's `importance_sampling`).
 * - `Clip`: `−min(r·A, clip(r, 1 − low, 1 + high)·A)` (PPO, arXiv:1707.06347 eq. 7; asymmetric: DAPO,
 *   arXiv:2503.14476). With `dual` (> 1), where `A < 0`, it is at most `−dual·A` (dual clip,
 *   arXiv:1912.09729; TRL's `delta`).
 * - `SequenceClip`: `Clip` with one ratio a sequence, `exp(mean of ℓ − ℓ₀ over its trained tokens)`
 *   (GSPO, arXiv:2507.18071).
 * - `Cispo`: `−stop(clip(r, 1 − low, 1 + high))·A·ℓ`: the weight is clipped, the gradient is not
 *   (CISPO, arXiv:2506.13585); without `low` only from above. (TRL's `epsilon_high` is
 *   `1 + high`.)
 */
export const Surrogate = Schema.Union([
  Schema.TaggedStruct("Reinforce", {}),
  Schema.TaggedStruct("ImportanceSampling", {}),
  Schema.TaggedStruct("Clip", {
    low: Positive,
    high: Positive,
    dual: Schema.optionalKey(Schema.Finite.pipe(Schema.check(Schema.isGreaterThan(1))))
  }),
  Schema.TaggedStruct("SequenceClip", { low: Positive, high: Positive }),
  Schema.TaggedStruct("Cispo", { low: Schema.optionalKey(Positive), high: Positive })
])
export type Surrogate = typeof Surrogate.Type

/**
 * What the terms of the tokens are averaged over, `w` being the weight of a target:
 *
 * - `TokenMean`: all trained tokens of the call, `w / Σw` (DAPO, arXiv:2503.14476).
 * - `SequenceMean`: the tokens of each sequence, then the sequences that have any (GRPO,
 *   arXiv:2402.03300 eq. 3).
 * - `Constant`: `w / (number of sequences · length)`, whatever their lengths (Dr. GRPO,
 *   arXiv:2503.20783); `length` is the largest number of tokens that a sequence can have.
 * - `PromptMean`: all tokens about one prompt, then the prompts that have any (SkyRL's `prompt_mean`);
 *   the data say in `group` which prompt they are about.
 */
export const Aggregation = Schema.Union([
  Schema.TaggedStruct("TokenMean", {}),
  Schema.TaggedStruct("SequenceMean", {}),
  Schema.TaggedStruct("Constant", { length: Positive }),
  Schema.TaggedStruct("PromptMean", {})
])
export type Aggregation = typeof Aggregation.Type

/** Schulman's estimators of the KL divergence (joschu.net/blog/kl-approx.html). */
export const KlEstimator = Schema.Literals(["k1", "k2", "k3"])
export type KlEstimator = typeof KlEstimator.Type

/**
 * A KL penalty in the loss, `coefficient ·` the aggregate of, with `δ = ℓ* − ℓ`: `k1 = −δ` (whose
 * gradient is 0 on average: it is there to be compared with), `k2 = δ²/2`, `k3 = exp(δ) − δ − 1`.
 * `ℓ*` is the log-probability under a reference policy (`reference` of the data) or under the sampling
 * one. A penalty in the reward is not part of the loss.
 */
export const KlPenalty = Schema.Struct({
  estimator: KlEstimator,
  coefficient: Positive,
  against: Schema.Literals(["reference", "sampler"])
})
export type KlPenalty = typeof KlPenalty.Type

/**
 * Importance correction of the difference between the sampler and the learner before its first step
 * (`proximal` of the data): a token's term is multiplied by `c = exp(ℓ_proximal − ℓ_sampled)` of the
 * token, or of the whole sequence (the differences of its trained tokens summed). `"truncate"`: `c` is
 * kept between `min` and `max` (TIS, fengyao.notion.site/off-policy-rl). `"mask"`: outside of them it
 * is 0 (MIS; with `min`, IcePop, arXiv:2510.18855). `min` may be absent. The names in TRL:
 * `{token,sequence}_{truncate,mask}`. KL penalty and entropy are not corrected.
 */
export const Correction = Schema.Struct({
  level: Schema.Literals(["token", "sequence"]),
  mode: Schema.Literals(["truncate", "mask"]),
  max: Positive,
  min: Schema.optionalKey(Positive)
})
export type Correction = typeof Correction.Type

/**
 * A policy objective with every choice spelled out; each key that is there acts.
 *
 * - `surrogate`, `aggregation`: see {@link Surrogate}, {@link Aggregation}.
 * - `kl`: see {@link KlPenalty}; absent: none, and no reference policy is needed.
 * - `entropy`: coefficient of an entropy bonus: minus this times the aggregate of the entropy (nats) of
 *   the next-token distributions.
 * - `correction`: see {@link Correction}.
 * - `maskOverlong`: sequences that were cut off (`truncated` of the data) count as untrained (overlong
 *   filtering, arXiv:2503.14476).
 */
export const PolicyOptimisation = Schema.TaggedStruct("PolicyOptimisation", {
  surrogate: Surrogate,
  aggregation: Aggregation,
  kl: Schema.optionalKey(KlPenalty),
  entropy: Schema.optionalKey(Positive),
  correction: Schema.optionalKey(Correction),
  maskOverlong: Schema.optionalKey(Schema.Literal(true))
})
export type PolicyOptimisation = typeof PolicyOptimisation.Type

/** Any objective that a learner accepts. */
export const Objective = Schema.Union([
  CrossEntropy,
  PolicyGradient,
  ClippedPolicyGradient,
  PolicyOptimisation
])
export type Objective = typeof Objective.Type
