/** Names of runs. */
import * as Schema from "effect/Schema"

/**
 * `20261123-165140-math-k3f9`: UTC date, UTC time, a word for people, four characters that keep two
 * runs of one second apart. Alphabetical order is order in time.
 */
export const RunId = Schema.String.pipe(
  Schema.check(Schema.isPattern(/^\d{8}-\d{6}-[a-z0-9]+(?:-[a-z0-9]+)*-[a-z0-9]{4}$/)),
  Schema.brand("RunId")
)
export type RunId = typeof RunId.Type

const word = (label: string): string =>
  label
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "") || "run"

/**
 * The id of a run that starts at `time` (milliseconds since 1970, UTC). `salt` in [0, 1) chooses the
 * last four characters.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { makeRunId } from "@sml/run-store"
 *
 * const id = makeRunId({ time: Date.UTC(2026, 10, 23, 16, 51, 40), label: "Math!", salt: 0.5 })
 * assert.equal(id, "20261123-165140-math-i000")
 * ```
 */
export const makeRunId = (options: {
  readonly time: number
  readonly label: string
  readonly salt: number
}): RunId => {
  const iso = new Date(options.time).toISOString()
  const day = iso.slice(0, 10).replaceAll("-", "")
  const clock = iso.slice(11, 19).replaceAll(":", "")
  const salt = Math.floor(options.salt * 36 ** 4)
    .toString(36)
    .padStart(4, "0")
  return RunId.make(`${day}-${clock}-${word(options.label)}-${salt}`)
}
