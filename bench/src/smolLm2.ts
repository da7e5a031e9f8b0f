/** Where the weights of SmolLM2-135M-Instruct lie on this machine, if they do. */
import { homedir } from "node:os"

import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"

import { BenchError } from "./BenchError.ts"

/**
 * The first GGUF file below `SML_WEIGHTS_CACHE`, or `~/.cache/sml-weights` unless that is set; fails
 * with a sentence when there is none.
 */
export const smolLm2File = Effect.fn("bench.smolLm2File")(function* () {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const folder = process.env["SML_WEIGHTS_CACHE"] ?? path.join(homedir(), ".cache", "sml-weights")
  const none = new BenchError({
    reason: `skipped: no GGUF file of SmolLM2-135M below ${folder}; put one there, or name its folder in SML_WEIGHTS_CACHE`
  })
  const names = yield* Effect.mapError(fs.readDirectory(folder, { recursive: true }), () => none)
  const found = names.find((name) => name.endsWith(".gguf"))
  if (found === undefined) return yield* none
  return path.join(folder, found)
})
