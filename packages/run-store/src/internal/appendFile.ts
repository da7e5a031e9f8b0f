/** Appending whole lines to a file that a crash may have torn. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Semaphore from "effect/Semaphore"

import { damaged, fromPlatformError } from "../RunStoreError.ts"
import type { RunStoreError } from "../RunStoreError.ts"

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

/** A file of whole lines, open for appending and for being cut back. */
interface LineFile {
  /** Appends text, one caller at a time, never cut short by an interruption. */
  readonly append: (text: string) => Effect.Effect<void, RunStoreError, FileSystem.FileSystem>
  /** Hands what was appended to the disk; its length in bytes. */
  readonly settle: Effect.Effect<number, RunStoreError, FileSystem.FileSystem>
  /** Forgets what lies behind so many bytes; fails where there are fewer. */
  readonly cut: (length: number) => Effect.Effect<void, RunStoreError, FileSystem.FileSystem>
}

const sizeOf = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  return (yield* fs.exists(file)) ? Number((yield* fs.stat(file)).size) : 0
})

/**
 * The lines of `file`. A half line left by an earlier crash is closed before the first append, so that
 * it stays alone. `action` is for the sentences of failures.
 */
export const makeLineFile = Effect.fnUntraced(function* (file: string, action: string) {
  const explain = Effect.mapError(fromPlatformError(action, file))
  let torn = yield* endsTorn(file).pipe(explain)
  const turn = yield* Semaphore.make(1)
  const append = (text: string) =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      yield* fs.writeFileString(file, torn ? `\n${text}` : text, { flag: "a" })
      torn = false
    }).pipe(
      // part of the text may have reached the file
      Effect.tapError(() =>
        Effect.sync(() => {
          torn = true
        })
      ),
      explain,
      Effect.uninterruptible,
      (effect) => turn.withPermit(effect)
    )
  const settle = Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const size = yield* sizeOf(file)
    if (size === 0) return 0
    const open = yield* fs.open(file, { flag: "r+" })
    yield* open.sync
    return size
  }).pipe(Effect.scoped, explain, (effect) => turn.withPermit(effect))
  const cut = (length: number) =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const size = yield* sizeOf(file).pipe(explain)
      if (size < length) {
        yield* damaged(file, `it has ${size} bytes of the ${length} that were written`)
      }
      if (size > length) yield* fs.truncate(file, length).pipe(explain)
      torn = yield* endsTorn(file).pipe(explain)
    }).pipe(Effect.uninterruptible, (effect) => turn.withPermit(effect))
  return { append, settle, cut } satisfies LineFile
})
