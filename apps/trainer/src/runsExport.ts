/** A run in the formats of other programs. */
import { formatTensorBoard } from "@sml/run-store"
import type { MetricsLine, RecordedEpisode, RunSummary } from "@sml/run-store"
import * as Effect from "effect/Effect"
import * as Csv from "effect/encoding/Csv"
import * as Stream from "effect/Stream"

import { jsonText } from "./jsonText.ts"

/** Everything of a run: a line for the run, one for each step and one for each dialogue. */
export const exportJsonLines = (
  run: RunSummary,
  metrics: ReadonlyArray<MetricsLine>,
  episodes: ReadonlyArray<RecordedEpisode>
): string =>
  [
    { kind: "run", ...run },
    ...metrics.map((line) => ({ kind: "step", metrics: line })),
    ...episodes.map((line) => ({ kind: "episode", ...line }))
  ]
    .map((line) => `${jsonText(line)}\n`)
    .join("")

const cell = (value: unknown): string =>
  value === undefined || value === null ? "" : typeof value === "string" ? value : jsonText(value)

/** One row a step, one column a metric (RFC 4180); an empty cell where it was not measured. */
export const exportCsv = (metrics: ReadonlyArray<MetricsLine>): Effect.Effect<string> => {
  const columns = [...new Set(["step", ...metrics.flatMap((line) => Object.keys(line))])]
  return Stream.fromIterable(metrics).pipe(
    Stream.map((line) => Object.fromEntries(columns.map((name) => [name, cell(line[name])]))),
    Stream.pipeThroughChannel(Csv.encodeString({ columns, headers: true })),
    Stream.runCollect,
    Effect.map((parts) => Array.from(parts).join(""))
  )
}

/** Seconds since 1970 of the start that a run's id tells; 0 where it tells none. */
const startOf = (id: string): number => {
  const digits = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-/.exec(id)
  if (digits === null) return 0
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = digits
    .slice(1)
    .map(Number)
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000
}

/** The numbers of every step; time goes on by what the steps took. */
export const exportTensorBoard = (
  run: RunSummary,
  metrics: ReadonlyArray<MetricsLine>
): Uint8Array<ArrayBuffer> => {
  let wallTime = startOf(run.id)
  return formatTensorBoard(
    metrics.map(({ step, ...line }) => {
      const seconds = line["seconds/total"]
      wallTime += typeof seconds === "number" ? seconds : 0
      const values: Array<readonly [string, number]> = []
      for (const [name, value] of Object.entries(line)) {
        if (typeof value === "number") values.push([name, value])
      }
      return { step, wallTime, values: Object.fromEntries(values) }
    })
  )
}
