/** The file that `--json` names. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"

import { ConfigError } from "./ConfigError.ts"

const refused = (file: string, detail: string) =>
  new ConfigError({ reason: `--json ${file}: ${detail}` })

/** Fails early, before minutes of work, when the file could not be written in the end. */
export const checkResultsFile = Effect.fn("trainer.checkResultsFile")(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const folder = path.dirname(path.resolve(file))
  const info = yield* fs
    .stat(folder)
    .pipe(
      Effect.mapError(() =>
        refused(file, `there is no folder ${folder}; make it or choose another`)
      )
    )
  if (info.type !== "Directory") {
    return yield* refused(file, `${folder} is not a folder; choose another`)
  }
  yield* fs
    .access(folder, { writable: true })
    .pipe(Effect.mapError(() => refused(file, `the folder ${folder} is read-only; choose another`)))
  return path.resolve(file)
})

/** Writes the results beside their place and moves them there. */
export const writeResultsFile = Effect.fn("trainer.writeResultsFile")(function* (
  file: string,
  results: unknown
) {
  const fs = yield* FileSystem.FileSystem
  const partial = `${file}.partial`
  yield* fs.writeFileString(partial, `${JSON.stringify(results, null, 2)}\n`).pipe(
    Effect.andThen(fs.rename(partial, file)),
    Effect.mapError((error) => refused(file, `it cannot be written (${error.message})`))
  )
})
