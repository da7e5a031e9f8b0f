/** When a server wants to be asked again, from the headers of its answer. */

/** Headers by their lower-case names. */
export type HeaderValues = Readonly<Record<string, string | undefined>>

const unitMillis: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000
}

/** Numbers above this are seconds since 1970, and above a thousand times this, milliseconds. */
const epochSeconds = 1e9

/**
 * Milliseconds from `now` (milliseconds since 1970) that a header's value means: seconds (`"2"`,
 * `"0.5"`), lengths of time (`"6m0s"`, `"20ms"`), dates, and seconds or milliseconds since 1970. Not
 * below 0; `undefined` where it is none of these.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { waitMillis } from "@sml/openai-compatible"
 *
 * assert.equal(waitMillis("1m0.5s", 0), 60_500)
 * assert.equal(waitMillis("3", 0), 3000)
 * assert.equal(waitMillis("Thu, 01 Jan 1970 00:00:09 GMT", 4000), 5000)
 * assert.equal(waitMillis("soon", 0), undefined)
 * ```
 */
export const waitMillis = (value: string, now: number): number | undefined => {
  const text = value.trim()
  if (/^\d+(\.\d+)?$/.test(text)) {
    const number = Number(text)
    if (number > epochSeconds * 1000) return Math.max(0, number - now)
    if (number > epochSeconds) return Math.max(0, number * 1000 - now)
    return number * 1000
  }
  if (/^(\d+(\.\d+)?(ms|[smhd]))+$/.test(text)) {
    let total = 0
    for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)) {
      total += Number(amount) * (unitMillis[unit ?? ""] ?? Number.NaN)
    }
    return total
  }
  // a bare word or a negative number is no date, whatever Date.parse makes of it
  const date = /^[A-Z][a-z]{2}, |^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/** How long `Retry-After` (or `retry-after-ms`) asks to wait, in milliseconds. */
export const retryAfterMillis = (headers: HeaderValues, now: number): number | undefined => {
  const millis = headers["retry-after-ms"]
  if (millis !== undefined && /^\d+(\.\d+)?$/.test(millis.trim())) return Number(millis)
  const after = headers["retry-after"]
  return after === undefined ? undefined : waitMillis(after, now)
}

/** The names under which servers report what remains of a limit, and when it is renewed. */
const limits: ReadonlyArray<readonly [remaining: string, reset: string]> = [
  ["x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"],
  ["x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"],
  ["x-ratelimit-remaining", "x-ratelimit-reset"],
  ["ratelimit-remaining", "ratelimit-reset"]
]

/**
 * How long nothing should be sent, in milliseconds: until the last of the limits of which nothing
 * remains is renewed. 0 where something remains of each, or the headers do not say.
 */
export const exhaustedMillis = (headers: HeaderValues, now: number): number => {
  let wait = 0
  for (const [remaining, reset] of limits) {
    const left = headers[remaining]
    const renewed = headers[reset]
    if (left === undefined || renewed === undefined || left.trim() === "") continue
    if (!(Number(left) <= 0)) continue
    wait = Math.max(wait, waitMillis(renewed, now) ?? 0)
  }
  return wait
}
