/** Finds and runs the configuration file. */
import { registerHooks } from "node:module"
import { pathToFileURL } from "node:url"

import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as Predicate from "effect/Predicate"

import { ConfigError } from "./ConfigError.ts"
import type { ConfigLayers } from "./SmlConfig.ts"
import { checkConfig } from "./SmlConfig.ts"
import type { PartialTrainOptions } from "./TrainOptions.ts"

/** The name that is looked for in the working folder when no file is named. */
export const defaultConfigName = "sml.config.ts"

/** What a configuration file gives; empty where there is none. */
export interface LoadedConfig {
  readonly file?: string
  /** As it was named. */
  readonly shown: string
  readonly options: PartialTrainOptions
  readonly layers: ConfigLayers
}

/**
 * Lets a configuration anywhere import `effect` and the packages of the house: what cannot be found
 * from the file itself is looked for from here. Gives the function that ends it.
 */
const resolveFromHere = (): (() => void) => {
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      try {
        return next(specifier, context)
      } catch (error) {
        if (/^(?:\.|\/|file:|node:)/.test(specifier)) throw error
        return next(specifier, { ...context, parentURL: import.meta.url })
      }
    }
  })
  return () => hooks.deregister()
}

const importDefault = (file: string, shown: string) =>
  Effect.acquireUseRelease(
    Effect.sync(resolveFromHere),
    () =>
      Effect.tryPromise({
        try: async (): Promise<unknown> => {
          const module: unknown = await import(pathToFileURL(file).href)
          return Predicate.hasProperty(module, "default") ? module.default : undefined
        },
        catch: (cause) => {
          const message = Predicate.isError(cause) ? cause.message : String(cause)
          return new ConfigError({ reason: `${shown}: it cannot be run (${message}); correct it` })
        }
      }),
    (release) => Effect.sync(release)
  )

/**
 * Reads the configuration file: the named one, or `sml.config.ts` of the working folder if there is
 * one. Fails with one sentence when it is named and absent, cannot be run, or holds something unknown.
 */
export const loadConfig = Effect.fn("trainer.loadConfig")(function* (named: string | undefined) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const shown = named ?? defaultConfigName
  const file = path.resolve(shown)
  const exists = yield* fs.exists(file).pipe(Effect.orElseSucceed(() => false))
  if (!exists) {
    if (named === undefined) return { shown, options: {}, layers: {} } satisfies LoadedConfig
    return yield* new ConfigError({
      reason: `${shown}: there is no such file; give --config the path of a configuration`
    })
  }
  const exported = yield* importDefault(file, shown)
  const { layers, options } = yield* checkConfig(shown, exported)
  return { file, shown, options, layers } satisfies LoadedConfig
})
