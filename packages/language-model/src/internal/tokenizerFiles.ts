/** Reads the tokenizer's files of a Hugging Face folder. */
import { readFile } from "node:fs/promises"

import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import { TokenizerError } from "../TokenizerError.ts"

const advice = "pass a folder that holds tokenizer.json, readable by this user"

/** The text of a file, or `undefined` when there is none. */
export const readOptionalText = (file: string): Effect.Effect<string | undefined, TokenizerError> =>
  Effect.tryPromise({
    try: async () => {
      try {
        return await readFile(file, "utf8")
      } catch (cause) {
        if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined
        throw cause
      }
    },
    catch: (cause) =>
      new TokenizerError({
        file,
        reason: `${file} could not be read (${cause instanceof Error && "code" in cause ? String(cause.code) : String(cause)}); ${advice}.`
      })
  })

/** The parsed JSON of a file, or `undefined` when there is none. */
export const readOptionalJson = Effect.fnUntraced(function* (file: string) {
  const text = yield* readOptionalText(file)
  if (text === undefined) return undefined
  return yield* Effect.try({
    try: (): unknown => JSON.parse(text),
    catch: (cause) =>
      new TokenizerError({
        file,
        reason: `${file} is not JSON (${cause instanceof Error ? cause.message : String(cause)}); copy it again from its source.`
      })
  })
})

/** The parsed JSON of a file that must be there. */
export const readJson = Effect.fnUntraced(function* (file: string) {
  const json = yield* readOptionalJson(file)
  if (json === undefined) {
    return yield* new TokenizerError({ file, reason: `There is no file ${file}; ${advice}.` })
  }
  return json
})

/** Decodes a file's JSON; an absent file is an empty object. */
export const decodeFile = <A>(schema: Schema.Codec<A, unknown>, json: unknown, file: string) =>
  Schema.decodeUnknownEffect(schema)(json ?? {}).pipe(
    Effect.mapError(
      (error) =>
        new TokenizerError({
          file,
          reason: `${file} is malformed: ${error.message.replace(/\s+/g, " ").trim()}; copy it again from its source.`
        })
    )
  )
