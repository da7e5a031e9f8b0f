/** Appending whole lines to a file that a crash may have torn. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Semaphore from "effect/Semaphore"

import { fromPlatformError } from "../RunStoreError.ts"

const newline = "\n".charCodeAt(0)

const endsTorn = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  if (!(yield* fs.exists(file))) return false
  const { size, type } = yield* fs.stat(file)
  if (type !== "File" || size === 0n) return false
  const open = yield* fs.open(file, { flag: "r" })
  yield* open.seek(size - 1n, "start")
  const last = new Uint8Array(1)
  yield* open.read(last)
  return last[0] !== newline
}, Effect.scoped)

/**
 * A function that appends text (whole lines) to `file`, one caller at a time, never cut short by an
 * interruption. A half line left by an earlier crash is closed first, so that it stays alone.
 */
export const makeAppender = Effect.fnUntraced(function* (file: string, action: string) {
  const fs = yield* FileSystem.FileSystem
  const explain = Effect.mapError(fromPlatformError(action, file))
  let torn = yield* endsTorn(file).pipe(explain)
  const turn = yield* Semaphore.make(1)
  return (text: string) =>
    Effect.suspend(() => fs.writeFileString(file, torn ? `\n${text}` : text, { flag: "a" })).pipe(
      Effect.tap(() =>
        Effect.sync(() => {
          torn = false
        })
      ),
      // part of the text may have reached the file
      Effect.tapError(() =>
        Effect.sync(() => {
          torn = true
        })
      ),
      explain,
      Effect.uninterruptible,
      (append) => turn.withPermit(append)
    )
})
