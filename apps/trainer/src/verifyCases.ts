/** Judges the cases of a JSONL file one by one; a bad case gets a verdict of its own. */
import { fromPlatformError } from "@sml/run-store"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

import { clockTime } from "./formatting.ts"
import { safeText } from "./safeText.ts"
import { Screen } from "./Screen.ts"

/** What is printed about one case, besides its `id` and `ms`. */
export type CaseVerdict = { readonly verdict: string } & Readonly<Record<string, Schema.Json>>

/**
 * - `file`: path of the cases; `schema`: what a case must be;
 * - `judge`: the verdict on a case; what fails for one case must be a verdict as well;
 * - `concurrency`: cases at a time.
 */
export interface VerifyCasesOptions<A extends { readonly id: string | number }, I, R> {
  readonly file: string
  readonly schema: Schema.Codec<A, I>
  readonly judge: (each: A) => Effect.Effect<CaseVerdict, never, R>
  readonly concurrency: number
}

/** Longer lines are not read into memory to be parsed. */
const maximumLine = 16 * 2 ** 20

const Identified = Schema.Struct({ id: Schema.Union([Schema.String, Schema.Finite]) })
const readIdentified = Schema.decodeUnknownOption(Schema.fromJsonString(Identified))

/** Nothing is shown of what takes less, in milliseconds; also the time between two plain lines. */
const patience = 2000

/**
 * Prints one JSON line per case as it is done: `id`, `verdict`, `ms` and what the judge adds. A line
 * that is no case gives the verdict `invalid` with its number and a reason. Progress goes to standard
 * error. Gives the number of cases by verdict.
 */
export const verifyCases = Effect.fn("sml.verifyCases")(function* <
  A extends { readonly id: string | number },
  I,
  R
>({ concurrency, file, judge, schema }: VerifyCasesOptions<A, I, R>) {
  const fs = yield* FileSystem.FileSystem
  const screen = yield* Screen
  const decode = Schema.decodeUnknownResult(Schema.fromJsonString(schema))
  const opening = fromPlatformError("read the cases", file)
  const { size } = yield* Effect.mapError(fs.stat(file), opening)
  const start = yield* Clock.currentTimeMillis
  const counts = new Map<string, number>()
  let done = 0
  let bytesRead = 0
  let shownAt = start

  const report = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    if (now - shownAt < patience) return
    shownAt = now
    const seconds = (now - start) / 1000
    // the cases that are being judged have been read already: the share is a little too large
    const share = Math.min(1, bytesRead / Number(size))
    const left = share > 0 ? (seconds * (1 - share)) / share : Number.NaN
    const ending = Number.isFinite(left) && left > 0 ? `, about ${clockTime(left)} left` : ""
    process.stderr.write(
      `${done} cases in ${clockTime(seconds)}, ${Math.round(done / seconds)} a second${ending}\n`
    )
  })

  const verdictOn = (line: string, number: number) =>
    Effect.gen(function* () {
      const id = readIdentified(line.length > maximumLine ? "" : line)
      const known = { id: id._tag === "Some" ? id.value.id : null }
      if (line.length > maximumLine) {
        const reason = `line ${number} of ${file} is longer than ${maximumLine} characters`
        return { ...known, line: number, verdict: "invalid", ms: 0, reason }
      }
      const decoded = decode(line)
      if (decoded._tag === "Failure") {
        const problem = safeText(decoded.failure.message).replaceAll(/\s+/g, " ").slice(0, 300)
        const reason = `line ${number} of ${file} is not a case: ${problem}`
        return { ...known, line: number, verdict: "invalid", ms: 0, reason }
      }
      const began = performance.now()
      const { verdict, ...rest } = yield* judge(decoded.success)
      const ms = Math.round((performance.now() - began) * 1000) / 1000
      return { id: decoded.success.id, verdict, ms, ...rest }
    })

  yield* fs.stream(file).pipe(
    Stream.mapError(opening),
    Stream.tap((chunk) =>
      Effect.sync(() => {
        bytesRead += chunk.length
      })
    ),
    Stream.decodeText(),
    Stream.splitLines,
    Stream.zipWithIndex,
    Stream.filter(([line]) => line.trim() !== ""),
    Stream.mapEffect(([line, index]) => verdictOn(line, index + 1), {
      concurrency,
      unordered: true
    }),
    Stream.runForEach((result) =>
      Effect.gen(function* () {
        done++
        counts.set(result.verdict, (counts.get(result.verdict) ?? 0) + 1)
        yield* screen.print(`${JSON.stringify(result)}\n`)
        yield* report
      })
    )
  )
  return counts
})
