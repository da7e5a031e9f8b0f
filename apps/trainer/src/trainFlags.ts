/** The options of `sml train` and `sml eval` as command-line flags. */
import * as Flag from "effect/cli/Flag"

import { flagName } from "./flagName.ts"
import type { TrainOptions } from "./TrainOptions.ts"
import { defaultTrainOptions, optionDescriptions, optionFields } from "./TrainOptions.ts"

type Fields = typeof optionFields

const describe = (key: keyof Fields): string => {
  const value = key === "checkpoint" ? "the embedded student" : defaultOf(key)
  return optionDescriptions[key] + (value === undefined ? "" : ` (default ${value})`)
}

const defaultOf = (key: keyof TrainOptions): string | undefined => {
  const value = defaultTrainOptions[key]
  return value === undefined || typeof value === "boolean" ? undefined : String(value)
}

const described = <A>(key: keyof Fields, flag: Flag.Flag<A>) =>
  flag.pipe(Flag.withDescription(describe(key)), Flag.optional)

const whole = (key: keyof Fields) => described(key, Flag.Int(flagName(key)))
const real = (key: keyof Fields) => described(key, Flag.Finite(flagName(key)))
const text = (key: keyof Fields) => described(key, Flag.String(flagName(key)))
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
  runs: text("runs").pipe(Flag.withMetavar("DIR")),
  json: text("json").pipe(Flag.withMetavar("FILE"))
}

/** What training needs besides. */
export const trainFlags = {
  domain: described("domain", Flag.Literals("domain", optionFields.domain.literals)),
  steps: whole("steps"),
  tasks: whole("tasks"),
  group: whole("group"),
  horizon: whole("horizon"),
  discount: real("discount"),
  learningRate: real("learningRate"),
  beta1: real("beta1"),
  beta2: real("beta2"),
  weightDecay: real("weightDecay"),
  warmup: whole("warmup"),
  clipNorm: real("clipNorm"),
  eval: yes("eval"),
  checkpointEvery: whole("checkpointEvery"),
  ...evalFlags
}

/** The configuration file. */
export const configFlag = Flag.String("config").pipe(
  Flag.withMetavar("FILE"),
  Flag.withDescription(
    "configuration file (default sml.config.ts of this folder, if there is one)"
  ),
  Flag.optional
)
