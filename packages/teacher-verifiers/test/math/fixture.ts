/** Reads files of JSON lines: committed ones, and the shared data where it is present. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"

import * as Schema from "effect/Schema"

const sharedData = join(import.meta.dirname, "../../../../../shared/data")

export const isShared = (file: string): boolean => {
  const isPresent = existsSync(join(sharedData, file))
  if (!isPresent) console.log(`skipped: ../shared/data/${file} is absent`)
  return isPresent
}

const decodeLines = <A>(path: string, schema: Schema.Codec<A, unknown>): ReadonlyArray<A> => {
  const decode = Schema.decodeUnknownSync(schema)
  return readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => decode(JSON.parse(line)))
}

export const sharedLines = <A>(file: string, schema: Schema.Codec<A, unknown>): ReadonlyArray<A> =>
  decodeLines(join(sharedData, file), schema)

export const fixtureLines = <A>(file: string, schema: Schema.Codec<A, unknown>): ReadonlyArray<A> =>
  decodeLines(join(import.meta.dirname, file), schema)
