/** The options of `sml train` and `sml eval` as command-line flags. */
import * as Flag from "effect/cli/Flag"

import { flagName } from "./flagName.ts"
import { loraDescriptions, type LoraOptions } from "./LoraOptions.ts"
import type { TrainOptions } from "./TrainOptions.ts"
import { defaultTrainOptions, optionDescriptions, optionFields } from "./TrainOptions.ts"

type Fields = typeof optionFields

const describe = (key: keyof Fields): string => {
  const value = key === "checkpoint" ? "the embedded student" : defaultOf(key)
  return optionDescriptions[key] + (value === undefined ? "" : ` (default ${value})`)
}

const defaultOf = (key: keyof TrainOptions): string | undefined => {
  const value = defaultTrainOptions[key]
  return value === undefined || typeof value === "boolean" || typeof value === "object"
    ? undefined
    : String(value)
}

const described = <A>(key: keyof Fields, flag: Flag.Flag<A>) =>
  flag.pipe(Flag.withDescription(describe(key)), Flag.optional)

const whole = (key: keyof Fields) => described(key, Flag.Int(flagName(key)))
const real = (key: keyof Fields) => described(key, Flag.Finite(flagName(key)))
const text = (key: keyof Fields) => described(key, Flag.String(flagName(key)))
const choice = <const A extends ReadonlyArray<string>>(key: keyof Fields, choices: A) =>
  described(key, Flag.Literals(flagName(key), choices))
const yes = (key: keyof Fields) => described(key, Flag.Boolean(flagName(key)))

/** What an evaluation needs, with or without training. */
export const evalFlags = {
  checkpoint: text("checkpoint").pipe(Flag.withMetavar("MODEL")),
  evalTasks: whole("evalTasks"),
  evalHorizon: whole("evalHorizon"),
  underspecified: yes("underspecified"),
  temperature: real("temperature"),
  maxTokens: whole("maxTokens"),
  seed: whole("seed"),
  threads: whole("threads"),
  device: choice("device", optionFields.device.literals),
  runs: text("runs").pipe(Flag.withMetavar("DIR")),
  json: text("json").pipe(Flag.withMetavar("FILE"))
}

const ofLora = <A>(key: keyof LoraOptions, flag: Flag.Flag<A>) =>
  flag.pipe(Flag.withDescription(loraDescriptions[key]), Flag.optional)

/** The low-rank adapter. */
const loraFlags = {
  loraRank: ofLora("rank", Flag.Int("lora-rank")),
  loraAlpha: ofLora("alpha", Flag.Finite("lora-alpha")),
  loraTargets: ofLora("targets", Flag.String("lora-targets").pipe(Flag.withMetavar("NAMES"))),
  loraDropout: ofLora("dropout", Flag.Finite("lora-dropout"))
}

/** Advantages and loss. */
const objectiveFlags = {
  advantage: choice("advantage", optionFields.advantage.literals),
  advantageEpsilon: real("advantageEpsilon"),
  advantageStd: choice("advantageStd", optionFields.advantageStd.literals),
  advantageBaseline: choice("advantageBaseline", optionFields.advantageBaseline.literals),
  surrogate: choice("surrogate", optionFields.surrogate.literals),
  clipLow: real("clipLow"),
  clipHigh: real("clipHigh"),
  clipDual: real("clipDual"),
  aggregation: choice("aggregation", optionFields.aggregation.literals),
  aggregationLength: whole("aggregationLength"),
  kl: real("kl"),
  klEstimator: choice("klEstimator", optionFields.klEstimator.literals),
  klIn: choice("klIn", optionFields.klIn.literals),
  klAgainst: choice("klAgainst", optionFields.klAgainst.literals),
  entropyBonus: real("entropyBonus"),
  correction: choice("correction", optionFields.correction.literals),
  correctionMax: real("correctionMax"),
  correctionMin: real("correctionMin"),
  maskOverlong: yes("maskOverlong"),
  epochs: whole("epochs"),
  replacements: whole("replacements"),
  verifyLogprobs: yes("verifyLogprobs"),
  logprobTolerance: real("logprobTolerance")
}

/** What training needs besides. */
export const trainFlags = {
  domain: choice("domain", optionFields.domain.literals),
  steps: whole("steps"),
  tasks: whole("tasks"),
  group: whole("group"),
  horizon: whole("horizon"),
  discount: real("discount"),
  ...objectiveFlags,
  learningRate: real("learningRate"),
  beta1: real("beta1"),
  beta2: real("beta2"),
  weightDecay: real("weightDecay"),
  schedule: choice("schedule", optionFields.schedule.literals),
  warmup: whole("warmup"),
  clipNorm: real("clipNorm"),
  eval: yes("eval"),
  checkpointEvery: whole("checkpointEvery"),
  keepCheckpoints: whole("keepCheckpoints"),
  answerDeadline: real("answerDeadline"),
  stallDeadline: real("stallDeadline"),
  ...loraFlags,
  ...evalFlags
}

/** Where a run lies, and which goes on. */
export const placeFlags = {
  out: Flag.String("out").pipe(
    Flag.withMetavar("DIR"),
    Flag.withDescription("the run's own folder, new or empty (default a new one in --runs)"),
    Flag.optional
  ),
  resume: Flag.String("resume").pipe(
    Flag.withMetavar("DIR"),
    Flag.withDescription(
      "go on with the run in this folder, with the settings that it was started with"
    ),
    Flag.optional
  )
}

/** The configuration file. */
export const configFlag = Flag.String("config").pipe(
  Flag.withMetavar("FILE"),
  Flag.withDescription(
    "configuration file (default sml.config.ts of this folder, if there is one)"
  ),
  Flag.optional
)
