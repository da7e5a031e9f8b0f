/** The whole method: roll out, keep the successes, imitate them. */
import type { Student, Task, Teacher, Verifier } from "@sml/env-pomdp"
import type { Learner } from "@sml/policy"
import { decodeOptions } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

import { collect } from "./collect.ts"
import { CollectOptions } from "./CollectOptions.ts"
import { fineTune, type FineTuneError } from "./fineTune.ts"
import type { FineTuneMetrics } from "./fineTuneExamples.ts"
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
  const {
    concurrency,
    dedup: _dedup,
    horizon,
    perTask: _perTask,
    samplesPerTask,
    ...learning
  } = settings
  const { seed } = learning
  const episodes = yield* collect(tasks, { concurrency, horizon, samplesPerTask, seed })
  const { counts, kept } = selectSuccesses(episodes, settings)
  if (kept.length === 0) return yield* new NoDialogues({ episodes: episodes.length })
  const steps = yield* fineTune(kept, learning).pipe(Stream.tap(onStep), Stream.runCollect)
  return { selection: counts, steps }
})

/** The number of turns that a dialogue of the paper's training may have. */
const paperHorizon = 4

/** {@link OfflineSftOptions} but for `horizon`, which is 1. */
export type SingleTurnSftOptions = Omit<typeof OfflineSftOptions.Encoded, "horizon">

/**
 * The single-turn baseline of the paper: the same method on dialogues that end after the first
 * answer. Unless told otherwise it samples 8 × 4 answers a task, as many student turns as
 * {@link offlineSft} at most has.
 */
export const singleTurnSft = <E = never, R = never>(
  tasks: ReadonlyArray<Task>,
  options: SingleTurnSftOptions = {},
  onStep: (metrics: FineTuneMetrics) => Effect.Effect<void, E, R> = () => Effect.void
): Effect.Effect<OfflineSftReport, FineTuneError | E, Student | Teacher | Verifier | Learner | R> =>
  offlineSft(tasks, { samplesPerTask: 8 * paperHorizon, ...options, horizon: 1 }, onStep)
