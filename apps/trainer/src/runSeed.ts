import { fileURLToPath } from "node:url"

/** One whole training run in a process of its own, as `npm start` is. */
import { RunStore } from "@sml/run-store"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as ChildProcess from "effect/process/ChildProcess"
import * as Schema from "effect/Schema"

import { ConfigError } from "./ConfigError.ts"
import { RunResults } from "./RunResults.ts"

const main = fileURLToPath(new URL("main.ts", import.meta.url))

const refused = (runs: string, detail: string) =>
  new ConfigError({ reason: `the run in ${runs} ${detail}; its message stands above` })

/**
 * Trains with a seed, showing what the command shows, and gives what it measured. `runs` is where its
 * run folder goes, `more` are further options of `sml train`.
 */
export const runSeed = Effect.fn("bench.runSeed")(function* (
  seed: number,
  runs: string,
  more: ReadonlyArray<string>
) {
  const fs = yield* FileSystem.FileSystem
  const store = yield* RunStore
  const args = [main, "train", "--seed", `${seed}`, "--runs", runs, ...more]
  const child = yield* ChildProcess.make(process.execPath, args, {
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit"
  })
  const code = yield* child.exitCode
  if (code !== 0) return yield* refused(runs, `ended with exit code ${code}`)
  const id = (yield* store.list(runs)).at(-1)
  if (id === undefined) return yield* refused(runs, "left no run folder")
  const run = yield* store.open(`${runs}/${id}`)
  const text = yield* fs.readFileString(`${run.paths.directory}/results.json`)
  const { memory, ...results } = yield* Schema.decodeUnknownEffect(
    Schema.fromJsonString(RunResults)
  )(text)
  return { results, memory, steps: (yield* run.readMetrics).values }
}, Effect.scoped)
