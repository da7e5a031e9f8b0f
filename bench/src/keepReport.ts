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
import { isSameMachine, machineName, mergeReports, Report } from "./Report.ts"
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

const readReport = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const exists = yield* Effect.orElseSucceed(fs.exists(file), () => false)
  if (!exists) return undefined
  return yield* fs.readFileString(file).pipe(
    Effect.flatMap(Schema.decodeUnknownEffect(ReportJson)),
    Effect.mapError(
      () =>
        new BenchError({
          reason: `${file} holds no results of this version; remove it and run the whole benchmark`
        })
    )
  )
})

const otherPage = /^benchmarks-(.+)\.md$/

/**
 * Takes a report into `results/engine.json` and writes `benchmarks.md`, below `folder` (the docs, unless
 * given). What was measured on another machine before goes to files of its own, to which the page leads.
 */
export const keepReport = Effect.fn("bench.keepReport")(function* (report: Report, folder = docs) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const results = path.join(folder, "results")
  const filesOf = (name: string) => ({
    numbers: path.join(results, `engine-${name}.json`),
    page: path.join(results, `benchmarks-${name}.md`)
  })
  const current = path.join(results, "engine.json")
  const last = yield* readReport(current)
  const aside = filesOf(machineName(report))
  let old = last
  if (last !== undefined && !isSameMachine(last, report)) {
    const other = filesOf(machineName(last))
    yield* write(other.numbers, encode(last))
    yield* write(other.page, renderReport(last))
    old = yield* readReport(aside.numbers)
  }
  const merged = mergeReports(
    old,
    report,
    benches.map(({ name }) => name)
  )
  yield* write(current, encode(merged))
  const page = path.join(folder, "benchmarks.md")
  const others = yield* Effect.gen(function* () {
    // what stood aside is the page itself now
    for (const file of Object.values(aside)) yield* fs.remove(file, { force: true })
    const names = yield* fs.readDirectory(results)
    return names.flatMap((name) => otherPage.exec(name)?.[1] ?? []).toSorted()
  }).pipe(
    Effect.mapError(
      (error) => new BenchError({ reason: `the results cannot be written: ${error.message}` })
    )
  )
  yield* write(page, renderReport(merged, others))
  return page
})
