/** `sml eval`. */
import { renderSummary } from "@sml/eval-harness"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

import { fetchStudent } from "./fetchModel.ts"
import { Progress } from "./Progress.ts"
import { reported } from "./reported.ts"
import { resolveOptions } from "./resolveOptions.ts"
import { checkResultsFile, writeResultsFile } from "./resultsFile.ts"
import { runEvaluation } from "./runEvaluation.ts"
import { configFlag, evalFlags } from "./trainFlags.ts"

/** Measures a student on held-out tasks and prints the table. */
export const evalCommand = Command.make(
  "eval",
  { config: configFlag, ...evalFlags },
  Effect.fn("sml.eval")(function* ({ config, ...flags }) {
    const { layers, options: given } = yield* resolveOptions(config, flags)
    const json = given.json === undefined ? undefined : yield* checkResultsFile(given.json)
    const options = yield* fetchStudent(given)
    const { results, run } = yield* runEvaluation(options, layers).pipe(
      Effect.provide(Progress.layer)
    )
    if (json !== undefined) yield* writeResultsFile(json, results)
    yield* Console.log(`\n${renderSummary(results.results)}\n`)
    yield* Console.log(
      [`report:  ${run.paths.report}`, ...(json === undefined ? [] : [`results: ${json}`])].join(
        "\n"
      )
    )
  }, reported)
).pipe(
  Command.withDescription(
    "Measure how well a student uses feedback: held-out math and code tasks, with informative and with content-free feedback."
  ),
  Command.withShortDescription("measure a student on held-out tasks"),
  Command.withExamples([
    { command: "sml eval", description: "the embedded student" },
    {
      command: "sml eval --checkpoint .sml/runs/<id>/final",
      description: "what a run has trained"
    }
  ])
)
