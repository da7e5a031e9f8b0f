/** What an update does with the dialogues of a step: the settings of advantages and loss. */
import * as Schema from "effect/Schema"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))
const Positive = Schema.Finite.check(Schema.isGreaterThan(0))
const NonNegative = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))

/** Each setting with its bounds; the formulas are those of `AdvantageForm` and `Objective`. */
export const objectiveFields = {
  advantage: Schema.Literals([
    "group-std",
    "mean-centred",
    "batch-std",
    "leave-one-out",
    "mean-normalised",
    "reinforce-plus-plus"
  ]),
  advantageEpsilon: NonNegative,
  advantageStd: Schema.Literals(["population", "sample"]),
  advantageBaseline: Schema.Literals(["batch", "group"]),
  surrogate: Schema.Literals([
    "clip",
    "reinforce",
    "importance-sampling",
    "sequence-clip",
    "cispo"
  ]),
  clipLow: Positive,
  clipHigh: Positive,
  clipDual: Schema.Finite.check(Schema.isGreaterThan(1)),
  aggregation: Schema.Literals(["token-mean", "sequence-mean", "constant", "prompt-mean"]),
  aggregationLength: Count,
  kl: Positive,
  klEstimator: Schema.Literals(["k1", "k2", "k3"]),
  klIn: Schema.Literals(["loss", "reward"]),
  klAgainst: Schema.Literals(["reference", "sampler"]),
  entropyBonus: Positive,
  correction: Schema.Literals([
    "token-truncate",
    "token-mask",
    "sequence-truncate",
    "sequence-mask"
  ]),
  correctionMax: Positive,
  correctionMin: Positive,
  maskOverlong: Schema.Boolean,
  epochs: Count,
  replacements: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  verifyLogprobs: Schema.Boolean,
  logprobTolerance: Positive
}

/** Those that act, or have a value, whatever the others say. */
export const objectiveDefaults = {
  advantage: "group-std",
  surrogate: "clip",
  aggregation: "token-mean",
  maskOverlong: false,
  epochs: 1,
  replacements: 0,
  verifyLogprobs: true
} as const

/** The settings of advantages and loss; what is absent is off or has a default that others decide. */
export const ObjectiveOptions = Schema.Struct({
  ...objectiveFields,
  advantageEpsilon: Schema.optionalKey(objectiveFields.advantageEpsilon),
  advantageStd: Schema.optionalKey(objectiveFields.advantageStd),
  advantageBaseline: Schema.optionalKey(objectiveFields.advantageBaseline),
  clipLow: Schema.optionalKey(objectiveFields.clipLow),
  clipHigh: Schema.optionalKey(objectiveFields.clipHigh),
  clipDual: Schema.optionalKey(objectiveFields.clipDual),
  aggregationLength: Schema.optionalKey(objectiveFields.aggregationLength),
  kl: Schema.optionalKey(objectiveFields.kl),
  klEstimator: Schema.optionalKey(objectiveFields.klEstimator),
  klIn: Schema.optionalKey(objectiveFields.klIn),
  klAgainst: Schema.optionalKey(objectiveFields.klAgainst),
  entropyBonus: Schema.optionalKey(objectiveFields.entropyBonus),
  correction: Schema.optionalKey(objectiveFields.correction),
  correctionMax: Schema.optionalKey(objectiveFields.correctionMax),
  correctionMin: Schema.optionalKey(objectiveFields.correctionMin),
  logprobTolerance: Schema.optionalKey(objectiveFields.logprobTolerance)
})
export type ObjectiveOptions = typeof ObjectiveOptions.Type

/** What each setting is for, in a few words. */
export const objectiveDescriptions: Readonly<Record<keyof ObjectiveOptions, string>> = {
  advantage: "how the returns of a group become advantages",
  advantageEpsilon: "what is added to the advantage's divisor (default 1e-6)",
  advantageStd: "divisor of the standard deviation: n or n - 1 (default population)",
  advantageBaseline: "what reinforce-plus-plus subtracts the mean of (default batch)",
  surrogate: "how an advantage acts on the log-probability of a token",
  clipLow: "the ratio is clipped at 1 minus this (default 0.2; sequence-clip 3e-4; cispo none)",
  clipHigh: "the ratio is clipped at 1 plus this (default 0.2; sequence-clip 4e-4; cispo 4)",
  clipDual: "with a negative advantage the loss is at most this times it (default no bound)",
  aggregation: "what the terms of the tokens are averaged over",
  aggregationLength:
    "what the aggregation constant divides by (default the most tokens that a student can say)",
  kl: "coefficient of a KL penalty (default none)",
  klEstimator: "estimator of the KL divergence (default k3)",
  klIn: "where the KL penalty is: in the loss, or taken from the reward (default loss)",
  klAgainst:
    "the KL divergence is from the student that training started from, or from the one that sampled (default reference)",
  entropyBonus: "coefficient of an entropy bonus (default none)",
  correction: "importance correction of what the sampler and the learner differ by (default none)",
  correctionMax: "largest weight of the correction (default 2)",
  correctionMin: "smallest weight of the correction (default none)",
  maskOverlong: "do not learn from dialogues with a turn that was cut off",
  epochs: "optimiser steps on the same dialogues",
  replacements: "most groups of a step that take the place of groups that teach nothing",
  verifyLogprobs:
    "stop when the learner's log-probability of a token is not the sampler's; --no-verify-logprobs does not",
  logprobTolerance: "by how much the two may differ, in nats (default 2e-4)"
}
