/** The whole method: roll out, keep the successes, imitate them. */
import type { Student, Task, Teacher, Verifier } from "@sml/env-pomdp"
import type { Learner } from "@sml/policy"
import { decodeOptions } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

import { collect } from "./collect.ts"
import { CollectOptions } from "./CollectOptions.ts"
import { fineTune, type FineTuneError, type FineTuneMetrics } from "./fineTune.ts"
import { FineTuneOptions } from "./FineTuneOptions.ts"
import { NoDialogues } from "./NoDialogues.ts"
import { SelectOptions, type SelectionCounts, selectSuccesses } from "./selectSuccesses.ts"

/** Everything that {@link CollectOptions}, {@link SelectOptions} and {@link FineTuneOptions} know. */
export const OfflineSftOptions = Schema.Struct({
  ...CollectOptions.fields,
  ...SelectOptions.fields,
  ...FineTuneOptions.fields
})
export type OfflineSftOptions = typeof OfflineSftOptions.Type

/** What became of the dialogues, and the loss of every step. */
export interface OfflineSftReport {
  readonly selection: SelectionCounts
  readonly steps: ReadonlyArray<FineTuneMetrics>
}

/**
 * Offline RL as in arXiv:2602.16488: dialogues of the current student, rejection sampling, supervised
 * fine-tuning of the same student on its own turns. `onStep` runs after each optimiser step.
 *
 * Fails with {@link NoDialogues} when no dialogue succeeded.
 */
export const offlineSft = Effect.fn("offline-sft")(function* <E = never, R = never>(
  tasks: ReadonlyArray<Task>,
  options: typeof OfflineSftOptions.Encoded = {},
  onStep: (metrics: FineTuneMetrics) => Effect.Effect<void, E, R> = () => Effect.void
): Effect.fn.Return<
  OfflineSftReport,
  FineTuneError | E,
  Student | Teacher | Verifier | Learner | R
> {
  const settings = yield* decodeOptions("offline-sft", OfflineSftOptions, options)
  const { batchSize, epochs, optimiser, schedule, seed } = settings
  const { concurrency, horizon, samplesPerTask } = settings
  const episodes = yield* collect(tasks, { concurrency, horizon, samplesPerTask, seed })
  const { counts, kept } = selectSuccesses(episodes, settings)
  if (kept.length === 0) return yield* new NoDialogues({ episodes: episodes.length })
  const steps = yield* fineTune(kept, { batchSize, epochs, optimiser, schedule, seed }).pipe(
    Stream.tap(onStep),
    Stream.runCollect
  )
  return { selection: counts, steps }
})
