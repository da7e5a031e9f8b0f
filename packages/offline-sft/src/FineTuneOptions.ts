/** Settings of supervised fine-tuning. */
import { adamW, AdamW, constantSchedule, LearningRateSchedule } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const atLeastOne = Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(1)))

/**
 * What counts the same in the loss.
 *
 * - `tokens`: every trained token; a long dialogue counts for more than a short one.
 * - `dialogues`: every dialogue, whatever its length.
 * - `tasks`: every task, over an epoch, however many dialogues about it there are.
 */
export const Balance = Schema.Literals(["tokens", "dialogues", "tasks"])
export type Balance = typeof Balance.Type

/**
 * - `epochs`: passes over the dialogues; `batchSize`: dialogues a step (the last step of an epoch may
 *   have fewer); `maxSteps`: the most steps, should the epochs have more.
 * - `balance`: see {@link Balance}; `tokens`.
 * - `holdout`: share of the dialogues that are not learnt but measured, after every epoch or every
 *   `evaluateEvery` steps. All dialogues about a task are on one side. 0 by default.
 * - `patience`: stop after so many measurements in a row without a new smallest held-out loss, the
 *   loss before the first step included. Without it nothing stops early. It needs a `holdout`.
 * - `optimiser`: AdamW at 3e-4.
 * - `schedule`: of the learning rate; constant by default. A decay ends with the last step where the
 *   schedule has no `totalSteps`.
 * - `seed`: of the order, which is new in every epoch, and of what is held out.
 */
export const FineTuneOptions = Schema.Struct({
  epochs: atLeastOne.pipe(Schema.withDecodingDefaultKey(Effect.succeed(3))),
  batchSize: atLeastOne.pipe(Schema.withDecodingDefaultKey(Effect.succeed(64))),
  maxSteps: Schema.optionalKey(atLeastOne),
  balance: Balance.pipe(Schema.withDecodingDefaultKey(Effect.succeed("tokens" as const))),
  holdout: Schema.Finite.pipe(
    Schema.check(Schema.isGreaterThanOrEqualTo(0), Schema.isLessThan(1)),
    Schema.withDecodingDefaultKey(Effect.succeed(0))
  ),
  evaluateEvery: Schema.optionalKey(atLeastOne),
  patience: Schema.optionalKey(atLeastOne),
  optimiser: AdamW.pipe(Schema.withDecodingDefaultKey(Effect.succeed(adamW()))),
  schedule: LearningRateSchedule.pipe(
    Schema.withDecodingDefaultKey(Effect.succeed(constantSchedule))
  ),
  seed: Schema.Int.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0)))
})
export type FineTuneOptions = typeof FineTuneOptions.Type
