/** Two processes must not write one folder. */
import { readFileSync } from "node:fs"

import { fromPlatformError } from "@sml/run-store"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"

/** Who writes the folder: a process, and when it was started, as ids of processes are used again. */
const Holder = Schema.Struct({ pid: Schema.Int, born: Schema.String })
type Holder = typeof Holder.Type

const HolderText = Schema.fromJsonString(Holder)

const holderFile = ".running"

/** Milliseconds that a note may be half written, or that a folder may be taken over by two at once. */
const SETTLING = 100

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
 * Notes in a folder that this process writes it, until the scope closes. Fails with what `busy` says
 * when another one does; what a killed process left is taken over. The folder must be there.
 */
export const holdFolder = Effect.fn("trainer.holdFolder")(function* <E>(
  folder: string,
  busy: (pid: number) => E
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = path.join(folder, holderFile)
  const explain = Effect.mapError(fromPlatformError("note who writes the folder", file))
  const own: Holder = { pid: process.pid, born: birthOf(process.pid) }
  const note = Schema.encodeSync(HolderText)(own)

  const read = fs.readFileString(file).pipe(
    Effect.orElseSucceed(() => ""),
    Effect.map(Schema.decodeUnknownOption(HolderText))
  )
  // whoever makes the file has the folder: no two can
  const make = fs.writeFileString(file, note, { flag: "wx" }).pipe(
    Effect.as(true),
    Effect.catchIf(
      ({ reason }) => reason._tag === "AlreadyExists",
      () => Effect.succeed(false)
    )
  )

  const take = Effect.gen(function* () {
    if (yield* explain(make)) return
    let holder = yield* read
    if (Option.isNone(holder)) {
      yield* Effect.sleep(SETTLING)
      holder = yield* read
    }
    if (Option.isSome(holder) && lives(holder.value)) yield* Effect.fail(busy(holder.value.pid))
    yield* explain(fs.remove(file, { force: true }))
    yield* explain(make)
    // two may have seen the same dead one, and the later has removed the note of the earlier
    yield* Effect.sleep(SETTLING)
    const after = yield* read
    if (Option.isSome(after) && after.value.pid !== own.pid) {
      yield* Effect.fail(busy(after.value.pid))
    }
  })
  yield* Effect.acquireRelease(take, () => Effect.ignore(fs.remove(file, { force: true })))
})
