/** Settings from the defaults, the configuration file and the command line, the last one winning. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

import { decodeOptionValues } from "./decodeOptionValues.ts"
import { flagName } from "./flagName.ts"
import { loadConfig } from "./loadConfig.ts"
import { loraFields } from "./LoraOptions.ts"
import { resolveLora } from "./resolveLora.ts"
import type { ConfigLayers } from "./SmlConfig.ts"
import type { PartialTrainOptions, TrainOptions } from "./TrainOptions.ts"
import { defaultTrainOptions } from "./TrainOptions.ts"

/** Flags as the command line gives them, by option. */
export type GivenFlags = Readonly<Record<string, Option.Option<unknown>>>

/** Complete settings, and the layers of the configuration file. */
export interface ResolvedOptions {
  readonly options: TrainOptions
  readonly layers: ConfigLayers
  readonly configFile: string | undefined
}

/** The flag of each setting of the adapter. */
const loraKeys = new Map(
  Object.keys(loraFields).map((key) => [`lora${key[0]?.toUpperCase()}${key.slice(1)}`, key])
)

/** The flags that are given, and apart from them those of the adapter, by setting. */
export const splitFlags = (flags: GivenFlags) => {
  const given = Object.entries(flags).flatMap(([key, value]) =>
    Option.isSome(value) ? [[key, value.value] as const] : []
  )
  return {
    own: Object.fromEntries(given.filter(([key]) => !loraKeys.has(key))),
    lora: Object.fromEntries(
      given.flatMap(([key, value]) => {
        const setting = loraKeys.get(key)
        return setting === undefined ? [] : [[setting, value] as const]
      })
    )
  }
}

/** Reads the configuration file and puts the flags over it. */
export const resolveOptions = Effect.fn("trainer.resolveOptions")(function* (
  config: Option.Option<string>,
  flags: GivenFlags
) {
  const { lora: ofLora, own } = splitFlags(flags)
  const fromFlags = yield* decodeOptionValues(own, (key) => `--${flagName(key)}`)
  const loaded = yield* loadConfig(Option.getOrUndefined(config))
  const fromFile: PartialTrainOptions = loaded.options
  const lora = yield* resolveLora(ofLora, fromFile.lora)
  return {
    options: {
      ...defaultTrainOptions,
      ...fromFile,
      ...fromFlags,
      ...(lora !== undefined && { lora })
    },
    layers: loaded.layers,
    configFile: loaded.file
  } satisfies ResolvedOptions
})
