/** The results of a run, written into its folder. */
import type { Run } from "@sml/run-store"
import * as Effect from "effect/Effect"

import { buildReport } from "./buildReport.ts"
import { Progress } from "./Progress.ts"
import type { TrainingResult } from "./TrainingRun.ts"
import type { TrainOptions } from "./TrainOptions.ts"

/** Writes `results.json` and `report.html`. */
export const writeReport = Effect.fn("trainer.writeReport")(function* (
  run: Run,
  options: {
    readonly title: string
    readonly config: TrainOptions
    readonly result: TrainingResult
    /** What `results.json` holds. */
    readonly results: unknown
  }
) {
  const progress = yield* Progress
  yield* progress.emit({ _tag: "Begin", name: "report" })
  // the plotting library is large, and nothing else needs it
  const { renderReport } = yield* Effect.promise(() => import("@sml/eval-harness/renderReport"))
  const report = buildReport(options.title, options.config, options.result)
  yield* run.writeFile("results.json", `${JSON.stringify(options.results, null, 2)}\n`)
  yield* run.writeFile("report.html", renderReport(report))
})
