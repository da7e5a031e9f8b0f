/** Settings of supervised fine-tuning. */
import { adamW, AdamW, constantSchedule, LearningRateSchedule } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const atLeastOne = Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(1)))

/**
 * - `epochs`: passes over the dialogues; `batchSize`: dialogues a step (the last step of an epoch may
 *   have fewer).
 * - `optimiser`: AdamW at 3e-4.
 * - `schedule`: of the learning rate; constant by default. A decay ends with the last epoch where the
 *   schedule has no `totalSteps`.
 * - `seed`: of the order, which is new in every epoch.
 */
export const FineTuneOptions = Schema.Struct({
  epochs: atLeastOne.pipe(Schema.withDecodingDefaultKey(Effect.succeed(3))),
  batchSize: atLeastOne.pipe(Schema.withDecodingDefaultKey(Effect.succeed(64))),
  optimiser: AdamW.pipe(Schema.withDecodingDefaultKey(Effect.succeed(adamW()))),
  schedule: LearningRateSchedule.pipe(
    Schema.withDecodingDefaultKey(Effect.succeed(constantSchedule))
  ),
  seed: Schema.Int.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0)))
})
export type FineTuneOptions = typeof FineTuneOptions.Type
