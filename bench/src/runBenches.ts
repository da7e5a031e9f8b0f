/** Runs benchmarks one after the other and says how far it is. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

import type { Bench, Setting } from "./Bench.ts"
import type { BenchError } from "./BenchError.ts"
import { formatRow } from "./formatRow.ts"
import { peakOf } from "./matmulBench.ts"
import type { Row } from "./Row.ts"

const minutes = (seconds: number): string =>
  seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`

const total = (benches: ReadonlyArray<Bench>): number =>
  benches.reduce((sum, { seconds }) => sum + seconds, 0)

const failedRow = (bench: Bench, { message }: BenchError): Row => ({
  bench: bench.name,
  title: bench.name,
  unit: "",
  peers: [],
  goals: [],
  note: message
})

/** The rows of all of them. One that fails is a row that says why. */
export const runBenches = Effect.fn("bench.run")(function* (
  benches: ReadonlyArray<Bench>,
  setting: Omit<Setting, "peak">
) {
  const rows: Array<Row> = []
  const start = performance.now()
  for (const [index, bench] of benches.entries()) {
    const elapsed = (performance.now() - start) / 1000
    // the estimates are of one machine: scale them to what was seen on this one
    const pace = index === 0 ? 1 : elapsed / total(benches.slice(0, index))
    const left =
      setting.quick || (setting.python === undefined && index === 0)
        ? ""
        : `, about ${minutes(pace * total(benches.slice(index)))} left`
    yield* Console.error(`[${index + 1}/${benches.length}] ${bench.name}${left}`)
    const found = yield* bench.run({ ...setting, peak: peakOf(rows) }).pipe(
      Effect.scoped,
      Effect.catch((error) => Effect.succeed([failedRow(bench, error)]))
    )
    for (const row of found) yield* Console.log(formatRow(row))
    rows.push(...found)
  }
  return rows
})
