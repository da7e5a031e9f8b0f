/** What identifies a checkpoint. */
import { createHash } from "node:crypto"

import { fromPlatformError } from "@sml/run-store"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"

/** SHA-256 of a folder's `model.safetensors`, in hexadecimal. */
export const weightsHash = Effect.fn("trainer.weightsHash")(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = path.join(directory, "model.safetensors")
  const bytes = yield* fs
    .readFile(file)
    .pipe(Effect.mapError(fromPlatformError("read the weights", file)))
  return createHash("sha256").update(bytes).digest("hex")
})
