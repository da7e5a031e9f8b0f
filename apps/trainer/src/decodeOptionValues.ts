/** Checks the values of options, wherever they come from. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import { ConfigError } from "./ConfigError.ts"
import { optionFields, PartialTrainOptions } from "./TrainOptions.ts"

type Values = Readonly<Record<string, unknown>>

type Fields = Readonly<Record<string, Schema.Constraint>>

/** A sentence for the first value that does not fit its field, if there is one. */
export const valueFault = (
  fields: Fields,
  values: Values,
  named: (key: string) => string
): ConfigError | undefined => {
  for (const [key, schema] of Object.entries(fields)) {
    if (!Object.hasOwn(values, key)) continue
    const value = values[key]
    const result = Schema.decodeUnknownResult(Schema.toType<Schema.Constraint>(schema))(value)
    if (Result.isFailure(result)) {
      const expected = result.failure.message.replace(/^Expected/, "expected")
      return new ConfigError({ reason: `${named(key)} is ${JSON.stringify(value)}; ${expected}` })
    }
  }
  return undefined
}

/** The values as options; `named` writes a key the way the user did (in a file, on a command line). */
export const decodeOptionValues = Effect.fnUntraced(function* (
  values: Values,
  named: (key: string) => string
) {
  const fault = valueFault(optionFields, values, named)
  if (fault !== undefined) return yield* fault
  return yield* Schema.decodeUnknownEffect(PartialTrainOptions)(values).pipe(
    Effect.mapError((error) => new ConfigError({ reason: error.message }))
  )
})
