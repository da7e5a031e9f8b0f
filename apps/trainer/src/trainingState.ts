/** How far a training run had come when a checkpoint was taken: `training.json` in its folder. */
import { DomainSummaries } from "@sml/eval-harness"
import type { CheckpointEntry, Run } from "@sml/run-store"
import { fromPlatformError } from "@sml/run-store"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/**
 * With the learner's own state it is all that the rest of the run depends on.
 *
 * - `step`: finished steps, which is also the cursor among the tasks: every random stream of step n
 *   (tasks, dialogues, draws) is a function of `seed` and n;
 * - `lines`: bytes of the run's lines then; what was written later is written again;
 * - `seconds`: time spent so far; `before`: what was measured first, if anything was.
 */
export const TrainingState = Schema.Struct({
  format: Schema.Literal(1),
  step: Count,
  seed: Count,
  lines: Schema.Struct({ metrics: Count, episodes: Count }),
  seconds: Schema.Struct({ train: Schema.Finite, total: Schema.Finite }),
  before: Schema.optionalKey(Schema.Struct({ summaries: DomainSummaries, seconds: Schema.Finite }))
})
export type TrainingState = typeof TrainingState.Type

const stateFile = "training.json"

/** Writes the state into a checkpoint's folder. */
export const writeTrainingState = Effect.fnUntraced(function* (
  directory: string,
  state: TrainingState
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = path.join(directory, stateFile)
  yield* fs
    .writeFileString(file, `${JSON.stringify(state, null, 2)}\n`)
    .pipe(Effect.mapError(fromPlatformError("write a checkpoint", file)))
})

/** A checkpoint from which the run can go on. */
export interface ResumePoint {
  readonly checkpoint: CheckpointEntry
  readonly state: TrainingState
}

const readState = Effect.fnUntraced(function* ({ directory }: CheckpointEntry) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = path.join(directory, stateFile)
  const text = yield* fs
    .readFileString(file)
    .pipe(Effect.mapError(fromPlatformError("read a checkpoint", file)))
  return Schema.decodeUnknownOption(Schema.fromJsonString(TrainingState))(text)
})

// the state, or what is wrong with the checkpoint
const inspect = Effect.fnUntraced(function* (run: Run, checkpoint: CheckpointEntry, seed: number) {
  const fault = yield* run.checkpointFault(checkpoint)
  if (fault !== undefined) return fault
  const state = Option.getOrUndefined(yield* readState(checkpoint))
  if (state === undefined) return `its ${stateFile} cannot be read`
  if (state.step !== checkpoint.step || state.seed !== seed) return `it is one of another run`
  // the last look: from here on what lies behind it is gone
  const cut = yield* Effect.result(run.cutBack(state.lines))
  return cut._tag === "Success" ? state : cut.failure.message
})

/**
 * The newest sound checkpoint of a run; what was written after it, lines and checkpoints, is removed.
 * `skipped` hears of each that is not sound. Without any the run is as new.
 */
export const findResumePoint = Effect.fn("trainer.findResumePoint")(function* (
  run: Run,
  seed: number,
  skipped: (sentence: string) => Effect.Effect<void>
) {
  for (const checkpoint of (yield* run.checkpoints).toReversed()) {
    const found = yield* inspect(run, checkpoint, seed).pipe(
      Effect.catchTag("RunStoreError", (error) => Effect.succeed(error.message))
    )
    if (typeof found !== "string") return { checkpoint, state: found } satisfies ResumePoint
    yield* skipped(`${checkpoint.directory} is skipped: ${found}`)
    yield* run.removeCheckpoint(checkpoint)
  }
  yield* run.cutBack({ metrics: 0, episodes: 0 })
  return undefined
})
