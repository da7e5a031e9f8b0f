/** An evaluation without training. */
import * as Effect from "effect/Effect"

import { evaluateStudent, evaluationParts } from "./evaluateStudent.ts"
import { keepEvaluation } from "./keepEvaluation.ts"
import { studentLayer } from "./parties.ts"
import { Progress } from "./Progress.ts"
import type { ConfigLayers } from "./SmlConfig.ts"
import type { TrainOptions } from "./TrainOptions.ts"
import { patientStudent } from "./Waits.ts"
import { withRun } from "./withRun.ts"
import { writeReport } from "./writeReport.ts"

/** The name of the only evaluation of such a run. */
const when = "evaluation"

/**
 * Measures a student and keeps configuration, dialogues, `results.json` and `report.html` in a new run
 * folder.
 */
export const runEvaluation = Effect.fn("trainer.runEvaluation")(function* (
  given: TrainOptions,
  layers: ConfigLayers
) {
  // nothing is trained, so that there is nothing to adapt
  const { lora: _, ...options } = given
  const progress = yield* Progress
  return yield* withRun(
    "eval",
    options,
    layers,
    Effect.fnUntraced(function* ({ checkpoint, config, run }) {
      yield* progress.emit({
        _tag: "Plan",
        title: `sml eval: ${options.evalTasks} held-out tasks, ${options.evalHorizon} turns`,
        parts: evaluationParts(when, options)
      })
      const student = patientStudent(
        studentLayer({ ...options, checkpoint }, layers, options.temperature),
        options
      )
      const evaluation = yield* evaluateStudent(when, options).pipe(
        Effect.provide(student),
        Effect.onInterrupt(() =>
          progress.farewell("interrupted; half an evaluation is no result, so run it again")
        )
      )
      yield* keepEvaluation(run, when, 0, evaluation)
      const seconds = { evaluation: evaluation.seconds }
      const results = { results: evaluation.summaries, seconds }
      yield* writeReport(run, {
        title: "A student measured",
        config,
        result: {
          results: { before: {}, after: evaluation.summaries, seconds },
          steps: [],
          before: undefined,
          after: evaluation
        },
        results
      })
      return { run, results }
    })
  )
})
