/** Everything that can be set for `sml train`, once: flags and the configuration file read it. */
import { Device } from "@sml/policy-onnx/Device"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"

import { LoraOptions } from "./LoraOptions.ts"
import {
  objectiveDefaults,
  objectiveDescriptions,
  objectiveFields,
  ObjectiveOptions
} from "./ObjectiveOptions.ts"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))
const Positive = Schema.Finite.check(Schema.isGreaterThan(0))
const NonNegative = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))
const Beta = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0), Schema.isLessThan(1))
const Discount = Schema.Finite.check(Schema.isGreaterThan(0), Schema.isLessThanOrEqualTo(1))

/** Each option with its bounds. */
export const optionFields = {
  domain: Schema.Literals(["math", "code"]),
  steps: Count,
  tasks: Count,
  group: Schema.Int.check(Schema.isGreaterThanOrEqualTo(2)),
  horizon: Count,
  discount: Discount,
  ...objectiveFields,
  learningRate: Positive,
  beta1: Beta,
  beta2: Beta,
  weightDecay: NonNegative,
  schedule: Schema.Literals(["constant", "linear", "cosine"]),
  warmup: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  clipNorm: Positive,
  temperature: NonNegative,
  maxTokens: Count,
  seed: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffffffff })),
  eval: Schema.Boolean,
  evalTasks: Count,
  evalHorizon: Count,
  underspecified: Schema.Boolean,
  checkpointEvery: Count,
  keepCheckpoints: Count,
  answerDeadline: Positive,
  stallDeadline: Positive,
  runs: Schema.NonEmptyString,
  threads: Count,
  device: Device,
  lora: LoraOptions,
  checkpoint: Schema.NonEmptyString,
  json: Schema.NonEmptyString
}

/**
 * The settings of a training run; {@link defaultTrainOptions} has a value for each but these, which
 * may be absent: `threads` (then one per core), `device` (the processor), `lora` (every weight is
 * trained), `checkpoint` (the embedded student), `json` (no file), and those of `ObjectiveOptions` that
 * are off or depend on others.
 */
export const TrainOptions = Schema.Struct({
  ...optionFields,
  ...ObjectiveOptions.fields,
  threads: Schema.optionalKey(optionFields.threads),
  device: Schema.optionalKey(optionFields.device),
  lora: Schema.optionalKey(optionFields.lora),
  checkpoint: Schema.optionalKey(optionFields.checkpoint),
  json: Schema.optionalKey(optionFields.json)
})
export type TrainOptions = typeof TrainOptions.Type

/** What each option is for, in a few words. */
export const optionDescriptions: Readonly<Record<keyof TrainOptions, string>> = {
  domain: "what is trained on",
  steps: "updates of the weights",
  tasks: "tasks per step",
  group: "dialogues per task, compared with each other",
  horizon: "student turns per dialogue in training",
  discount: "what a success one turn later is worth",
  ...objectiveDescriptions,
  learningRate: "AdamW's step size",
  beta1: "AdamW's decay of the mean gradient",
  beta2: "AdamW's decay of the mean squared gradient",
  weightDecay: "AdamW's weight decay",
  schedule:
    "of the learning rate after the warm-up: as it is, or falling to 0 on a line or a cosine",
  warmup: "steps over which the learning rate grows to its value",
  clipNorm: "largest norm of the gradient",
  temperature: "of sampling in evaluation, 0 for the likeliest token; training samples at 1",
  maxTokens: "tokens of one student turn",
  seed: "source of every random choice",
  eval: "measure before and after on held-out tasks; --no-eval does not",
  evalTasks: "held-out tasks per domain and kind of feedback",
  evalHorizon: "student turns per dialogue in evaluation",
  underspecified: "measure on tasks that leave something out, too; --no-underspecified does not",
  checkpointEvery: "steps between two saved checkpoints, from which --resume goes on",
  keepCheckpoints: "newest checkpoints that are kept",
  answerDeadline:
    "seconds after which a teacher or a verifier that has not answered has failed in that dialogue",
  stallDeadline: "seconds without any answer after which a run that waits for one stops",
  runs: "folder in which run folders lie",
  threads: "threads of the engine (default one per core, at most 8)",
  device:
    "what the engine computes on (default cpu); one that this machine has not is an error, see sml doctor",
  lora: "train a low-rank adapter and leave the weights as they are",
  checkpoint:
    "student to start from: a folder in Hugging Face layout, a GGUF file, or owner/name on the hub",
  json: "file for the results as JSON"
}

/** Some of the settings: what a file or a command line gives. */
export const PartialTrainOptions = Schema.Struct(optionFields).mapFields(
  Struct.map(Schema.optionalKey)
)
export type PartialTrainOptions = typeof PartialTrainOptions.Type

/** What `npm start` runs with. */
export const defaultTrainOptions: TrainOptions = {
  domain: "math",
  steps: 150,
  tasks: 32,
  group: 8,
  horizon: 4,
  discount: 0.7,
  ...objectiveDefaults,
  learningRate: 3e-4,
  beta1: 0.9,
  beta2: 0.95,
  weightDecay: 0,
  schedule: "constant",
  warmup: 5,
  clipNorm: 1,
  temperature: 1,
  maxTokens: 12,
  seed: 1,
  eval: true,
  evalTasks: 320,
  evalHorizon: 10,
  underspecified: true,
  checkpointEvery: 5,
  keepCheckpoints: 3,
  answerDeadline: 300,
  stallDeadline: 1800,
  runs: ".sml/runs"
}
