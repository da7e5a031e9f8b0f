/** A whole training run: settings in, run folder and results out. */
import { scheduleFault } from "@sml/policy"
import * as Effect from "effect/Effect"

import { ConfigError } from "./ConfigError.ts"
import { microBatchLine } from "./engineFor.ts"
import { evaluateStudent } from "./evaluateStudent.ts"
import { peakMemory } from "./machineFacts.ts"
import { studentLayer } from "./parties.ts"
import { Progress } from "./Progress.ts"
import type { RunResults } from "./RunResults.ts"
import { scheduleOf } from "./scheduleOf.ts"
import type { ConfigLayers } from "./SmlConfig.ts"
import { trainingRun } from "./TrainingRun.ts"
import type { TrainOptions } from "./TrainOptions.ts"
import { withRun } from "./withRun.ts"
import { writeReport } from "./writeReport.ts"

/**
 * Trains as the settings say and keeps everything in a new run folder: configuration, metrics,
 * dialogues, checkpoints, `results.json`, `report.html` and `final/`.
 */
export const runTraining = Effect.fn("trainer.runTraining")(function* (
  options: TrainOptions,
  layers: ConfigLayers
) {
  const progress = yield* Progress
  const fault = scheduleFault(scheduleOf(options), options.steps)
  if (fault !== undefined) return yield* new ConfigError({ reason: fault })
  return yield* withRun(
    options.domain,
    options,
    layers,
    Effect.fnUntraced(function* ({ checkpoint, config, engine, run }) {
      if (engine !== undefined) {
        yield* progress.emit({ _tag: "Note", text: microBatchLine(engine) })
      }
      const evaluationStudent = studentLayer(
        { ...options, checkpoint },
        layers,
        options.temperature
      )
      const result = yield* trainingRun(run, options, (when) =>
        evaluateStudent(when, options).pipe(Effect.provide(evaluationStudent))
      )
      yield* writeReport(run, {
        title: `Learning from feedback: ${options.domain}, ${result.steps.length} steps`,
        config,
        result,
        results: { ...result.results, memory: peakMemory() } satisfies RunResults
      }).pipe(
        Effect.onInterrupt(() =>
          progress.farewell(
            `interrupted while the report was written; the trained weights are in ${run.paths.final}`
          )
        )
      )
      return { run, result }
    })
  )
})
