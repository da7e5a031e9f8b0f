/** Keeps a run in the database while it goes on. */
import type { Episode, Group } from "@sml/env-pomdp"
import { scoreGroups } from "@sml/grpo-core"
import type { MetricsLine, Run, RunRecord, RunStatus, RunStoreError } from "@sml/run-store"
import { importRun, RunDatabase } from "@sml/run-store"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"

import { machineFacts } from "./machineFacts.ts"
import { Progress } from "./Progress.ts"
import { databaseBeside } from "./runsStore.ts"
import type { TrainOptions } from "./TrainOptions.ts"
import { updateOptionsOf } from "./updateOptionsOf.ts"
import { version } from "./version.ts"

/**
 * Takes what the run folder has no place for: a step with its dialogues whole, tokens and
 * log-probabilities included. Does nothing unless a run provides another.
 */
export const RunRecorder = Context.Reference<{
  readonly step: (metrics: MetricsLine, groups: ReadonlyArray<Group>) => Effect.Effect<void>
}>("@sml/trainer/RunRecorder", { defaultValue: () => ({ step: () => Effect.void }) })

/** The advantages of a training step, as `update` computes them. */
const advantagesOf = (
  groups: ReadonlyArray<Group>,
  options: TrainOptions
): ReadonlyMap<Episode, number> => {
  const { advantage, discount, rewardKl } = updateOptionsOf(options)
  // a penalty in the reward is known to nobody but the update
  if (rewardKl !== undefined) return new Map()
  return Result.match(scoreGroups(groups, { discount, advantage }), {
    // the update has failed by the same; there is no advantage then
    onFailure: () => new Map<Episode, number>(),
    onSuccess: (scored) =>
      new Map(
        scored.flatMap(({ advantages, episodes }) =>
          episodes.map((episode, index) => [episode, advantages[index] ?? 0] as const)
        )
      )
  })
}

/** A run whose parts are recorded as they are written, and what takes its steps. */
export interface RecordedRun {
  readonly run: Run
  readonly recorder: typeof RunRecorder.Service
  readonly status: (status: RunStatus) => Effect.Effect<void>
}

/**
 * Records the run in the database of `--runs` or of the variable SML_STORE. The folder holds
 * everything that the run needs, so a database that fails ends the recording with a sentence and not
 * the run.
 */
export const recordRun = Effect.fn("trainer.recordRun")(function* (
  run: Run,
  options: TrainOptions,
  config: Schema.Json
) {
  const path = yield* Path.Path
  const progress = yield* Progress
  const url = yield* Config.String("SML_STORE").pipe(
    Config.withDefault(databaseBeside(path, options.runs))
  )
  let isRecording = true
  const stop = (error: RunStoreError) => {
    isRecording = false
    return progress.emit({
      _tag: "Note",
      text: `warning: the run goes on and is not recorded in the database any more: ${error.message}`
    })
  }
  const record = (effect: Effect.Effect<void, RunStoreError>) =>
    Effect.suspend(() => (isRecording ? effect.pipe(Effect.catch(stop)) : Effect.void))
  const opened = yield* Effect.result(Layer.build(RunDatabase.layer({ url })))
  if (Result.isFailure(opened)) {
    yield* stop(opened.failure)
    const unrecorded: RecordedRun = {
      run,
      recorder: { step: () => Effect.void },
      status: () => Effect.void
    }
    return unrecorded
  }
  const database = Context.get(opened.success, RunDatabase)
  const facts = (status: RunStatus): RunRecord => ({
    id: run.id,
    label: options.domain,
    directory: run.paths.directory,
    status,
    config,
    versions: { sml: version, node: process.version },
    seeds: { run: options.seed },
    machine: machineFacts()
  })
  yield* record(database.putRun(facts("running")))

  const recorded: Run = {
    ...run,
    appendEpisodes: (lines) =>
      Effect.andThen(
        run.appendEpisodes(lines),
        // those of training come whole, with their step
        record(
          database.appendEpisodes(
            run.id,
            lines.filter(({ phase }) => phase !== "train")
          )
        )
      ),
    saveCheckpoint: (step, write) =>
      Effect.tap(run.saveCheckpoint(step, write), (directory) =>
        record(database.putCheckpoint(run.id, { step, directory }))
      ),
    removeCheckpoint: (checkpoint) =>
      Effect.andThen(
        run.removeCheckpoint(checkpoint),
        record(database.removeCheckpoint(run.id, checkpoint.step))
      ),
    cutBack: (lengths) =>
      Effect.gen(function* () {
        yield* run.cutBack(lengths)
        const { values } = yield* run.readMetrics
        const catchUp = Effect.gen(function* () {
          yield* database.truncateAfter(run.id, values.at(-1)?.step ?? 0)
          const { steps } = yield* database.run(run.id)
          if (steps === values.length) return
          // it was not recorded from its beginning on
          yield* importRun(run).pipe(Effect.provideService(RunDatabase, database))
          yield* database.putRun(facts("running"))
        })
        yield* record(catchUp)
      })
  }
  return {
    run: recorded,
    recorder: {
      step: (metrics, groups) => {
        const advantages = advantagesOf(groups, options)
        return record(
          database.appendStep(run.id, {
            metrics,
            episodes: groups.flatMap(({ episodes }) =>
              episodes.map((episode) => {
                const advantage = advantages.get(episode)
                return {
                  step: metrics.step,
                  phase: "train",
                  episode,
                  ...(advantage !== undefined && { advantage })
                }
              })
            )
          })
        )
      }
    },
    status: (status) => record(database.setStatus(run.id, status))
  } satisfies RecordedRun
})
