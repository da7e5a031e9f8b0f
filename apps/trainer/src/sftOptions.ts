/** The settings of `sml sft`, and its flags. */
import { Balance } from "@sml/offline-sft"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import { ConfigError } from "./ConfigError.ts"
import { valueFault } from "./decodeOptionValues.ts"
import { flagName } from "./flagName.ts"
import { resolveLora } from "./resolveLora.ts"
import type { GivenFlags } from "./resolveOptions.ts"
import { splitFlags } from "./resolveOptions.ts"
import { trainFlags } from "./trainFlags.ts"
import { defaultTrainOptions, optionFields } from "./TrainOptions.ts"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))

const fields = {
  epochs: Count,
  steps: Count,
  batch: Count,
  balance: Balance,
  holdout: Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0), Schema.isLessThan(1)),
  evaluateEvery: Count,
  patience: Count,
  dedup: Schema.Boolean,
  maxLength: Schema.Int.check(Schema.isGreaterThanOrEqualTo(2)),
  learningRate: optionFields.learningRate,
  beta1: optionFields.beta1,
  beta2: optionFields.beta2,
  weightDecay: optionFields.weightDecay,
  schedule: optionFields.schedule,
  warmup: optionFields.warmup,
  clipNorm: optionFields.clipNorm,
  seed: optionFields.seed,
  threads: optionFields.threads,
  device: optionFields.device
}

/**
 * - `epochs`: passes over the chats; `steps`: the most updates, should the epochs have more; `batch`:
 *   chats an update.
 * - `balance`, `holdout`, `evaluateEvery`, `patience`: see `FineTuneOptions` of `@sml/offline-sft`; a
 *   task is what stands before the assistant's first message.
 * - `dedup`: each chat once; `maxLength`: the most tokens of a chat (longer ones are left out).
 * - the others as for `sml train`.
 */
export const SftOptions = Schema.Struct({
  ...fields,
  steps: Schema.optionalKey(fields.steps),
  evaluateEvery: Schema.optionalKey(fields.evaluateEvery),
  patience: Schema.optionalKey(fields.patience),
  maxLength: Schema.optionalKey(fields.maxLength),
  threads: Schema.optionalKey(fields.threads),
  device: Schema.optionalKey(fields.device),
  lora: Schema.optionalKey(optionFields.lora)
})
export type SftOptions = typeof SftOptions.Type

/** What a full fine-tuning bears, and an adapter, whose first product is zero. */
const learningRates = { whole: 2e-5, adapter: 2e-4 }

const defaults = {
  epochs: 3,
  batch: 16,
  balance: "tokens",
  holdout: 0.1,
  dedup: true,
  beta1: defaultTrainOptions.beta1,
  beta2: 0.999,
  weightDecay: 0,
  schedule: "constant",
  warmup: 0,
  clipNorm: 1,
  seed: 1
} as const

const described = <A>(flag: Flag.Flag<A>, what: string) =>
  flag.pipe(Flag.withDescription(what), Flag.optional)

const loraFlags = {
  loraRank: trainFlags.loraRank,
  loraAlpha: trainFlags.loraAlpha,
  loraTargets: trainFlags.loraTargets,
  loraDropout: trainFlags.loraDropout
}

/** All but the data, the model and the folder. */
export const sftFlags = {
  epochs: described(Flag.Int("epochs"), `passes over the chats (default ${defaults.epochs})`),
  steps: described(
    Flag.Int("steps"),
    "the most updates of the weights, should the epochs have more"
  ),
  batch: described(Flag.Int("batch"), `chats an update (default ${defaults.batch})`),
  balance: described(
    Flag.Literals("balance", Balance.literals),
    "what counts the same in the loss: every token, every dialogue, or every task, which is what stands before the assistant's first message (default tokens)"
  ),
  holdout: described(
    Flag.Finite("holdout"),
    `share of the chats that is measured and never learnt (default ${defaults.holdout})`
  ),
  evaluateEvery: described(
    Flag.Int("evaluate-every"),
    "updates between two measurements of the held-out loss (default an epoch)"
  ),
  patience: described(
    Flag.Int("patience"),
    "stop after so many measurements without a smaller held-out loss (default never)"
  ),
  dedup: described(Flag.Boolean("dedup"), "learn each chat once; --no-dedup keeps repetitions"),
  maxLength: described(
    Flag.Int("max-length"),
    "the most tokens of a chat; longer ones are left out (default the model's context)"
  ),
  learningRate: described(
    Flag.Finite("learning-rate"),
    `AdamW's step size (default ${learningRates.whole}, with an adapter ${learningRates.adapter})`
  ),
  beta1: described(
    Flag.Finite("beta1"),
    `AdamW's decay of the mean gradient (default ${defaults.beta1})`
  ),
  beta2: described(
    Flag.Finite("beta2"),
    `AdamW's decay of the mean squared gradient (default ${defaults.beta2})`
  ),
  weightDecay: trainFlags.weightDecay,
  schedule: trainFlags.schedule,
  warmup: described(
    Flag.Int("warmup"),
    `updates over which the learning rate grows to its value (default ${defaults.warmup})`
  ),
  clipNorm: trainFlags.clipNorm,
  seed: trainFlags.seed,
  threads: trainFlags.threads,
  device: trainFlags.device,
  ...loraFlags
}

const named = (key: string): string => `--${flagName(key)}`

/** The settings that the flags give, over the defaults. */
export const resolveSftOptions = Effect.fn("sft.resolveOptions")(function* (flags: GivenFlags) {
  const { lora: ofLora, own } = splitFlags(flags)
  const fault = valueFault(fields, own, named)
  if (fault !== undefined) return yield* fault
  const lora = yield* resolveLora(ofLora, undefined)
  const learningRate = lora === undefined ? learningRates.whole : learningRates.adapter
  const options = yield* Schema.decodeUnknownEffect(SftOptions)({
    ...defaults,
    learningRate,
    ...own,
    ...(lora !== undefined && { lora })
  }).pipe(Effect.mapError((error) => new ConfigError({ reason: error.message })))
  const idle = (["patience", "evaluateEvery"] as const).find((key) => options[key] !== undefined)
  if (options.holdout === 0 && idle !== undefined) {
    return yield* new ConfigError({
      reason: `${named(idle)} does nothing without a holdout; give a --holdout such as 0.1, or leave it out`
    })
  }
  return options
})
