/** `sml train`. */
import { BeforeAfter, renderTable } from "@sml/eval-harness"
import { defaultThreads } from "@sml/policy-onnx"
import { fromPlatformError, RunStore } from "@sml/run-store"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"

import { profileOf } from "./buildReport.ts"
import { ConfigError } from "./ConfigError.ts"
import { fetchStudent } from "./fetchModel.ts"
import { clockTime, percent } from "./formatting.ts"
import { peakMemory } from "./machineFacts.ts"
import { Progress } from "./Progress.ts"
import { reported } from "./reported.ts"
import type { GivenFlags } from "./resolveOptions.ts"
import { resolveTraining } from "./resolveOptions.ts"
import { checkResultsFile, writeResultsFile } from "./resultsFile.ts"
import { resumeOptions } from "./resumeOptions.ts"
import type { RunPlace } from "./RunPlace.ts"
import { runTraining } from "./runTraining.ts"
import type { ConfigLayers } from "./SmlConfig.ts"
import { startOf } from "./StoredRun.ts"
import { configFlag, placeFlags, trainFlags } from "./trainFlags.ts"
import type { TrainOptions } from "./TrainOptions.ts"

const profileLine = (profile: Readonly<Record<string, number>>): string => {
  const total = Object.values(profile).reduce((sum, seconds) => sum + seconds, 0)
  const parts = Object.entries(profile).map(
    ([name, seconds]) => `${name} ${percent(seconds / total)}`
  )
  return `of a training step: ${parts.join(", ")}`
}

/** What a new run is started with. */
const begin = Effect.fnUntraced(function* (
  out: Option.Option<string>,
  config: Option.Option<string>,
  flags: GivenFlags
) {
  const path = yield* Path.Path
  if (Option.isSome(out) && Option.isSome(flags["runs"] ?? Option.none())) {
    return yield* new ConfigError({
      reason: "--out names the run's own folder and --runs one for all; leave one of them out"
    })
  }
  const { configFile, layers, options: given } = yield* resolveTraining(config, flags)
  const options = yield* fetchStudent(given)
  const place: RunPlace = {
    _tag: "New",
    directory: Option.getOrUndefined(Option.map(out, (directory) => path.resolve(directory))),
    start: yield* startOf(options.threads ?? defaultThreads(), configFile)
  }
  return { layers, options, place, warnings: [] }
})

// the store is local to what follows: that of the configuration may have parts of its own

/** What a run that was stopped goes on with. */
const goOn = Effect.fnUntraced(
  function* (
    directory: string,
    out: Option.Option<string>,
    config: Option.Option<string>,
    flags: GivenFlags
  ) {
    if (Option.isSome(out)) {
      return yield* new ConfigError({
        reason: "--out is for a new run and --resume for one that goes on; leave one of them out"
      })
    }
    const { layers, options, start, warnings } = yield* resumeOptions(directory, config, flags)
    return { layers, options, place: { _tag: "Resumed", directory, start } as const, warnings }
  },
  Effect.provide(RunStore.layer, { local: true })
)

/** Whether the run has come to its end: the report is written last. */
const isFinished = Effect.fnUntraced(
  function* (directory: string) {
    const fs = yield* FileSystem.FileSystem
    const { paths } = yield* (yield* RunStore).open(directory)
    return yield* fs.exists(paths.report).pipe(Effect.orElseSucceed(() => false))
  },
  Effect.provide(RunStore.layer, { local: true })
)

const readResults = Effect.fnUntraced(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = path.join(directory, "results.json")
  const text = yield* fs
    .readFileString(file)
    .pipe(Effect.mapError(fromPlatformError("read the results", file)))
  return yield* Schema.decodeUnknownEffect(Schema.fromJsonString(BeforeAfter))(text).pipe(
    Effect.mapError((error) => new ConfigError({ reason: `${file} is damaged: ${error.message}` }))
  )
})

/** Says that nothing is left to do; the results are written where they are wanted and not yet there. */
const tellFinished = Effect.fnUntraced(
  function* (directory: string, options: TrainOptions) {
    const fs = yield* FileSystem.FileSystem
    const { paths } = yield* (yield* RunStore).open(directory)
    const { json } = options
    if (json !== undefined && !(yield* fs.exists(json).pipe(Effect.orElseSucceed(() => true)))) {
      yield* writeResultsFile(yield* checkResultsFile(json), yield* readResults(paths.directory))
    }
    yield* Console.log(
      `${directory}: the run is finished, ${options.steps} of ${options.steps} steps; its weights are in ${paths.final}`
    )
  },
  Effect.provide(RunStore.layer, { local: true })
)

const trainAndTell = Effect.fnUntraced(function* (
  options: TrainOptions,
  layers: ConfigLayers,
  place: RunPlace
) {
  const json = options.json === undefined ? undefined : yield* checkResultsFile(options.json)
  const { result, run } = yield* runTraining(options, layers, place).pipe(
    Effect.provide(Progress.layer)
  )
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
})

/** Trains, prints the table of before and after, and says where everything is. */
export const trainCommand = Command.make(
  "train",
  { config: configFlag, ...placeFlags, ...trainFlags },
  Effect.fn("sml.train")(function* ({ config, out, resume, ...flags }) {
    const path = yield* Path.Path
    const { layers, options, place, warnings } = yield* Option.match(resume, {
      onNone: () => begin(out, config, flags),
      onSome: (directory) => goOn(path.resolve(directory), out, config, flags)
    })
    for (const warning of warnings) yield* Console.log(`warning: ${warning}`)
    if (place._tag === "Resumed" && (yield* isFinished(place.directory))) {
      yield* tellFinished(place.directory, options)
    } else {
      yield* trainAndTell(options, layers, place)
    }
  }, reported)
).pipe(
  Command.withDescription(
    "Let a student learn from a teacher's feedback: measure it on held-out tasks, train it with GRPO on dialogues, and measure it again."
  ),
  Command.withShortDescription("train a student on dialogues with a teacher"),
  Command.withExamples([
    { command: "sml train", description: "the embedded student, about four minutes on two cores" },
    { command: "sml train --steps 10 --no-eval", description: "a quick look" },
    { command: "sml train --json results.json", description: "and the results as JSON" },
    { command: "sml train --steps 50 --out runs/first", description: "in a folder of its own" },
    { command: "sml train --resume runs/first", description: "goes on with a run that was stopped" }
  ])
)
