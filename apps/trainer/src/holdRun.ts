/** Two processes must not write one run. */
import { readFileSync } from "node:fs"

import type { Run } from "@sml/run-store"
import { fromPlatformError } from "@sml/run-store"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"

import { ConfigError } from "./ConfigError.ts"

/** Who writes the run: a process, and when it was started, as ids of processes are used again. */
const Holder = Schema.Struct({ pid: Schema.Int, born: Schema.String })
type Holder = typeof Holder.Type

const holderFile = ".running"

/** States of a process that has ended and whose parent has not looked yet. */
const ended: ReadonlySet<string | undefined> = new Set(["Z", "X"])

/** When a process was started, in ticks of the machine; empty on systems that do not tell. */
const birthOf = (pid: number): string => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8")
    // after the name, which may hold anything: the state, and 19 fields later the start
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ")
    return ended.has(fields[0]) ? "ended" : (fields[19] ?? "")
  } catch {
    return ""
  }
}

const lives = ({ born, pid }: Holder): boolean => {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  return birthOf(pid) === born
}

/**
 * Notes in the run's folder that this process writes it, until the scope closes. Fails when another one
 * does; what a killed process left is taken over.
 */
export const holdRun = Effect.fn("trainer.holdRun")(function* (run: Run) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = path.join(run.paths.directory, holderFile)
  const explain = Effect.mapError(fromPlatformError("note who writes the run", file))
  const text = yield* fs.readFileString(file).pipe(Effect.orElseSucceed(() => ""))
  const holder = Schema.decodeUnknownOption(Schema.fromJsonString(Holder))(text)
  if (Option.isSome(holder) && lives(holder.value)) {
    return yield* new ConfigError({
      reason: `the run in ${run.paths.directory} is going on in process ${holder.value.pid}; wait for its end or stop it first`
    })
  }
  const own: Holder = { pid: process.pid, born: birthOf(process.pid) }
  return yield* Effect.acquireRelease(
    fs.writeFileString(file, JSON.stringify(own)).pipe(explain),
    () => Effect.ignore(fs.remove(file, { force: true }))
  )
})
