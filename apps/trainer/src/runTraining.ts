/** A whole training run: settings in, run folder and results out. */
import { scheduleFault } from "@sml/policy"
import * as Effect from "effect/Effect"

import { ConfigError } from "./ConfigError.ts"
import { microBatchLine } from "./engineFor.ts"
import { evaluateStudent } from "./evaluateStudent.ts"
import { resumeHint } from "./interruption.ts"
import { peakMemory } from "./machineFacts.ts"
import { studentLayer } from "./parties.ts"
import { Progress } from "./Progress.ts"
import type { RunPlace } from "./RunPlace.ts"
import type { RunResults } from "./RunResults.ts"
import { scheduleOf } from "./scheduleOf.ts"
import type { ConfigLayers } from "./SmlConfig.ts"
import { trainingRun } from "./TrainingRun.ts"
import { findResumePoint } from "./trainingState.ts"
import type { TrainOptions } from "./TrainOptions.ts"
import { patientStudent } from "./Waits.ts"
import { withRun } from "./withRun.ts"
import { writeReport } from "./writeReport.ts"

/**
 * Trains as the settings say and keeps everything in the run folder of `place`: configuration, metrics,
 * dialogues, checkpoints, `results.json`, `report.html` and `final/`. A resumed run goes on from its
 * newest sound checkpoint.
 */
export const runTraining = Effect.fn("trainer.runTraining")(function* (
  options: TrainOptions,
  layers: ConfigLayers,
  place: RunPlace
) {
  const progress = yield* Progress
  const fault = scheduleFault(scheduleOf(options), options.steps)
  const note = (text: string) => progress.emit({ _tag: "Note", text })
  if (fault !== undefined) return yield* new ConfigError({ reason: fault })
  return yield* withRun(
    options.domain,
    options,
    layers,
    Effect.fnUntraced(function* ({ checkpoint, config, engine, run }) {
      if (engine !== undefined) {
        yield* note(microBatchLine(engine))
      }
      const evaluationStudent = patientStudent(
        studentLayer({ ...options, checkpoint }, layers, options.temperature),
        options
      )
      const resumed =
        place._tag === "Resumed" ? yield* findResumePoint(run, options.seed, note) : undefined
      if (place._tag === "Resumed") {
        yield* note(
          resumed === undefined
            ? "goes on:    from the beginning, there is no checkpoint yet"
            : `goes on:    from the checkpoint of step ${resumed.state.step}`
        )
      }
      const result = yield* trainingRun(
        run,
        options,
        (when) => evaluateStudent(when, options).pipe(Effect.provide(evaluationStudent)),
        resumed
      )
      yield* writeReport(run, {
        title: `Learning from feedback: ${options.domain}, ${result.steps.length} steps`,
        config,
        result,
        results: { ...result.results, memory: peakMemory() } satisfies RunResults
      }).pipe(
        Effect.onInterrupt(() =>
          progress.farewell(
            `interrupted while the report was written; the trained weights are in ${run.paths.final}, and ${resumeHint(run)} measures and reports again`
          )
        )
      )
      return { run, result }
    }),
    place
  )
})
