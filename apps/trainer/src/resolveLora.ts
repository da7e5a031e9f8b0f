/** The settings of a low-rank adapter, wherever they come from. */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"

import { ConfigError } from "./ConfigError.ts"
import { valueFault } from "./decodeOptionValues.ts"
import { loraFields, LoraOptions } from "./LoraOptions.ts"
import { nearestName } from "./nearestName.ts"
import { flagOf } from "./OptionOrigin.ts"

const names = Object.keys(loraFields)

const decode = (values: unknown) =>
  Schema.decodeUnknownEffect(LoraOptions)(values).pipe(
    Effect.mapError((error) => new ConfigError({ reason: error.message }))
  )

/** Checks the key `lora` of a configuration file; `file` begins the sentence of the error. */
export const checkLora = Effect.fnUntraced(function* (file: string, lora: unknown) {
  if (!Predicate.isObject(lora)) {
    return yield* new ConfigError({
      reason: `${file}: "lora" must be an object such as { rank: 16 }`
    })
  }
  const given = Object.fromEntries(Object.entries(lora).filter(([, value]) => value !== undefined))
  const unknown = Object.keys(given).find((key) => !names.includes(key))
  if (unknown !== undefined) {
    const nearest = nearestName(unknown, names)
    const advice =
      nearest === undefined ? `use one of ${names.join(", ")}` : `did you mean "${nearest}"?`
    return yield* new ConfigError({
      reason: `${file}: "lora.${unknown}" is not a known key; ${advice}`
    })
  }
  const fault = valueFault(loraFields, given, (key) => `${file}: "lora.${key}"`)
  if (fault !== undefined) return yield* fault
  if (given["rank"] === undefined) {
    return yield* new ConfigError({
      reason: `${file}: "lora" has no rank; give it one, such as lora: { rank: 16 }`
    })
  }
  return yield* decode(given)
})

/** The flags that are given, by setting, over the adapter of the configuration file or the environment. */
export const resolveLora = Effect.fnUntraced(function* (
  flags: Readonly<Record<string, unknown>>,
  below: LoraOptions | undefined,
  named: (key: string) => string = (key) => flagOf(`lora.${key}`)
) {
  const { targets } = flags
  const given = {
    ...flags,
    ...(Predicate.isString(targets) && { targets: targets.split(",").map((one) => one.trim()) })
  }
  const fault = valueFault(loraFields, given, named)
  if (fault !== undefined) return yield* fault
  const [idle] = Object.keys(flags)
  if (idle === undefined) return below
  if (!("rank" in given) && below === undefined) {
    return yield* new ConfigError({
      reason: `${named(idle)} does nothing without an adapter; give ${named("rank")}, too`
    })
  }
  return yield* decode({ ...below, ...given })
})
