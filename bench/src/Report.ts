/** What `docs/results/engine.json` holds. */
import * as Schema from "effect/Schema"

import { MachineFacts } from "./MachineFacts.ts"
import { Row } from "./Row.ts"

/** A row, and when it was measured: day and minute, UTC. */
export const DatedRow = Schema.Struct({ measured: Schema.String, row: Row })
export type DatedRow = typeof DatedRow.Type

/** Rows of one machine, perhaps of several runs. */
export const Report = Schema.Struct({ machine: MachineFacts, rows: Schema.Array(DatedRow) })
export type Report = typeof Report.Type

/** The section that a benchmark belongs to. */
export const sectionOf = (bench: string): string => bench.split("/")[0] ?? bench

// the widest first; processors of one name have different ones
const vectors = ["avx512", "avx2", "avx"] as const

/**
 * A machine's name in the names of files: processor, vector instructions and threads, which decide what
 * is measured.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { machineName } from "@sml/bench/Report"
 *
 * const machine = { processor: "AMD EPYC, 2 cores", "vector instructions": "fma avx avx2", threads: "2" }
 * assert.equal(machineName({ machine, rows: [] }), "amd-epyc-2-cores-avx2-2-threads")
 * ```
 */
export const machineName = ({ machine }: Report): string => {
  const flags = machine["vector instructions"] ?? ""
  const widest = vectors.find((name) => flags.includes(name)) ?? ""
  return `${machine["processor"] ?? "unknown"} ${widest} ${machine["threads"] ?? "?"} threads`
    .toLowerCase()
    .replaceAll(/\((?:r|tm)\)/g, "")
    .replaceAll(/[^a-z0-9]+/g, "-")
}

/** Whether two reports are of one machine; its system may have been updated. */
export const isSameMachine = (a: Report, b: Report): boolean => machineName(a) === machineName(b)

/**
 * The rows of `fresh`, and of `old` those of the benchmarks that `fresh` has none of, in the order of
 * `names`. Rows of another machine are dropped: numbers of two machines do not stand in one table.
 */
export const mergeReports = (
  old: Report | undefined,
  fresh: Report,
  names: ReadonlyArray<string>
): Report => {
  const kept = old !== undefined && isSameMachine(old, fresh) ? old.rows : []
  const rows = names.flatMap((name) => {
    const of = (list: ReadonlyArray<DatedRow>) => list.filter(({ row }) => row.bench === name)
    const now = of(fresh.rows)
    return now.length > 0 ? now : of(kept)
  })
  return { machine: fresh.machine, rows }
}
