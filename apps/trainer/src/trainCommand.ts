/** `sml train`. */
import { renderTable } from "@sml/eval-harness"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

import { profileOf } from "./buildReport.ts"
import { fetchStudent } from "./fetchModel.ts"
import { clockTime, percent } from "./formatting.ts"
import { peakMemory } from "./machineFacts.ts"
import { Progress } from "./Progress.ts"
import { reported } from "./reported.ts"
import { resolveOptions } from "./resolveOptions.ts"
import { checkResultsFile, writeResultsFile } from "./resultsFile.ts"
import { runTraining } from "./runTraining.ts"
import { configFlag, trainFlags } from "./trainFlags.ts"

const profileLine = (profile: Readonly<Record<string, number>>): string => {
  const total = Object.values(profile).reduce((sum, seconds) => sum + seconds, 0)
  const parts = Object.entries(profile).map(
    ([name, seconds]) => `${name} ${percent(seconds / total)}`
  )
  return `of a training step: ${parts.join(", ")}`
}

/** Trains, prints the table of before and after, and says where everything is. */
export const trainCommand = Command.make(
  "train",
  { config: configFlag, ...trainFlags },
  Effect.fn("sml.train")(function* ({ config, ...flags }) {
    const { layers, options: given } = yield* resolveOptions(config, flags)
    const json = given.json === undefined ? undefined : yield* checkResultsFile(given.json)
    const options = yield* fetchStudent(given)
    const { result, run } = yield* runTraining(options, layers).pipe(Effect.provide(Progress.layer))
    if (json !== undefined) yield* writeResultsFile(json, result.results)
    if (options.eval) yield* Console.log(`\n${renderTable(result.results)}\n`)
    yield* Console.log(
      [
        `${clockTime(result.results.seconds["total"] ?? 0)} in all, peak memory ${Math.round(peakMemory() / 2 ** 20)} MiB; ${profileLine(profileOf(result.steps))}`,
        `report:  ${run.paths.report}`,
        `weights: ${run.paths.final}`,
        ...(json === undefined ? [] : [`results: ${json}`])
      ].join("\n")
    )
  }, reported)
).pipe(
  Command.withDescription(
    "Let a student learn from a teacher's feedback: measure it on held-out tasks, train it with GRPO on dialogues, and measure it again."
  ),
  Command.withShortDescription("train a student on dialogues with a teacher"),
  Command.withExamples([
    { command: "sml train", description: "the embedded student, about four minutes on two cores" },
    { command: "sml train --steps 10 --no-eval", description: "a quick look" },
    { command: "sml train --json results.json", description: "and the results as JSON" }
  ])
)
