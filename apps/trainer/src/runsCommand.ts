/** `sml runs`. */
import { fromPlatformError, insideFolder, RunDatabase } from "@sml/run-store"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"

import { ConfigError } from "./ConfigError.ts"
import { jsonText } from "./jsonText.ts"
import { reported } from "./reported.ts"
import { exportCsv, exportJsonLines, exportTensorBoard } from "./runsExport.ts"
import { findRun, runsFlags, withRuns } from "./runsStore.ts"
import {
  compareRuns,
  renderComparison,
  renderEpisodes,
  renderRun,
  renderRuns
} from "./runsTable.ts"
import { Screen } from "./Screen.ts"

const jsonFlag = Flag.Boolean("json").pipe(
  Flag.withDescription("print JSON for programs"),
  Flag.withDefault(false)
)

const runArgument = Argument.String("run").pipe(
  Argument.withDescription("the run's id, or a part of it that no other run has")
)

const print = (text: string) => Effect.flatMap(Screen, (screen) => screen.print(`${text}\n`))

const listCommand = Command.make(
  "list",
  { ...runsFlags, json: jsonFlag },
  Effect.fn("sml.runs.list")(function* ({ json, ...place }) {
    const listed = Effect.gen(function* () {
      const runs = yield* (yield* RunDatabase).runs
      yield* print(json ? jsonText(runs) : renderRuns(runs))
    })
    yield* withRuns(place, listed)
  }, reported)
).pipe(
  Command.withDescription("List all runs, oldest first."),
  Command.withShortDescription("list all runs"),
  Command.withExamples([{ command: "sml runs list", description: "every run" }])
)

const showCommand = Command.make(
  "show",
  {
    run: runArgument,
    step: Flag.Int("step").pipe(
      Flag.withDescription("show the dialogues of this step instead (0: before training)"),
      Flag.optional
    ),
    ...runsFlags,
    json: jsonFlag
  },
  Effect.fn("sml.runs.show")(function* ({ json, run: name, step, ...place }) {
    const shown = Effect.gen(function* () {
      const database = yield* RunDatabase
      const run = yield* findRun(name)
      if (Option.isSome(step)) {
        const episodes = yield* database.episodes(run.id, step.value)
        if (episodes.length === 0) {
          return yield* new ConfigError({
            reason: `run ${run.id} has no dialogues of step ${step.value}; it has ${run.steps} steps`
          })
        }
        return yield* print(json ? jsonText(episodes) : renderEpisodes(episodes))
      }
      const metrics = yield* database.metrics(run.id)
      const checkpoints = yield* database.checkpoints(run.id)
      return yield* print(
        json
          ? jsonText({ ...run, metrics, checkpoints })
          : renderRun(
              run,
              metrics,
              checkpoints.map((each) => each.step)
            )
      )
    })
    yield* withRuns(place, shown)
  }, reported)
).pipe(
  Command.withDescription(
    "Show a run: its configuration, versions, seeds, metrics and checkpoints, or with --step its dialogues."
  ),
  Command.withShortDescription("show a run, or the dialogues of a step"),
  Command.withExamples([
    { command: "sml runs show k3f9", description: "a run by a part of its id" },
    { command: "sml runs show k3f9 --step 20", description: "the dialogues of a step" }
  ])
)

const compareCommand = Command.make(
  "compare",
  {
    left: Argument.String("left").pipe(Argument.withDescription("a run")),
    right: Argument.String("right").pipe(Argument.withDescription("another run")),
    ...runsFlags,
    json: jsonFlag
  },
  Effect.fn("sml.runs.compare")(function* ({ json, left, right, ...place }) {
    const measured = Effect.fnUntraced(function* (name: string) {
      const run = yield* findRun(name)
      return { run, metrics: yield* (yield* RunDatabase).metrics(run.id) }
    })
    const compared = Effect.gen(function* () {
      const first = yield* measured(left)
      const second = yield* measured(right)
      const comparison = compareRuns(first, second)
      yield* print(
        json
          ? jsonText({ left: first.run.id, right: second.run.id, ...comparison })
          : renderComparison(comparison, first.run.id, second.run.id)
      )
    })
    yield* withRuns(place, compared)
  }, reported)
).pipe(
  Command.withDescription(
    "Compare two runs: the settings that differ, the first step whose numbers differ, and the means of the last ten steps."
  ),
  Command.withShortDescription("compare two runs")
)

