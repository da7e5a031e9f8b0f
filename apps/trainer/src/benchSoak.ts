/**
 * `pnpm soak`: half an hour of training with faults and kills. Writes `soak.json` and `soak.md`, and ends
 * with exit code 1 when memory grows, a row is lost or twice there, or the run hangs. Linux only: what is
 * known of a process comes from /proc.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

// not the whole of it, which loads an HTTP client and more
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { MetricsLine, parseJsonLines } from "@sml/run-store"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"

import { Reported, reported } from "./reported.ts"
import { Screen } from "./Screen.ts"
import { renderSoak, type Sample, type Segment, soakReport } from "./soakMeasures.ts"
import { usagePresenter } from "./usagePresenter.ts"
import { version } from "./version.ts"

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** Milliseconds between two looks at the process. */
const LOOK = 1000

/** Milliseconds that a process has to stop at a safe point. */
const STOP = 60_000

const look = async (pid: number, seconds: number): Promise<Sample | undefined> => {
  try {
    const status = await readFile(`/proc/${pid}/status`, "utf8")
    const number = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? Number.NaN)
    const handles = (await readdir(`/proc/${pid}/fd`)).length
    return { seconds, memory: 1024 * number("VmRSS"), handles, threads: number("Threads") }
  } catch {
    // the process has ended between two looks
    return undefined
  }
}

const stepsIn = async (file: string) => {
  const text = await readFile(file, "utf8").catch(() => "")
  const { damaged, values } = parseJsonLines(MetricsLine, text)
  return { steps: values.map(({ step }) => step), damaged: damaged.length }
}

/** A process of the run, which `signal` ends after so many seconds. */
const segment = Effect.fnUntraced(function* (
  metrics: string,
  args: ReadonlyArray<string>,
  length: number,
  signal: NodeJS.Signals
) {
  const child = spawn(process.execPath, [here("main.ts"), "train", ...args], {
    stdio: ["ignore", "ignore", "inherit"]
  })
  const closed = once(child, "close")
  const began = performance.now()
  const now = () => (performance.now() - began) / 1000
  const count = Effect.promise(() => stepsIn(metrics)).pipe(Effect.map(({ steps }) => steps.length))
  const samples: Array<Sample> = []
  let known = yield* count
  let knownAt = 0
  let longestGap = 0
  while (now() < length && child.exitCode === null) {
    yield* Effect.sleep(LOOK)
    const { pid } = child
    const sample = pid === undefined ? undefined : yield* Effect.promise(() => look(pid, now()))
    if (sample !== undefined) samples.push(sample)
    const rows = yield* count
    if (rows !== known) knownAt = now()
    known = rows
    longestGap = Math.max(longestGap, now() - knownAt)
  }
  const ended = child.exitCode !== null
  child.kill(signal)
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP)
  yield* Effect.promise(() => closed)
  clearTimeout(timer)
  // an ended process that was to be stopped has failed
  const end = ended ? `by itself, exit code ${child.exitCode}` : signal
  return {
    end,
    expected: !ended && (signal === "SIGKILL") === (child.signalCode === "SIGKILL"),
    seconds: now(),
    samples,
    longestGap
  } satisfies Segment
})

const soakCommand = Command.make(
  "soak",
  {
    minutes: Flag.Finite("minutes").pipe(
      Flag.withDescription("how long the training goes on"),
      Flag.withDefault(30)
    ),
    kills: Flag.Int("kills").pipe(
      Flag.withDescription("how often its process is killed, at equal distances"),
      Flag.withDefault(2)
    ),
    out: Flag.String("out").pipe(
      Flag.withDescription("folder for the report"),
      Flag.withDefault(here("../../../docs/results"))
    )
  },
  Effect.fn("bench.soak")(
    function* ({ kills, minutes, out }) {
      const fs = yield* FileSystem.FileSystem
      yield* fs.makeDirectory(out, { recursive: true })
      const root = yield* Effect.acquireRelease(
        Effect.promise(() => mkdtemp(join(tmpdir(), "sml-soak-"))),
        (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
      )
      const run = join(root, "run")
      const metrics = join(run, "metrics.jsonl")
      const start = ["--config", here("benchSoakConfig.ts"), "--steps", "1000000", "--out", run]
      const segments: Array<Segment> = []
      for (let part = 0; part <= kills; part++) {
        const args = part === 0 ? start : ["--resume", run]
        const signal = part < kills ? "SIGKILL" : "SIGINT"
        const done = yield* segment(metrics, args, (60 * minutes) / (kills + 1), signal)
        yield* Console.log(
          `process ${part + 1}: ${Math.round(done.seconds)} s, ended by ${done.end}`
        )
        segments.push(done)
      }
      const report = soakReport(segments, yield* Effect.promise(() => stepsIn(metrics)))
      yield* fs.writeFileString(join(out, "soak.json"), `${JSON.stringify(report, null, 2)}\n`)
      yield* fs.writeFileString(join(out, "soak.md"), renderSoak(report))
      yield* Console.log(renderSoak(report))
      if (report.failures.length > 0) return yield* new Reported({ exitCode: 1 })
      return undefined
    },
    Effect.scoped,
    reported
  )
).pipe(
  Command.withDescription(
    "Train with failing teachers, crashing verifiers, delays and kills, and report what that does."
  )
)

Command.run(soakCommand, { version }).pipe(
  Effect.provide(
    Layer.mergeAll(NodeServices.layer, Screen.layer, CliOutput.layerPresenter(usagePresenter))
  ),
  (program) => NodeRuntime.runMain(program)
)
