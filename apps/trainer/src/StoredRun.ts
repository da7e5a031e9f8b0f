/** What a run folder says of how the run was started: its `config.json`. */
import { createHash } from "node:crypto"

import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"

import { ConfigError } from "./ConfigError.ts"
import { objectiveFields } from "./ObjectiveOptions.ts"
import { TrainOptions } from "./TrainOptions.ts"
import { version } from "./version.ts"

/**
 * What decides the bits of a run besides its settings: the engine's threads where the settings leave
 * them open, the version, and the configuration file with a hash of its bytes.
 */
export const RunStart = Schema.Struct({
  threads: Schema.Int,
  version: Schema.String,
  configFile: Schema.optionalKey(Schema.String),
  configHash: Schema.optionalKey(Schema.String)
})
export type RunStart = typeof RunStart.Type

/** The settings, and {@link RunStart}. */
export const StoredRun = TrainOptions.mapFields(
  Struct.assign({
    // a run of a version that had none of them was run with their defaults
    ...Schema.Struct(objectiveFields).mapFields(Struct.map(Schema.optionalKey)).fields,
    start: RunStart
  })
)
export type StoredRun = typeof StoredRun.Type

/** SHA-256 of a configuration file. */
export const configHashOf = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const bytes = yield* fs
    .readFile(file)
    .pipe(
      Effect.mapError(
        (error) => new ConfigError({ reason: `${file}: it cannot be read (${error.message})` })
      )
    )
  return createHash("sha256").update(bytes).digest("hex")
})

/** How a run starts here and now. */
export const startOf = Effect.fnUntraced(function* (
  threads: number,
  configFile: string | undefined
) {
  return {
    threads,
    version,
    ...(configFile !== undefined && { configFile, configHash: yield* configHashOf(configFile) })
  } satisfies RunStart
})
