/** From the settings of a run to those of an update. */
import type { AdvantageForm, UpdateOptions } from "@sml/grpo-core"
import type { Objective, PolicyOptimisation } from "@sml/policy"

import {
  clipBounds,
  type CompletableOptions,
  completeObjective,
  usualValues
} from "./completeObjective.ts"

type Options = CompletableOptions & { readonly discount: number }

const advantageOf = (options: Options): AdvantageForm => {
  const {
    advantageBaseline: baseline = usualValues.baseline,
    advantageEpsilon: epsilon = usualValues.epsilon,
    advantageStd: std = usualValues.std
  } = options
  switch (options.advantage) {
    case "group-std":
      return { _tag: "GroupStd", epsilon, std }
    case "mean-centred":
      return { _tag: "MeanCentred" }
    case "batch-std":
      return { _tag: "BatchStd", epsilon, std }
    case "leave-one-out":
      return { _tag: "LeaveOneOut" }
    case "mean-normalised":
      return { _tag: "MeanNormalised", epsilon }
    case "reinforce-plus-plus":
      return { _tag: "ReinforcePlusPlus", epsilon, std, baseline }
    default:
      return options.advantage satisfies never
  }
}

const surrogateOf = (options: Options): PolicyOptimisation["surrogate"] => {
  const { clipDual: dual, clipHigh, clipLow } = options
  switch (options.surrogate) {
    case "clip":
      return {
        _tag: "Clip",
        low: clipLow ?? clipBounds.clip.clipLow,
        high: clipHigh ?? clipBounds.clip.clipHigh,
        ...(dual !== undefined && { dual })
      }
    case "reinforce":
      return { _tag: "Reinforce" }
    case "importance-sampling":
      return { _tag: "ImportanceSampling" }
    case "sequence-clip":
      return {
        _tag: "SequenceClip",
        low: clipLow ?? clipBounds["sequence-clip"].clipLow,
        high: clipHigh ?? clipBounds["sequence-clip"].clipHigh
      }
    case "cispo":
      return {
        _tag: "Cispo",
        high: clipHigh ?? clipBounds.cispo.clipHigh,
        ...(clipLow !== undefined && { low: clipLow })
      }
    default:
      return options.surrogate satisfies never
  }
}

const aggregationOf = (options: Options): PolicyOptimisation["aggregation"] => {
  switch (options.aggregation) {
    case "token-mean":
      return { _tag: "TokenMean" }
    case "sequence-mean":
      return { _tag: "SequenceMean" }
    case "constant":
      return {
        _tag: "Constant",
        length: options.aggregationLength ?? options.horizon * options.maxTokens
      }
    case "prompt-mean":
      return { _tag: "PromptMean" }
    default:
      return options.aggregation satisfies never
  }
}

const corrections = {
  "token-truncate": { level: "token", mode: "truncate" },
  "token-mask": { level: "token", mode: "mask" },
  "sequence-truncate": { level: "sequence", mode: "truncate" },
  "sequence-mask": { level: "sequence", mode: "mask" }
} as const

/** The parts of a loss that it may have or not. */
const partsOf = (options: Options): Partial<PolicyOptimisation> => {
  const {
    correction,
    correctionMax: max = usualValues.correctionMax,
    correctionMin: min,
    entropyBonus,
    kl
  } = options
  const {
    klAgainst: against = usualValues.klAgainst,
    klEstimator: estimator = usualValues.klEstimator
  } = options
  return {
    ...(kl !== undefined &&
      options.klIn !== "reward" && { kl: { estimator, coefficient: kl, against } }),
    ...(entropyBonus !== undefined && { entropy: entropyBonus }),
    ...(correction !== undefined && {
      correction: { ...corrections[correction], max, ...(min !== undefined && { min }) }
    }),
    ...(options.maskOverlong && { maskOverlong: true })
  }
}

const objectiveOf = (options: Options): Objective => {
  const surrogate = surrogateOf(options)
  const aggregation = aggregationOf(options)
  const parts = partsOf(options)
  // the same loss by a smaller graph
  if (
    surrogate._tag === "Clip" &&
    surrogate.dual === undefined &&
    aggregation._tag === "TokenMean" &&
    Object.keys(parts).length === 0
  ) {
    return {
      _tag: "ClippedPolicyGradient",
      clipLow: surrogate.low,
      clipHigh: surrogate.high,
      normaliser: "weight"
    }
  }
  return { _tag: "PolicyOptimisation", surrogate, aggregation, ...parts }
}

/** What `update` is given, but for the optimiser, whose learning rate depends on the step. */
export const updateOptionsOf = (given: Options): Omit<UpdateOptions, "optimiser"> => {
  const options = completeObjective(given)
  const {
    kl,
    klEstimator: estimator = usualValues.klEstimator,
    logprobTolerance = usualValues.logprobTolerance
  } = options
  return {
    discount: options.discount,
    advantage: advantageOf(options),
    objective: objectiveOf(options),
    ...(kl !== undefined &&
      options.klIn === "reward" && { rewardKl: { estimator, coefficient: kl } }),
    epochs: options.epochs,
    ...(options.maskOverlong && { turnTokens: options.maxTokens }),
    verifyLogprobs: options.verifyLogprobs,
    logprobTolerance
  }
}

/** Whether the settings compare the student with the one that training started from. */
export const needsReference = ({ kl, klAgainst, klIn }: CompletableOptions): boolean =>
  kl !== undefined && (klIn === "reward" || klAgainst !== "sampler")
