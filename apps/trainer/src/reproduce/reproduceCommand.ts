/** `sml reproduce`. */
import { availableParallelism } from "node:os"

import { makeFolders } from "@sml/run-store"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Path from "effect/Path"

import { ConfigError } from "../ConfigError.ts"
import { machineFacts } from "../machineFacts.ts"
import { Progress } from "../Progress.ts"
import { reported } from "../reported.ts"
import type { CellSettings } from "./Cell.ts"
import { CellRunner } from "./CellRunner.ts"
import { CellStore } from "./CellStore.ts"
import { planCells } from "./planCells.ts"
import { fullSettings, quickSettings } from "./presets.ts"
import { renderHtml } from "./renderHtml.ts"
import { renderMarkdown } from "./renderMarkdown.ts"
import type { ReportFacts } from "./ReportFacts.ts"
import type { Reproduction } from "./Reproduction.ts"
import { makeReproduction } from "./Reproduction.ts"
import { finishedCells, runCells } from "./runCells.ts"

const flags = {
  quick: Flag.Boolean("quick").pipe(
    Flag.withDescription("one seed, fewer steps and tasks: at most 15 minutes on two cores"),
    Flag.withDefault(false)
  ),
  seeds: Flag.Int("seeds").pipe(
    Flag.withDescription("training seeds, from 1 up (default 3; with --quick 1)"),
    Flag.optional
  ),
  variants: Flag.Boolean("variants").pipe(
    Flag.withDescription(
      "run the variants of this project too, on math; --no-variants runs the paper's methods only"
    ),
    Flag.withDefault(true)
  ),
  steps: Flag.Int("steps").pipe(
    Flag.withDescription("updates of online learning (default 150; with --quick 60)"),
    Flag.optional
  ),
  offlineTasks: Flag.Int("offline-tasks").pipe(
    Flag.withDescription("tasks of offline learning (default 2000; with --quick 600)"),
    Flag.optional
  ),
  evalTasks: Flag.Int("eval-tasks").pipe(
    Flag.withDescription(
      "held-out tasks per seed, domain and kind of feedback (default 300; with --quick 150)"
    ),
    Flag.optional
  ),
  jobs: Flag.Int("jobs").pipe(
    Flag.withDescription(
      "cells at a time, each in a process of its own (default one per core, at most 8)"
    ),
    Flag.optional
  ),
  threads: Flag.Int("threads").pipe(
    Flag.withDescription("threads of each cell's engine (default 1)"),
    Flag.withDefault(1)
  ),
  cells: Flag.String("cells").pipe(
    Flag.withMetavar("DIR"),
    Flag.withDescription(
      "folder in which finished cells are kept, and found again (default .sml/reproduce)"
    ),
    Flag.withDefault(".sml/reproduce")
  ),
  out: Flag.String("out").pipe(
    Flag.withMetavar("DIR"),
    Flag.withDescription("folder for the report (default docs)"),
    Flag.withDefault("docs")
  ),
  reportOnly: Flag.Boolean("report-only").pipe(
    Flag.withDescription("run nothing: write the report of the cells that are finished"),
    Flag.withDefault(false)
  )
}

const atLeastOne = Effect.fnUntraced(function* (name: string, value: number) {
  if (value >= 1) return
  yield* new ConfigError({ reason: `--${name} is ${value}; expected a value of at least 1` })
})

const today = Effect.map(DateTime.now, (now) => DateTime.formatIso(now).slice(0, 10))

/** Writes both forms of the report and says the answers and where it is. */
const writeReport = Effect.fnUntraced(function* (
  folder: string,
  reproduction: Reproduction,
  facts: ReportFacts
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const name = path.join(folder, facts.quick ? "reproduction-quick" : "reproduction")
  yield* fs.writeFileString(`${name}.md`, renderMarkdown(reproduction, facts))
  yield* fs.writeFileString(`${name}.html`, renderHtml(reproduction, facts))
  yield* Console.log(
    [
      ...reproduction.answers.map(
        ({ claim, number, verdict }) => `${number}. ${verdict.padEnd(15)} ${claim}`
      ),
      `report: ${name}.md`,
      `report: ${name}.html`
    ].join("\n")
  )
})

/** Runs every cell that is not finished and writes the report. */
export const reproduceCommand = Command.make(
  "reproduce",
  flags,
  Effect.fn("sml.reproduce")(function* (given) {
    const path = yield* Path.Path
    const { quick, threads, variants } = given
    const preset = quick ? quickSettings : fullSettings
    const seeds = Option.getOrElse(given.seeds, () => (quick ? 1 : 3))
    const jobs = Option.getOrElse(given.jobs, () => Math.min(8, availableParallelism()))
    const settings: CellSettings = {
      ...preset,
      steps: Option.getOrElse(given.steps, () => preset.steps),
      sftTasks: Option.getOrElse(given.offlineTasks, () => preset.sftTasks),
      evalTasks: Option.getOrElse(given.evalTasks, () => preset.evalTasks)
    }
    yield* atLeastOne("seeds", seeds)
    yield* atLeastOne("jobs", jobs)
    yield* atLeastOne("threads", threads)
    yield* atLeastOne("steps", settings.steps)
    yield* atLeastOne("offline-tasks", settings.sftTasks)
    yield* atLeastOne("eval-tasks", settings.evalTasks)
    const out = path.resolve(given.out)
    const root = path.resolve(given.cells)
    // before the work, not after it
    yield* makeFolders(out).pipe(
      Effect.mapError(
        ({ message }) =>
          new ConfigError({ reason: `the report cannot be written to ${out}: ${message}` })
      )
    )
    const cells = planCells({ seeds, variants }, settings)
    const started = performance.now()
    const parties = Layer.mergeAll(
      CellStore.layer(root, settings),
      CellRunner.layerProcess({ root, settings, threads })
    )
    yield* Effect.gen(function* () {
      const store = yield* CellStore
      const before = yield* finishedCells(cells)
      const remember = Effect.gen(function* () {
        const finished = (yield* finishedCells(cells)).length - before.length
        if (finished === 0) return
        const { machine, node } = machineFacts()
        yield* store.remember({
          command: ["sml", ...process.argv.slice(2)].join(" "),
          date: yield* today,
          machine: `${machine}, Node ${node}`,
          seconds: (performance.now() - started) / 1000,
          finished,
          jobs,
          threads
        })
      })
      const results = given.reportOnly
        ? before
        : yield* runCells({ cells, settings, jobs }).pipe(
            Effect.provide(Progress.layer),
            Effect.onExit(() => remember)
          )
      const facts: ReportFacts = { date: yield* today, quick, runs: yield* store.pastRuns }
      yield* writeReport(out, makeReproduction(settings, cells, results), facts)
    }).pipe(Effect.provide(parties))
  }, reported)
).pipe(
  Command.withDescription(
    "Run the paper's comparisons on the embedded student: six methods trained on math and on code with several seeds, measured with 95 % intervals, each finding answered by a test stated before. Finished parts are kept: an interrupted run goes on where it was."
  ),
  Command.withShortDescription("run the paper's comparisons and write the report"),
  Command.withExamples([
    { command: "sml reproduce --quick", description: "in short, one seed" },
    { command: "sml reproduce", description: "everything, three seeds" }
  ])
)
