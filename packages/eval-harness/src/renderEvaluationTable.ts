/** The result of a protocol as plain text for a terminal. */
import type { ConditionComparison, Evaluation } from "./Evaluation.ts"
import { formatChange, formatValue, metricText } from "./MetricText.ts"
import { renderSummary } from "./renderTable.ts"

/** A server's words may hold codes that a terminal obeys. */
const control = /[^\P{Cc}\n]/gu

/** Settings of {@link renderEvaluationTable}. */
export interface EvaluationTableOptions {
  /** Names of the metrics to show; default: the protocol's main ones. */
  readonly metrics?: ReadonlyArray<string>
}

const main: Readonly<Record<string, ReadonlyArray<string>>> = {
  "missing-premise": [
    "hallucinated",
    "asked@1",
    "abstained",
    "held-back",
    "abstention-precision",
    "decision-accuracy"
  ],
  sharded: ["success", "aptitude", "unreliability", "premature", "premature@1"]
}

/** The metrics that a table of this evaluation shows unless others are asked for. */
export const mainMetrics = ({ settings: { protocol } }: Evaluation): ReadonlyArray<string> => {
  const horizon = Math.max(...protocol.conditions.map((each) => each.horizon))
  const repeats = Math.max(...protocol.conditions.map((each) => each.repeats))
  const own = Object.hasOwn(main, protocol.name) ? main[protocol.name] : undefined
  const turns = [1, 4, 10, horizon].filter((k) => k <= horizon)
  return [
    ...(own ?? [
      ...new Set(turns.map((k) => `success@${k}`)),
      "gain-per-turn",
      `gain-after@4`,
      "fix",
      "uptake",
      "question-rate",
      "premature"
    ]),
    ...(repeats > 1 ? [`pass@${repeats}`, `pass^${repeats}`, "unreliability"] : []),
    "leak-rate",
    "output-tokens",
    "cost",
    "failed"
  ].filter((name, index, all) => all.indexOf(name) === index)
}

/** A p-value with as many digits as mean something. */
export const formatP = (p: number): string => (p < 0.001 ? "< 0.001" : `= ${p.toFixed(3)}`)

/** A comparison in one sentence. */
export const comparisonText = (comparison: ConditionComparison): string => {
  const { after, before, difference, domain, exact, metric, pValue } = comparison
  const { title, unit } = metricText(metric)
  const bound = (end: number) => formatValue(end, unit).replace("%", "")
  return `${domain}, ${title}: ${after} − ${before} = ${formatChange(difference.value, unit)} [${bound(difference.low)}, ${bound(difference.high)}], p ${formatP(pValue)} (${exact ? "exact" : "sampled"} permutation test), n=${difference.n} tasks`
}

/**
 * The main numbers with interval and n, the comparisons, and what was not measured. At most 100
 * columns, comparisons apart.
 */
export const renderEvaluationTable = (
  evaluation: Evaluation,
  options: EvaluationTableOptions = {}
): string => {
  const { comparisons, damagedLines, dialogues, failures, notPlayed } = evaluation
  const metrics = options.metrics ?? mainMetrics(evaluation)
  const [failure] = failures
  return [
    renderSummary(evaluation.results, { metrics }),
    ...(comparisons.length === 0 ? [] : [comparisons.map(comparisonText).join("\n")]),
    ...(failure === undefined
      ? []
      : [
          `${failures.length} of ${dialogues} dialogues were broken off; the first: ${failure.reason}`
        ]),
    ...Object.entries(notPlayed).map(
      ([condition, tasks]) => `${condition}: ${tasks} tasks could not be told in this way`
    ),
    ...(damagedLines === 0
      ? []
      : [`${damagedLines} damaged lines of the transcripts were passed over`])
  ]
    .join("\n\n")
    .replaceAll(control, " ")
}
