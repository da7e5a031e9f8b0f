/** Files and folders that appear complete or not at all. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"

import { makeFolders } from "../makeFolders.ts"
import { fromPlatformError } from "../RunStoreError.ts"
import type { RunStoreError } from "../RunStoreError.ts"

/** The hidden sibling in which `target` is prepared. */
const partialOf = (path: Path.Path, target: string): string =>
  path.join(path.dirname(target), `.${path.basename(target)}.partial`)

/** Hands a file's bytes to the disk, so that the rename after it cannot overtake them. */
const sync = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const open = yield* fs.open(file, { flag: "r+" })
  yield* open.sync
}, Effect.scoped)

/** Hands a folder's names to the disk. Systems that open no folders keep them by themselves. */
const syncFolder = (directory: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const open = yield* fs.open(directory, { flag: "r" })
    yield* open.sync
  }).pipe(Effect.scoped, process.platform === "win32" ? Effect.ignore : (effect) => effect)

const syncAll = Effect.fnUntraced(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  for (const name of yield* fs.readDirectory(directory, { recursive: true })) {
    const entry = path.join(directory, name)
    if ((yield* fs.stat(entry)).type === "File") yield* sync(entry)
    else yield* syncFolder(entry)
  }
  yield* syncFolder(directory)
})

/** Removes a folder under another name: a crash leaves no half of it under its own. */
export const removeDirectory = Effect.fnUntraced(function* (target: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const old = `${partialOf(path, target)}.old`
  yield* discard(old)
  yield* fs.rename(target, old)
  yield* discard(old)
}, Effect.uninterruptible)

/** Removes what a crash left of the writing of folders and files in `directory`. */
export const removePartials = Effect.fnUntraced(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  if (!(yield* fs.exists(directory))) return
  for (const name of yield* fs.readDirectory(directory)) {
    if (/^\..*\.partial(?:\.old)?$/.test(name)) yield* discard(path.join(directory, name))
  }
})

const discard = Effect.fnUntraced(function* (target: string) {
  const fs = yield* FileSystem.FileSystem
  yield* fs.remove(target, { recursive: true, force: true })
})

/**
 * Lets `write` fill an empty folder and then gives it the name `target`, replacing what was there. A
 * failure or an interruption leaves `target` as it was.
 */
export const writeDirectory = <E, R>(
  target: string,
  write: (directory: string) => Effect.Effect<void, E, R>
): Effect.Effect<void, E | RunStoreError, R | FileSystem.FileSystem | Path.Path> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const partial = partialOf(path, target)
      const explain = Effect.mapError(fromPlatformError("write a folder", target))
      yield* discard(partial).pipe(explain)
      yield* makeFolders(partial).pipe(explain)
      const filled = restore(write(partial)).pipe(
        Effect.andThen(syncAll(partial).pipe(explain)),
        Effect.andThen(
          Effect.gen(function* () {
            // a rename cannot replace a folder that holds files
            const old = `${partial}.old`
            const replaces = yield* fs.exists(target)
            if (replaces) yield* fs.rename(target, old)
            yield* fs.rename(partial, target)
            yield* syncFolder(path.dirname(target))
            if (replaces) yield* discard(old)
          }).pipe(explain)
        )
      )
      yield* filled.pipe(Effect.onError(() => Effect.ignore(discard(partial))))
    })
  )

/** Writes a text file under another name and moves it to `target`. */
export const writeText = Effect.fnUntraced(function* (target: string, text: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const partial = partialOf(path, target)
  yield* fs.writeFileString(partial, text).pipe(
    Effect.andThen(sync(partial)),
    Effect.andThen(fs.rename(partial, target)),
    Effect.andThen(syncFolder(path.dirname(target))),
    Effect.onError(() => Effect.ignore(discard(partial))),
    Effect.mapError(fromPlatformError("write a file", target))
  )
}, Effect.uninterruptible)
