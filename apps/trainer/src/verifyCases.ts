/** Judges the cases of a JSONL file one by one; a bad case gets a verdict of its own. */
import { createReadStream } from "node:fs"

import * as NodeStream from "@effect/platform-node/NodeStream"
import { fromPlatformError, type RunStoreError } from "@sml/run-store"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

import { ConfigError } from "./ConfigError.ts"
import { logsJson } from "./LogFormat.ts"
import { Progress } from "./Progress.ts"
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

/** Milliseconds between two looks at how many are done, where it is not known how many there are. */
const LOOK = 2000

const pipeBytes = (file: string) =>
  NodeStream.fromReadable<Uint8Array, ConfigError>({
    evaluate: () => createReadStream(file),
    onError: (error) =>
      new ConfigError({ reason: `cannot read the cases in ${file}: ${String(error)}` })
  })

const isSpace = (byte: number) => byte === 9 || byte === 32

/** Lines that are not blank. */
const countLines = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  let count = 0
  let isBlank = true
  yield* Stream.runForEach(fs.stream(file), (chunk) =>
    Effect.sync(() => {
      for (const byte of chunk) {
        if (byte === 10 || byte === 13) isBlank = true
        else if (isBlank && !isSpace(byte)) {
          isBlank = false
          count++
        }
      }
    })
  )
  return count
})

/**
 * Prints one JSON line per case as it is done: `id`, `verdict`, `ms` and what the judge adds. A line
 * that is no case gives the verdict `invalid` with its number and a reason. Gives the number of cases by verdict.
 */
export const verifyCases = Effect.fn("sml.verifyCases")(function* <
  A extends { readonly id: string | number },
  I,
  R
>({ concurrency, file, judge, schema }: VerifyCasesOptions<A, I, R>) {
  const fs = yield* FileSystem.FileSystem
  const screen = yield* Screen
  const progress = yield* Progress
  const sharesTerminal = screen.animates && !(yield* logsJson)
  const decode = Schema.decodeUnknownResult(Schema.fromJsonString(schema))
  const opening = fromPlatformError("read the cases", file)
  const { type } = yield* Effect.mapError(fs.stat(file), opening)
  // a pipe can be read once only
  const total = type === "File" ? yield* Effect.mapError(countLines(file), opening) : undefined
  const start = yield* Clock.currentTimeMillis
  const counts = new Map<string, number>()
  let done = 0

  const rate = Effect.map(
    Clock.currentTimeMillis,
    (now) => `${Math.round((done * 1000) / Math.max(1, now - start))} a second`
  )
  if (total === undefined) {
    yield* rate.pipe(
      Effect.flatMap((text) => progress.emit({ _tag: "Note", text: `${done} cases, ${text}` })),
      Effect.delay(LOOK),
      Effect.forever,
      Effect.forkScoped
    )
  } else {
    const part = { name: "cases", kind: "moments", total, guess: 0.01 } as const
    yield* progress.emit({
      _tag: "Plan",
      title: `sml verify: ${total} cases of ${file}`,
      parts: [part]
    })
    yield* progress.emit({ _tag: "Begin", name: part.name })
  }
  const show = Effect.gen(function* () {
    yield* progress.emit({ _tag: "Advance", done })
    yield* progress.emit({ _tag: "Detail", text: yield* rate })
  })
  // where both share a terminal, lines of results go above what is drawn
  const print = (line: string) =>
    sharesTerminal ? progress.emit({ _tag: "Note", text: line }) : screen.print(`${line}\n`)

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

  // a pipe has no positions to read at
  const bytes: Stream.Stream<Uint8Array, ConfigError | RunStoreError> =
    total === undefined ? pipeBytes(file) : Stream.mapError(fs.stream(file), opening)
  yield* bytes.pipe(
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
        yield* print(JSON.stringify(result))
        yield* show
      })
    )
  )
  return counts
}, Effect.scoped)
