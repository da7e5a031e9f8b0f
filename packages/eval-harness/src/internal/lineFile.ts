/** Files to which whole lines of JSON are appended, and which a crash may have torn. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import type { PlatformError } from "effect/PlatformError"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"

/** The values of the lines that could be read, and how many could not. */
interface Lines<A> {
  readonly values: ReadonlyArray<A>
  readonly damaged: number
}

/** An open file: what it held, and how to add to it. */
interface LineFile<A> extends Lines<A> {
  /** Writes one line, whole or not at all as far as an interruption goes; one caller at a time. */
  readonly append: (value: A) => Effect.Effect<void, PlatformError>
}

/**
 * Opens a file of lines, which need not exist. A line that does not hold a value of the schema (cut
 * off, or edited) is counted and passed over; the next line does not run on from a torn one.
 */
export const openLineFile = Effect.fnUntraced(function* <A, I>(
  file: string,
  schema: Schema.Codec<A, I>
) {
  const fs = yield* FileSystem.FileSystem
  const text = (yield* fs.exists(file)) ? yield* fs.readFileString(file) : ""
  const json = Schema.fromJsonString(schema)
  const decode = Schema.decodeUnknownOption(json)
  const encode = Schema.encodeSync(json)
  const lines = text.split("\n").filter((line) => line.trim() !== "")
  const values = lines.flatMap((line) => Option.toArray(decode(line)))
  let isTorn = text !== "" && !text.endsWith("\n")
  const turn = yield* Semaphore.make(1)
  const append = (value: A) =>
    Effect.suspend(() => {
      const line = `${isTorn ? "\n" : ""}${encode(value)}\n`
      // until the write is known to be whole
      isTorn = true
      return fs.writeFileString(file, line, { flag: "a" })
    }).pipe(
      Effect.tap(() =>
        Effect.sync(() => {
          isTorn = false
        })
      ),
      Effect.uninterruptible,
      (write) => turn.withPermit(write)
    )
  return { values, damaged: lines.length - values.length, append } satisfies LineFile<A>
})
