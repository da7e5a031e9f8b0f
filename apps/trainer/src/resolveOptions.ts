/** Settings from the defaults, the configuration file and the command line, the last one winning. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

import { decodeOptionValues } from "./decodeOptionValues.ts"
import { flagName } from "./flagName.ts"
import { loadConfig } from "./loadConfig.ts"
import type { ConfigLayers } from "./SmlConfig.ts"
import type { TrainOptions } from "./TrainOptions.ts"
import { defaultTrainOptions } from "./TrainOptions.ts"

/** Flags as the command line gives them, by option. */
export type GivenFlags = Readonly<Record<string, Option.Option<unknown>>>

/** Complete settings, and the layers of the configuration file. */
export interface ResolvedOptions {
  readonly options: TrainOptions
  readonly layers: ConfigLayers
  readonly configFile: string | undefined
}

/** Reads the configuration file and puts the flags over it. */
export const resolveOptions = Effect.fn("trainer.resolveOptions")(function* (
  config: Option.Option<string>,
  flags: GivenFlags
) {
  const given = Object.fromEntries(
    Object.entries(flags).flatMap(([key, value]) =>
      Option.isSome(value) ? [[key, value.value] as const] : []
    )
  )
  const fromFlags = yield* decodeOptionValues(given, (key) => `--${flagName(key)}`)
  const loaded = yield* loadConfig(Option.getOrUndefined(config))
  return {
    options: { ...defaultTrainOptions, ...loaded.options, ...fromFlags },
    layers: loaded.layers,
    configFile: loaded.file
  } satisfies ResolvedOptions
})
