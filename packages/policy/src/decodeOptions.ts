/** Reads the options of a training method, so that each of them either acts or is an error. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import { InvalidOptions } from "./InvalidOptions.ts"

/** Schema errors take two lines an issue: what, and where. */
const sentence = (message: string): string =>
  message.replaceAll(/\n\s+at /g, " at ").replaceAll("\n", "; ")

/**
 * Fills in the defaults of `schema` and refuses values out of range and keys that it does not know.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { Effect, Schema } from "effect"
 * import { decodeOptions } from "@sml/policy"
 *
 * const Options = Schema.Struct({
 *   steps: Schema.Int.pipe(Schema.withDecodingDefaultKey(Effect.succeed(10)))
 * })
 * assert.deepEqual(await Effect.runPromise(decodeOptions("train", Options, {})), { steps: 10 })
 * const misspelt = Effect.flip(decodeOptions("train", Options, { step: 3 }))
 * assert.match((await Effect.runPromise(misspelt)).message, /step/)
 * ```
 */
export const decodeOptions = <S extends Schema.Constraint & { readonly DecodingServices: never }>(
  where: string,
  schema: S,
  options: unknown
): Effect.Effect<S["Type"], InvalidOptions> =>
  Schema.decodeUnknownEffect(schema)(options, { onExcessProperty: "error", errors: "all" }).pipe(
    Effect.mapError((error) => new InvalidOptions({ where, reason: sentence(error.message) }))
  )
