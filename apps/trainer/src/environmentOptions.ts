/** Settings in variables of the environment: `SML_TRAIN_LEARNING_RATE=1e-3`. */
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import { ConfigError } from "./ConfigError.ts"
import { loraFields } from "./LoraOptions.ts"
import { nearestName } from "./nearestName.ts"
import { variableOf, variablePrefix } from "./OptionOrigin.ts"
import { optionFields } from "./TrainOptions.ts"

type Fields = Readonly<Record<string, Schema.Constraint>>

const { lora: _, ...ownFields } = optionFields

/** Every setting by its variable. */
const ownVariables = new Map(Object.keys(ownFields).map((key) => [variableOf(key), key]))
const loraVariables = new Map(
  Object.keys(loraFields).map((key) => [variableOf(`lora.${key}`), key])
)

/** The names of all variables that begin with the path. */
const variablesBelow = (
  provider: ConfigProvider.ConfigProvider,
  path: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<string>, ConfigProvider.SourceError> =>
  Effect.gen(function* () {
    const node = yield* provider.load(path)
    if (node === undefined) return []
    const own = node.value === undefined ? [] : [path.join("_")]
    // a name that is all digits makes its parent an array
    const keys =
      node._tag === "Record"
        ? [...node.keys]
        : node._tag === "Array"
          ? Array.from({ length: node.length }, (_one, index) => `${index}`)
          : []
    const below = yield* Effect.forEach(keys, (key) => variablesBelow(provider, [...path, key]))
    return [...own, ...below.flat()]
  })

/** The text as a value of the field: what is no text there is a number or yes or no. */
const valueOf = (schema: Schema.Constraint | undefined, text: string): unknown => {
  if (schema !== undefined && Schema.is(Schema.toType<Schema.Constraint>(schema))(text)) return text
  if (text === "true" || text === "false") return text === "true"
  const number = Number(text)
  return text.trim() === "" || Number.isNaN(number) ? text : number
}

const listOf = (text: string): ReadonlyArray<string> => text.split(",").map((one) => one.trim())

/** The settings of the environment, those of the adapter apart. */
export interface EnvironmentOptions {
  readonly own: Readonly<Record<string, unknown>>
  readonly lora: Readonly<Record<string, unknown>>
}

/** Reads them as they are; a variable of that prefix that is no setting is an error. */
export const environmentOptions = Effect.fn("trainer.environmentOptions")(function* () {
  const provider = yield* ConfigProvider.ConfigProvider
  const names = yield* variablesBelow(provider, variablePrefix.split("_").slice(0, 2)).pipe(
    Effect.mapError((error) => new ConfigError({ reason: error.message }))
  )
  const own: Record<string, unknown> = {}
  const lora: Record<string, unknown> = {}
  for (const name of names) {
    const node = yield* provider
      .load([name])
      .pipe(Effect.mapError((error) => new ConfigError({ reason: error.message })))
    const text = node?.value ?? ""
    const ownKey = ownVariables.get(name)
    const loraKey = loraVariables.get(name)
    if (ownKey !== undefined) {
      const fields: Fields = ownFields
      own[ownKey] = valueOf(fields[ownKey], text)
    } else if (loraKey !== undefined) {
      lora[loraKey] = loraKey === "targets" ? listOf(text) : valueOf(undefined, text)
    } else {
      const all = [...ownVariables.keys(), ...loraVariables.keys()]
      const nearest = nearestName(name, all)
      const advice =
        nearest === undefined ? `"sml config" lists the settings` : `did you mean ${nearest}?`
      return yield* new ConfigError({ reason: `${name} is not a known variable; ${advice}` })
    }
  }
  return { own, lora } satisfies EnvironmentOptions
})