const formats = ["jsonl", "csv", "tensorboard"] as const

const exportCommand = Command.make(
  "export",
  {
    run: runArgument,
    format: Flag.Literals("format", formats).pipe(
      Flag.withDescription(
        "jsonl: everything; csv: one row a step; tensorboard: an event file (default jsonl)"
      ),
      Flag.withDefault("jsonl" as const)
    ),
    out: Flag.String("out").pipe(
      Flag.withMetavar("PATH"),
      Flag.withDescription(
        "the file to write, for tensorboard the folder (default standard output, for tensorboard the run's own folder)"
      ),
      Flag.optional
    ),
    ...runsFlags
  },
  Effect.fn("sml.runs.export")(function* ({ format, out, run: name, ...place }) {
    const exported = Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const screen = yield* Screen
      const database = yield* RunDatabase
      const run = yield* findRun(name)
      const metrics = yield* database.metrics(run.id)
      const written = (file: string, effect: ReturnType<typeof fs.writeFileString>) =>
        effect.pipe(
          Effect.mapError(fromPlatformError("export the run", file)),
          Effect.andThen(print(`written: ${file}`))
        )
      if (format === "tensorboard") {
        const folder = Option.isSome(out)
          ? path.resolve(out.value)
          : yield* insideFolder(run.directory, "tensorboard")
        const file = path.join(folder, `events.out.tfevents.0.${run.id}`)
        return yield* written(
          file,
          fs
            .makeDirectory(folder, { recursive: true })
            .pipe(Effect.andThen(fs.writeFile(file, exportTensorBoard(run, metrics))))
        )
      }
      const text =
        format === "csv"
          ? yield* exportCsv(metrics)
          : exportJsonLines(run, metrics, yield* database.episodes(run.id))
      if (Option.isNone(out)) return yield* screen.print(text)
      const file = path.resolve(out.value)
      return yield* written(file, fs.writeFileString(file, text))
    })
    yield* withRuns(place, exported)
  }, reported)
).pipe(
  Command.withDescription("Write a run as JSON lines, CSV or a TensorBoard event file."),
  Command.withShortDescription("write a run for other programs"),
  Command.withExamples([
    {
      command: "sml runs export k3f9 --format tensorboard --out logs/k3f9",
      description: "then: tensorboard --logdir logs"
    }
  ])
)

const rmCommand = Command.make(
  "rm",
  {
    run: runArgument,
    keepFolder: Flag.Boolean("keep-folder").pipe(
      Flag.withDescription("forget the run and leave its folder"),
      Flag.withDefault(false)
    ),
    force: Flag.Boolean("force").pipe(
      Flag.withDescription("also a run that is marked as running, such as one that was killed"),
      Flag.withDefault(false)
    ),
    ...runsFlags
  },
  Effect.fn("sml.runs.rm")(function* ({ force, keepFolder, run: name, ...place }) {
    const removed = Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const run = yield* findRun(name)
      if (run.status === "running" && !force) {
        return yield* new ConfigError({
          reason: `run ${run.id} is marked as running; stop it first, or give --force if it was killed`
        })
      }
      const relative = path.relative(path.resolve(place.runs), run.directory)
      const isThere = yield* fs
        .exists(run.directory)
        .pipe(Effect.mapError(fromPlatformError("look for the run's folder", run.directory)))
      // a folder elsewhere may hold what is not ours, and so may what a link leads to
      const folder =
        keepFolder || !isThere || relative !== run.id
          ? undefined
          : yield* insideFolder(place.runs, relative)
      if (folder !== undefined) {
        yield* fs
          .remove(folder, { recursive: true })
          .pipe(Effect.mapError(fromPlatformError("remove the run's folder", folder)))
      }
      yield* (yield* RunDatabase).remove(run.id)
      const rest = isThere && folder === undefined ? `; its folder ${run.directory} is left` : ""
      return yield* print(`removed: ${run.id}${rest}`)
    })
    yield* withRuns(place, removed)
  }, reported)
).pipe(
  Command.withDescription(
    "Remove a run from the database, and its folder where that lies in --runs."
  ),
  Command.withShortDescription("remove a run")
)

/** Looks at runs and removes them. */
export const runsCommand = Command.make("runs").pipe(
  Command.withDescription("List, show, compare, export and remove runs."),
  Command.withShortDescription("list, show, compare, export and remove runs"),
  Command.withSubcommands([listCommand, showCommand, compareCommand, exportCommand, rmCommand])
)
