/** Settings that are right by themselves and do nothing beside the others. */
import { type CompletableOptions, hasEpsilon, hasStd } from "./completeObjective.ts"
import { ConfigError } from "./ConfigError.ts"
import type { OptionOrigin } from "./OptionOrigin.ts"
import { isStronger, originText } from "./OptionOrigin.ts"
import type { ConfigLayers } from "./SmlConfig.ts"
import type { TrainOptions } from "./TrainOptions.ts"

/** Why a setting does nothing, and what it would need; `undefined` where it acts. */
type Reason = string | undefined

type Rule = (options: TrainOptions, layers: ConfigLayers) => Reason

/** Every ratio of the learner to the sampler is 1. */
const isOnPolicy = ({ epochs, verifyLogprobs }: CompletableOptions): boolean =>
  epochs === 1 && verifyLogprobs

const isClipped = ({ surrogate }: CompletableOptions): boolean =>
  surrogate === "clip" || surrogate === "sequence-clip" || surrogate === "cispo"

const onPolicyClip =
  "in the one epoch of an update on policy every ratio is 1 and nothing is clipped; raise epochs"

const clipRule: Rule = (options) => {
  if (!isClipped(options)) {
    return `the surrogate ${options.surrogate} clips nothing; choose clip, sequence-clip or cispo`
  }
  return isOnPolicy(options) ? onPolicyClip : undefined
}

const klRule: Rule = ({ kl }) =>
  kl === undefined ? "there is no KL penalty; give kl a coefficient" : undefined

const correctionRule: Rule = ({ correction }) =>
  correction === undefined ? "there is no correction; choose one" : undefined

const evalRule: Rule = (options) =>
  options.eval ? undefined : "nothing is measured; leave eval on"

const engineRule: Rule = (_options, { policy }) =>
  policy === undefined
    ? undefined
    : "it is a setting of the built-in engine, which layers.policy replaces"

const studentRule: Rule = (_options, { student }) =>
  student === undefined
    ? undefined
    : "it is a setting of the built-in student, which layers.student replaces"

/** Settings that can do nothing, each with the rule that says so. */
const rules: Readonly<Partial<Record<keyof TrainOptions, Rule>>> = {
  discount: ({ horizon }) =>
    horizon === 1 ? "with one turn no success is later than another; raise horizon" : undefined,
  advantageEpsilon: (options) =>
    hasEpsilon(options) ? undefined : `the advantage ${options.advantage} divides by nothing`,
  advantageStd: (options) =>
    hasStd(options)
      ? undefined
      : `the advantage ${options.advantage} has no standard deviation; choose group-std, batch-std or reinforce-plus-plus`,
  advantageBaseline: ({ advantage }) =>
    advantage === "reinforce-plus-plus"
      ? undefined
      : `the advantage ${advantage} has its own baseline; choose reinforce-plus-plus`,
  clipLow: clipRule,
  clipHigh: clipRule,
  clipDual: (options) =>
    options.surrogate === "clip"
      ? isOnPolicy(options)
        ? onPolicyClip
        : undefined
      : `the surrogate ${options.surrogate} has no such bound; choose clip`,
  aggregationLength: ({ aggregation }) =>
    aggregation === "constant"
      ? undefined
      : `the aggregation ${aggregation} divides by lengths of its own; choose constant`,
  kl: (options) =>
    options.klAgainst === "sampler" && options.klIn !== "reward" && isOnPolicy(options)
      ? "in the one epoch of an update on policy the divergence from the sampler is 0; raise epochs or take klAgainst reference"
      : undefined,
  klEstimator: klRule,
  klIn: klRule,
  klAgainst: (options, layers) =>
    klRule(options, layers) ??
    (options.klIn === "reward"
      ? "a penalty in the reward is always against the reference"
      : undefined),
  correction: ({ epochs, surrogate, verifyLogprobs }) => {
    if (verifyLogprobs) {
      return "it has nothing to correct while verifyLogprobs refuses every difference; turn that off"
    }
    return surrogate !== "reinforce" && epochs === 1
      ? `the ratios of ${surrogate} are then to the learner before its first step, which is 1 in the only epoch; choose the surrogate reinforce or raise epochs`
      : undefined
  },
  correctionMax: correctionRule,
  correctionMin: correctionRule,
  replacements: ({ advantage, advantageBaseline, kl, klIn, replacements }) => {
    if (replacements === 0) return undefined
    if (kl !== undefined && klIn === "reward") {
      return "a KL penalty in the reward leaves no group without variance, so that there is nothing to replace"
    }
    return advantage === "reinforce-plus-plus" && advantageBaseline !== "group"
      ? "reinforce-plus-plus with the baseline of the batch learns from every group; choose the baseline of the group"
      : undefined
  },
  logprobTolerance: ({ verifyLogprobs }) =>
    verifyLogprobs ? undefined : "nothing is compared; leave verifyLogprobs on",
  evalTasks: evalRule,
  evalHorizon: evalRule,
  underspecified: evalRule,
  temperature: (options, layers) => evalRule(options, layers) ?? studentRule(options, layers),
  maxTokens: studentRule,
  threads: engineRule,
  device: engineRule,
  lora: engineRule,
  checkpoint: (options, layers) =>
    engineRule(options, layers) === undefined || studentRule(options, layers) === undefined
      ? undefined
      : "layers.policy and layers.student replace everything that reads it"
}

/** The setting that turns others off with a whole part of the run, where one does. */
const switchOf: Readonly<Partial<Record<keyof TrainOptions, keyof TrainOptions>>> = {
  evalTasks: "eval",
  evalHorizon: "eval",
  underspecified: "eval",
  temperature: "eval"
}

/** Settings that contradict each other, as a sentence. */
const contradiction = (options: TrainOptions): string | undefined => {
  const { advantage, correctionMax, correctionMin, kl, klIn } = options
  if (advantage === "mean-normalised" && kl !== undefined && klIn === "reward") {
    return "the advantage mean-normalised needs returns that are not negative, and a KL penalty in the reward makes them so; take klIn loss"
  }
  return correctionMin !== undefined && correctionMax !== undefined && correctionMin > correctionMax
    ? `correctionMin is ${correctionMin} and correctionMax ${correctionMax}; swap them`
    : undefined
}

/**
 * The first of the given settings that would be ignored, as an error that names where it was given, why
 * it does nothing and what to do. `given` has the origin of each setting that is not a default.
 */
export const ineffectiveOption = (
  options: TrainOptions,
  layers: ConfigLayers,
  given: ReadonlyMap<string, OptionOrigin>
): ConfigError | undefined => {
  const originOf = (key: string): OptionOrigin => given.get(key) ?? { _tag: "Default" }
  for (const key of keysOf(rules)) {
    const origin = originOf(key)
    if (origin._tag === "Default") continue
    const reason = rules[key]?.(options, layers)
    if (reason === undefined) continue
    const off = switchOf[key]
    // a file may keep what it does not use now; who types it wants it
    const isWanted =
      origin._tag === "Flag" || (off !== undefined && isStronger(origin, originOf(off)))
    if (off !== undefined && options[off] === false && !isWanted) continue
    return new ConfigError({
      reason: `${originText(origin)} does nothing: ${reason}, or leave it out`
    })
  }
  const reason = contradiction(options)
  return reason === undefined ? undefined : new ConfigError({ reason })
}

const keysOf = (table: typeof rules): ReadonlyArray<keyof TrainOptions> =>
  Object.keys(table).filter((key): key is keyof TrainOptions => Object.hasOwn(table, key))
