/** The benchmark as a Markdown page. */
import type { Estimate } from "@sml/eval-harness"
import { conditionTitle, formatChange, formatValue, metricText, tableRows } from "@sml/eval-harness"

import type { LearningBenchmark, SeedResult } from "./LearningBenchmark.ts"
import type { Claim } from "./learningClaims.ts"

// a bar inside a cell would end it
const row = (cells: ReadonlyArray<string>): string =>
  `| ${cells.map((cell) => cell.replaceAll("|", String.raw`\|`)).join(" | ")} |`

const table = (
  head: ReadonlyArray<string>,
  body: ReadonlyArray<ReadonlyArray<string>>
): ReadonlyArray<string> => [row(head), row(head.map(() => "---")), ...body.map(row)]

const mean = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

type When = "before" | "after"

const estimateOf = (seed: SeedResult, when: When, domain: string, key: string) =>
  seed.results[when][domain]?.[key]

const cell = (estimate: Estimate | undefined, unit: "rate" | "number"): string =>
  estimate === undefined
    ? "–"
    : `${formatValue(estimate.value, unit)} [${formatValue(estimate.low, unit).replace("%", "")}, ${formatValue(estimate.high, unit).replace("%", "")}]`

/** The keys of a domain that the table shows, in order. */
const keysOf = (benchmark: LearningBenchmark, domain: string): ReadonlyArray<string> =>
  tableRows(
    benchmark.seeds.flatMap(({ results }) => [
      results.before[domain] ?? {},
      results.after[domain] ?? {}
    ])
  ).flatMap(([, rows]) => rows.map(({ key }) => key))

const metricRow = (
  benchmark: LearningBenchmark,
  domain: string,
  key: string
): ReadonlyArray<string> => {
  const { condition, title, unit } = metricText(key)
  const pairs = benchmark.seeds.map(
    (seed) =>
      [estimateOf(seed, "before", domain, key), estimateOf(seed, "after", domain, key)] as const
  )
  const known = pairs.flatMap(([before, after]) =>
    before === undefined || after === undefined ? [] : [[before.value, after.value] as const]
  )
  const before = mean(known.map(([value]) => value))
  const after = mean(known.map(([, value]) => value))
  const sum =
    known.length === 0
      ? "–"
      : `${formatValue(before, unit)} → ${formatValue(after, unit)} (${formatChange(after - before, unit)})`
  return [
    conditionTitle(condition),
    title,
    sum,
    ...pairs.map(([one, two]) => `${cell(one, unit)} → ${cell(two, unit)}`)
  ]
}

const verdict = (claim: Claim | undefined): string =>
  `${claim?.value ?? "–"} ${claim?.holds === true ? "holds" : "**FAILS**"}`

const claimRow = (
  benchmark: LearningBenchmark,
  { claim, needed }: Claim,
  index: number
): ReadonlyArray<string> =>
  [claim, needed].concat(benchmark.seeds.map((seed) => verdict(seed.claims[index])))

const domainSection = (
  benchmark: LearningBenchmark,
  domain: string,
  seeds: ReadonlyArray<string>
): ReadonlyArray<string> =>
  [
    "",
    `## ${domain}`,
    "",
    "Before → after training on math, value [95 % interval]; the mean is over the seeds.",
    ""
  ].concat(
    table(
      ["feedback", "metric", "mean", ...seeds],
      keysOf(benchmark, domain).map((key) => metricRow(benchmark, domain, key))
    )
  )

/** The page: every claim for every seed, then every number with its interval. */
export const renderBenchmark = (benchmark: LearningBenchmark): string => {
  const seeds = benchmark.seeds.map(({ seed }) => `seed ${seed}`)
  const domains = [...new Set(benchmark.seeds.flatMap(({ results }) => Object.keys(results.after)))]
  return [
    "# Does the student learn to use feedback?",
    "",
    "Written by `pnpm bench:learning`; every column is a whole `npm start` with another seed, on held-out tasks that neither pretraining nor training has seen.",
    "",
    `Machine: ${benchmark.machine}, Node ${benchmark.node}.`,
    "",
    "## Claims",
    "",
    ...table(
      ["claim", "needed", ...seeds],
      (benchmark.seeds[0]?.claims ?? []).map((claim, index) => claimRow(benchmark, claim, index))
    ),
    ...domains.flatMap((domain) => domainSection(benchmark, domain, seeds)),
    ""
  ].join("\n")
}
