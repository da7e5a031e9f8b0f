/** `sml.config.ts`: settings, and the services to use instead of the built-in ones. */
import type { Student, Teacher, Verifier } from "@sml/env-pomdp"
import type { Learner, Sampler } from "@sml/policy"
import type { RunStore } from "@sml/run-store"
import type { TaskSource } from "@sml/tasks"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import type * as Path from "effect/Path"
import * as Predicate from "effect/Predicate"

import { ConfigError } from "./ConfigError.ts"
import { decodeOptionValues } from "./decodeOptionValues.ts"
import { nearestName } from "./nearestName.ts"
import { checkLora } from "./resolveLora.ts"
import type { PartialTrainOptions as PartialOptions } from "./TrainOptions.ts"
import { optionFields } from "./TrainOptions.ts"

/** What every layer of a configuration may use. */
export type Platform = FileSystem.FileSystem | Path.Path

/**
 * Replacements, each a layer of one port. A failure of a layer ends the command with its message.
 *
 * - `policy`: the engine (sampling and learning); `student`: what speaks, on top of the engine;
 * - `teacher`: in training and in the evaluation with informative feedback (the content-free controls
 *   keep their own); `verifier`; `tasks`; `runStore`.
 */
export interface ConfigLayers {
  readonly policy?: Layer.Layer<Sampler | Learner, unknown, Platform>
  readonly student?: Layer.Layer<Student, unknown, Sampler | Platform>
  readonly teacher?: Layer.Layer<Teacher, unknown, Platform>
  readonly verifier?: Layer.Layer<Verifier, unknown, Platform>
  readonly tasks?: Layer.Layer<TaskSource, unknown, Platform>
  readonly runStore?: Layer.Layer<RunStore, unknown, Platform>
}

/** Any of the options of `sml train`, and `layers`. */
export interface SmlConfig extends PartialOptions {
  readonly layers?: ConfigLayers
}

/**
 * Gives a configuration its type; the default export of `sml.config.ts`.
 *
 * @example
 * ```ts no-run
 * import { NanoTeacher } from "@sml/teacher-verifiers/nano"
 * import { defineConfig } from "@sml/trainer"
 *
 * export default defineConfig({
 *   steps: 150,
 *   layers: { teacher: NanoTeacher.layer({ level: "reticent" }) }
 * })
 * ```
 */
export const defineConfig = (config: SmlConfig): SmlConfig => config

const layerNames = ["policy", "student", "teacher", "verifier", "tasks", "runStore"] as const
const layerNameSet: ReadonlySet<string> = new Set(layerNames)

const optionNames = Object.keys(optionFields)

const listed = (names: ReadonlyArray<string>): string => names.join(", ")

const unknownKey = (file: string, where: string, key: string, names: ReadonlyArray<string>) => {
  const nearest = nearestName(key, names)
  const advice =
    nearest === undefined ? `use one of ${listed(names)}` : `did you mean "${nearest}"?`
  return new ConfigError({ reason: `${file}: "${where}${key}" is not a known key; ${advice}` })
}

const isLayers = (value: object): value is ConfigLayers =>
  Object.entries(value).every(
    ([key, layer]) => layerNameSet.has(key) && (layer === undefined || Layer.isLayer(layer))
  )

const checkLayers = Effect.fnUntraced(function* (file: string, layers: unknown) {
  if (!Predicate.isObject(layers)) {
    return yield* new ConfigError({
      reason: `${file}: "layers" must be an object with some of ${listed(layerNames)}`
    })
  }
  for (const [key, layer] of Object.entries(layers)) {
    if (!layerNameSet.has(key)) return yield* unknownKey(file, "layers.", key, layerNames)
    if (layer !== undefined && !Layer.isLayer(layer)) {
      return yield* new ConfigError({
        reason: `${file}: "layers.${key}" must be a Layer of effect, such as Layer.succeed(Port, service)`
      })
    }
  }
  if (!isLayers(layers)) {
    return yield* new ConfigError({ reason: `${file}: "layers" cannot be read` })
  }
  return layers
})

/**
 * Checks what a configuration file exports: every key known, every value in range, every layer a
 * layer. `file` begins the sentence of the error.
 */
export const checkConfig = Effect.fn("trainer.checkConfig")(function* (
  file: string,
  exported: unknown
) {
  if (!Predicate.isObject(exported)) {
    return yield* new ConfigError({
      reason: `${file}: it has no default export to read; write "export default defineConfig({ … })"`
    })
  }
  const { layers, ...given } = exported
  const options = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined)
  )
  for (const key of Object.keys(options)) {
    if (!Object.hasOwn(optionFields, key)) {
      return yield* unknownKey(file, "", key, [...optionNames, "layers"])
    }
  }
  return {
    options: yield* decodeOptionValues(
      options["lora"] === undefined
        ? options
        : { ...options, lora: yield* checkLora(file, options["lora"]) },
      (key) => `${file}: "${key}"`
    ),
    layers: layers === undefined ? {} : yield* checkLayers(file, layers)
  }
})
