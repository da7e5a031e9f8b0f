/** Results as plain text for a terminal. */
import type { BeforeAfter, DomainSummaries } from "./BeforeAfter.ts"
import type { Estimate } from "./Estimate.ts"
import { isDisjoint } from "./Estimate.ts"
import type { MetricText } from "./MetricText.ts"
import {
  conditionTitle,
  formatChange,
  formatValue,
  informative,
  metricKey,
  metricText
} from "./MetricText.ts"
import type { Summary } from "./Summary.ts"

const controlMetrics: ReadonlyArray<string> = ["success@4", "success@10", "fix", "failed"]

const headlines: Readonly<Record<string, ReadonlyArray<string>>> = {
  "content-free": controlMetrics,
  "strict-content-free": controlMetrics,
  underspecified: ["success@4", "success@10", "questions", "premature", "premature@1", "failed"]
}

/** The metrics that a table shows of a condition unless others are asked for. */
export const headlineMetrics = (condition: string): ReadonlyArray<string> =>
  (Object.hasOwn(headlines, condition) ? headlines[condition] : undefined) ?? [
    "success@1",
    "success@4",
    "success@10",
    "fix",
    "fix-in-2",
    "questions",
    "premature",
    "premature@1",
    "failed"
  ]

/** Settings of a table. */
export interface TableOptions {
  /** Names of the metrics to show, without condition; default {@link headlineMetrics}. */
  readonly metrics?: ReadonlyArray<string> | undefined
}

/** One line of results: a key of a summary, and what it is called. */
export interface Row {
  readonly key: string
  readonly text: MetricText
}

/** The rows that were measured, under their conditions, the informative teacher first. */
export const tableRows = (
  summaries: ReadonlyArray<Summary>,
  metrics?: ReadonlyArray<string>
): ReadonlyArray<readonly [condition: string, rows: ReadonlyArray<Row>]> => {
  const keys = new Set(summaries.flatMap((summary) => Object.keys(summary)))
  const conditions = new Set([informative, ...[...keys].map((key) => metricText(key).condition)])
  return [...conditions].flatMap((condition) => {
    const rows = (metrics ?? headlineMetrics(condition))
      .map((name) => metricKey(condition, name))
      .filter((key) => keys.has(key))
      // a row of zeros that only matters when it is not zero
      .filter(
        (key) => metricText(key).name !== "failed" || summaries.some((each) => each[key]?.value)
      )
      .map((key) => ({ key, text: metricText(key) }))
    return rows.length === 0 ? [] : [[condition, rows] as const]
  })
}

const LABEL = 33
const CELL = 27
const CHANGE = 10

const cell = (estimate: Estimate | undefined, { unit }: MetricText): string => {
  if (estimate === undefined) return "-"
  const { high, low, n, value } = estimate
  const bound = (end: number) => formatValue(end, unit).replace("%", "")
  return `${formatValue(value, unit)} [${bound(low)}, ${bound(high)}] n=${n}`
}

/** Cuts a text that is too long for its column. */
const fit = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width)

const line = (label: string, cells: ReadonlyArray<string>): string =>
  [fit(label, LABEL), ...cells].join(" ").trimEnd()

const section = (condition: string): string => ` ${conditionTitle(condition)}`

const domainsOf = (...summaries: ReadonlyArray<DomainSummaries>): ReadonlyArray<string> => [
  ...new Set(summaries.flatMap((summary) => Object.keys(summary)))
]

/**
 * The before/after table: a block per domain, the conditions of feedback under each other, every
 * number with its 95 % interval and n. At most 100 columns. A `*` marks intervals that do not meet.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { renderTable } from "@sml/eval-harness"
 *
 * const text = renderTable({
 *   before: { math: { "success@4": { value: 0.48, low: 0.42, high: 0.54, n: 300 } } },
 *   after: { math: { "success@4": { value: 0.68, low: 0.62, high: 0.73, n: 300 } } },
 *   seconds: {}
 * })
 * assert.match(text, /success@4 +48\.0% \[42\.0, 54\.0\] n=300 +68\.0% .* \+20\.0 \*$/m)
 * ```
 */
export const renderTable = (results: BeforeAfter, options: TableOptions = {}): string => {
  const blocks = domainsOf(results.before, results.after).map((domain) => {
    const before = results.before[domain] ?? {}
    const after = results.after[domain] ?? {}
    const lines = [line(domain, [fit("before", CELL), fit("after", CELL), "change"])]
    for (const [condition, rows] of tableRows([before, after], options.metrics)) {
      lines.push(section(condition))
      for (const { key, text } of rows) {
        const [one, two] = [before[key], after[key]]
        const change =
          one === undefined || two === undefined
            ? ""
            : formatChange(two.value - one.value, text.unit).padStart(CHANGE - 4) +
              (isDisjoint(one, two) ? " *" : "")
        lines.push(
          line(`   ${text.title}`, [fit(cell(one, text), CELL), fit(cell(two, text), CELL), change])
        )
      }
    }
    return lines.join("\n")
  })
  return [
    ...blocks,
    "value [95 % interval] n; change in points; * the two intervals do not meet"
  ].join("\n\n")
}

/** The same of one student: what an evaluation without training prints. */
export const renderSummary = (results: DomainSummaries, options: TableOptions = {}): string => {
  const blocks = domainsOf(results).map((domain) => {
    const summary = results[domain] ?? {}
    const lines = [domain]
    for (const [condition, rows] of tableRows([summary], options.metrics)) {
      lines.push(section(condition))
      for (const { key, text } of rows) {
        lines.push(line(`   ${text.title}`, [cell(summary[key], text)]))
      }
    }
    return lines.join("\n")
  })
  return [...blocks, "value [95 % interval] n"].join("\n\n")
}
