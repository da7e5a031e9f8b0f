/** The settings of a run that goes on: those that it was started with. */
import { RunStore } from "@sml/run-store"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"

import { completeObjective } from "./completeObjective.ts"
import { ConfigError } from "./ConfigError.ts"
import { decodeOptionValues } from "./decodeOptionValues.ts"
import { flagName } from "./flagName.ts"
import { loadConfig } from "./loadConfig.ts"
import { loraFields } from "./LoraOptions.ts"
import { objectiveDefaults } from "./ObjectiveOptions.ts"
import type { GivenFlags } from "./resolveOptions.ts"
import { splitFlags } from "./resolveOptions.ts"
import type { ConfigLayers } from "./SmlConfig.ts"
import { configHashOf, type RunStart, StoredRun } from "./StoredRun.ts"
import type { TrainOptions } from "./TrainOptions.ts"
import { version } from "./version.ts"

/** A run that goes on. */
export interface ResumedOptions {
  readonly directory: string
  readonly options: TrainOptions
  readonly start: RunStart
  readonly layers: ConfigLayers
  /** What has changed since the run was started, as sentences. */
  readonly warnings: ReadonlyArray<string>
}

const same = (left: unknown, right: unknown): boolean =>
  JSON.stringify(left) === JSON.stringify(right)

const shown = (value: unknown): string =>
  value === undefined ? "its default" : typeof value === "string" ? value : JSON.stringify(value)

/** Flags that say something else than the run was started with, as `--steps 30 (it has 20)`. */
const contradictions = Effect.fnUntraced(function* (flags: GivenFlags, stored: StoredRun) {
  const { lora, own } = splitFlags(flags)
  const found: Array<string> = []
  const compare = (name: string, given: unknown, had: unknown) => {
    if (!same(given, had)) found.push(`--${name} ${shown(given)} (it has ${shown(had)})`)
  }
  // where results are written as well is no part of the run
  const { checkpoint, json, ...decoded } = yield* decodeOptionValues(
    own,
    (key) => `--${flagName(key)}`
  )
  if (checkpoint !== undefined) {
    const path = yield* Path.Path
    compare("checkpoint", path.resolve(checkpoint), stored.checkpoint)
  }
  for (const [key, value] of Object.entries(decoded)) {
    compare(flagName(key), value, Object.entries(stored).find(([name]) => name === key)?.[1])
  }
  for (const key of Object.keys(loraFields)) {
    if (!Object.hasOwn(lora, key)) continue
    const had: unknown = Object.entries(stored.lora ?? {}).find(([name]) => name === key)?.[1]
    const given = lora[key]
    compare(`lora-${key}`, given, key === "targets" && Array.isArray(had) ? had.join(",") : had)
  }
  return { found, json }
})

const readStored = Effect.fnUntraced(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const there = (name: string) =>
    fs.exists(path.join(directory, name)).pipe(Effect.orElseSucceed(() => false))
  if (!(yield* there("."))) {
    return yield* new ConfigError({
      reason: `--resume ${directory}: there is no such folder; give the folder of a run, which sml train has printed`
    })
  }
  if (!(yield* there("config.json"))) {
    const early = yield* there(".command.json")
    return yield* new ConfigError({
      reason: early
        ? `--resume ${directory}: the run was stopped before its configuration was stored; without any other flag --resume starts it again`
        : `--resume ${directory}: no run is stored there, or it was stopped before anything was; start it with sml train --out ${directory}`
    })
  }
  const run = yield* (yield* RunStore).open(directory)
  return yield* run.readConfig(StoredRun).pipe(
    Effect.mapError(
      (error) =>
        new ConfigError({
          reason: `--resume ${directory}: its config.json is not that of a training run that can be resumed (${error.message.replaceAll(/\s+/g, " ")})`
        })
    )
  )
})

/**
 * Reads how the run in `directory` was started. Flags may repeat that and must not contradict it; only
 * `--json` may be another one.
 */
export const resumeOptions = Effect.fn("trainer.resumeOptions")(function* (
  directory: string,
  config: Option.Option<string>,
  flags: GivenFlags
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { start, ...read } = yield* readStored(directory)
  const stored = completeObjective({ ...objectiveDefaults, ...read })
  const { found, json } = yield* contradictions(flags, { ...stored, start })
  const { configFile } = start
  if (Option.isSome(config) && path.resolve(config.value) !== configFile) {
    found.push(`--config ${config.value} (it has ${configFile ?? "none"})`)
  }
  if (found.length > 0) {
    return yield* new ConfigError({
      reason: `--resume ${directory} contradicts how the run was started: ${found.join(", ")}; leave that out, or start a new run with --out`
    })
  }
  const warnings: Array<string> = []
  if (start.version !== version) {
    warnings.push(
      `the run was started by sml ${start.version} and goes on with ${version}: its bits may differ from those of a run by one version`
    )
  }
  const loaded = configFile === undefined ? { layers: {} } : yield* loadConfig(configFile)
  if (configFile !== undefined && start.configHash !== (yield* configHashOf(configFile))) {
    warnings.push(
      `${configFile} has changed since the run was started: its layers are used as they are now, its settings as they were`
    )
  }
  const options = { ...stored, ...(json !== undefined && { json }) }
  const { checkpoint } = options
  if (
    checkpoint !== undefined &&
    !(yield* fs.exists(checkpoint).pipe(Effect.orElseSucceed(() => false)))
  ) {
    return yield* new ConfigError({
      reason: `--resume ${directory}: the student that the run was started from, ${checkpoint}, is not there any more; put it back`
    })
  }
  return { directory, options, start, layers: loaded.layers, warnings } satisfies ResumedOptions
})
