/** Settings from the defaults, the environment, the configuration file and the command line, the last winning. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

import { completeObjective } from "./completeObjective.ts"
import { decodeOptionValues } from "./decodeOptionValues.ts"
import { environmentOptions } from "./environmentOptions.ts"
import { ineffectiveOption } from "./ineffectiveOption.ts"
import { loadConfig } from "./loadConfig.ts"
import { loraFields } from "./LoraOptions.ts"
import { flagOf, type OptionOrigin, variableOf } from "./OptionOrigin.ts"
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
  /** Where each setting comes from that is not a default. */
  readonly origins: ReadonlyMap<string, OptionOrigin>
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

/** The origin of every setting that is given; of those of the adapter as `lora.rank`. */
const originsOf = (
  values: { readonly own: object; readonly lora: object },
  origin: (key: string) => OptionOrigin
): ReadonlyArray<readonly [string, OptionOrigin]> => [
  ...Object.keys(values.own).map((key) => [key, origin(key)] as const),
  ...Object.keys(values.lora).flatMap((key) => [
    [`lora.${key}`, origin(`lora.${key}`)] as const,
    // the adapter as a whole is there because of one of its settings
    ["lora", origin(`lora.${key}`)] as const
  ])
]

/** Reads the environment and the configuration file and puts the flags over them. */
export const resolveOptions = Effect.fn("trainer.resolveOptions")(function* (
  config: Option.Option<string>,
  flags: GivenFlags
) {
  const given = splitFlags(flags)
  const fromFlags = yield* decodeOptionValues(given.own, flagOf)
  const environment = yield* environmentOptions()
  const fromEnvironment = yield* decodeOptionValues(environment.own, variableOf)
  const loaded = yield* loadConfig(Option.getOrUndefined(config))
  const ofFile: PartialTrainOptions = loaded.options
  const { lora: loraOfFile, ...fromFile } = ofFile
  // an adapter of the file needs no rank of the environment
  const loraBelow = yield* resolveLora({ ...environment.lora, ...loraOfFile }, undefined, (key) =>
    variableOf(`lora.${key}`)
  )
  const lora = yield* resolveLora(given.lora, loraBelow)
  const options: TrainOptions = {
    ...defaultTrainOptions,
    ...fromEnvironment,
    ...fromFile,
    ...fromFlags,
    ...(lora !== undefined && { lora })
  }
  const origins = new Map([
    ...originsOf(environment, (key) => ({ _tag: "Environment", variable: variableOf(key) })),
    ...originsOf({ own: fromFile, lora: loraOfFile ?? {} }, (key) => ({
      _tag: "File",
      file: loaded.shown,
      key
    })),
    ...originsOf(given, (key) => ({ _tag: "Flag", flag: flagOf(key) }))
  ])
  return {
    options: completeObjective(options),
    layers: loaded.layers,
    configFile: loaded.file,
    origins
  } satisfies ResolvedOptions
})

/** {@link resolveOptions} for training: a setting that would be ignored is an error. */
export const resolveTraining = Effect.fn("trainer.resolveTraining")(function* (
  config: Option.Option<string>,
  flags: GivenFlags
) {
  const resolved = yield* resolveOptions(config, flags)
  const fault = ineffectiveOption(resolved.options, resolved.layers, resolved.origins)
  if (fault !== undefined) return yield* fault
  return resolved
})
