/** What a report says about how it came about. */
import type { PastRun } from "./PastRun.ts"

/** `runs` are the calls that ran the cells, this one included; `date` is that of the report. */
export interface ReportFacts {
  readonly date: string
  readonly quick: boolean
  readonly runs: ReadonlyArray<PastRun>
}
