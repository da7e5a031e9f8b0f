/** Making a folder together with those above it. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"

/**
 * Makes the folder and, where they are missing, those above it. Step by step: Node's own recursive
 * mkdir never ends in a place such as /proc, where a folder cannot be made in one that is there.
 * Fails with the `PlatformError` of the first folder that could not be made; `fromPlatformError` makes
 * a sentence of it.
 */
export const makeFolders = Effect.fnUntraced(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const missing: Array<string> = []
  let folder = path.resolve(directory)
  // the root is there, whatever a file system says
  while (path.dirname(folder) !== folder && !(yield* fs.exists(folder))) {
    missing.push(folder)
    folder = path.dirname(folder)
  }
  for (const each of missing.toReversed()) {
    yield* fs.makeDirectory(each).pipe(
      // another process may have made it meanwhile
      Effect.catchIf(
        (error) => error.reason._tag === "AlreadyExists",
        () => Effect.void
      )
    )
  }
})
