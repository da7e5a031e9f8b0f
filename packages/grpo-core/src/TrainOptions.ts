/** Settings of a GRPO training run. */
import { LearningRateSchedule } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import { UpdateOptions } from "./UpdateOptions.ts"

const atLeast = (minimum: number) =>
  Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(minimum)))

/**
 * Besides those of {@link UpdateOptions}:
 *
 * - `steps`: number of updates; `firstStep`: where to go on, from 0. A run of steps 0..9 equals one
 *   of 0..4 followed by one of 5..9 from the same weights and optimiser state.
 * - `groupSize`: episodes a task (arXiv:2602.16488: 8); `horizon`: largest number of student turns
 *   an episode (4).
 * - `seed`: source of every random choice of the rollouts.
 * - `replacements`: largest number of groups that a step rolls out about fresh tasks in the place of
 *   groups that teach nothing (see `rolloutGroups`); 0.
 * - `staleness`: how many updates a rollout may lag behind; 0 is synchronous. With `s`, the rollout of
 *   step `n` begins when update `n − s` is done, so that every token was sampled with weights at most `s`
 *   updates old, and rollouts go on while an update is made. It paces sampling: nothing that was sampled
 *   is discarded. It needs `verifyLogprobs: false`, and what comes out depends on timing.
 * - `schedule`: of the learning rate; 5 updates of linear warm-up, then constant, by default. A decay
 *   ends with `firstStep + steps` where the schedule has no `totalSteps`: give it them when you train
 *   in parts.
 */
export const TrainOptions = Schema.Struct({
  ...UpdateOptions.fields,
  steps: atLeast(1),
  firstStep: atLeast(0).pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
  groupSize: atLeast(2).pipe(Schema.withDecodingDefaultKey(Effect.succeed(8))),
  horizon: atLeast(1).pipe(Schema.withDecodingDefaultKey(Effect.succeed(4))),
  seed: Schema.Int.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
  replacements: atLeast(0).pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
  staleness: atLeast(0).pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
  schedule: LearningRateSchedule.pipe(
    Schema.withDecodingDefaultKey(Effect.succeed({ _tag: "Constant", warmupSteps: 5 } as const))
  )
})
export type TrainOptions = typeof TrainOptions.Type
