/** Where results are kept. */
import { fileURLToPath } from "node:url"

import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"

import { BenchError } from "./BenchError.ts"
import { benches } from "./benches.ts"
import { machineFacts } from "./MachineFacts.ts"
import { renderReport } from "./renderReport.ts"
import { mergeReports, Report } from "./Report.ts"
import type { Row } from "./Row.ts"

const docs = fileURLToPath(new URL("../../docs", import.meta.url))

const ReportJson = Schema.fromJsonString(Report)

const write = Effect.fnUntraced(
  function* (file: string, text: string) {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    yield* fs.makeDirectory(path.dirname(file), { recursive: true })
    yield* fs.writeFileString(file, text)
  },
  Effect.mapError(
    (error) => new BenchError({ reason: `the results cannot be written: ${error.message}` })
  )
)

/** The rows as a report of this machine and minute. */
export const reportOf = Effect.fn("bench.reportOf")(function* (
  rows: ReadonlyArray<Row>,
  threads: number
) {
  const now = yield* DateTime.now
  const measured = DateTime.formatIso(now).slice(0, 16).replace("T", " ")
  return {
    machine: machineFacts(threads),
    rows: rows.map((row) => ({ measured, row }))
  } satisfies Report
})

const encode = (report: Report): string =>
  `${JSON.stringify(Schema.encodeSync(Report)(report), null, 2)}\n`

/** Writes a report to a file of its own. */
export const writeReport = (report: Report, file: string) => write(file, encode(report))

/** Takes a report into `docs/results/engine.json` and writes `docs/benchmarks.md`. */
export const keepReport = Effect.fn("bench.keepReport")(function* (report: Report) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = path.join(docs, "results", "engine.json")
  const page = path.join(docs, "benchmarks.md")
  const exists = yield* Effect.orElseSucceed(fs.exists(file), () => false)
  const old = exists
    ? yield* fs.readFileString(file).pipe(
        Effect.flatMap(Schema.decodeUnknownEffect(ReportJson)),
        Effect.mapError(
          () =>
            new BenchError({
              reason: `${file} holds no results of this version; remove it and run the whole benchmark`
            })
        )
      )
    : undefined
  const merged = mergeReports(
    old,
    report,
    benches.map(({ name }) => name)
  )
  yield* write(file, encode(merged))
  yield* write(page, renderReport(merged))
  return page
})
