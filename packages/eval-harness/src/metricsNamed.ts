/** Metrics by the names that a protocol writes. */
import * as Result from "effect/Result"

import { EvaluationError } from "./EvaluationError.ts"
import { gainAfter, gainAt, gainPerTurn } from "./gainMetrics.ts"
import type { Informativeness } from "./Informativeness.ts"
import { leakDrafts, leakRate } from "./leakMetrics.ts"
import { fixWithin, standardMetrics, success, successWithin } from "./Metric.ts"
import { labelStrategies } from "./ResponseStrategy.ts"
import type { ReadStrategies } from "./strategyMetrics.ts"
import { abstentionMetrics, strategyShares } from "./strategyMetrics.ts"
import type { AnyMetric } from "./TaskMetric.ts"
import { aptitude, averageAt, passAt, passHat, unreliability } from "./TaskMetric.ts"
import type { ReadDemand } from "./uptake.ts"
import { uptake } from "./uptake.ts"
import type { Prices } from "./usageMetrics.ts"
import { cost, inputTokens, outputTokens, tokensPerSuccess } from "./usageMetrics.ts"

/** What the metrics of a condition depend on. */
export interface MetricContext {
  readonly horizon: number
  readonly repeats: number
  readonly informativeness: Informativeness
  readonly prices?: Prices
  /** Where turn labels come from; default: the rules. */
  readonly strategies?: ReadStrategies
  /** Where the demands of the feedback come from; default: the verifier's diagnostics. */
  readonly demands?: ReadDemand
}

const upTo = (last: number, first = 1): ReadonlyArray<number> =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)

/** 1, 2, 4, … and the number itself. */
const doublings = (last: number): ReadonlyArray<number> =>
  upTo(last).filter((k) => k === last || Number.isInteger(Math.log2(k)))

const families: Readonly<Record<string, (context: MetricContext) => ReadonlyArray<AnyMetric>>> = {
  "success@k": ({ horizon }) => upTo(horizon).map(successWithin),
  "gain@k": ({ horizon }) => upTo(horizon, 2).map(gainAt),
  "pass@k": ({ repeats }) => doublings(repeats).map(passAt),
  "pass^k": ({ repeats }) => doublings(repeats).map(passHat),
  "avg@k": ({ repeats }) => [averageAt(repeats)],
  "turns:k": ({ strategies }) => strategyShares(strategies)
}

const parametric: Readonly<Record<string, (k: number) => AnyMetric>> = {
  "success@": successWithin,
  "fix@": fixWithin,
  "gain@": gainAt,
  "gain-after@": gainAfter,
  "pass@": passAt,
  "pass^": passHat,
  "avg@": averageAt
}

const singles = (context: MetricContext): ReadonlyArray<AnyMetric> => {
  const slope = gainPerTurn(context.horizon)
  return [
    success,
    ...(slope === undefined ? [] : [slope]),
    ...standardMetrics(context.horizon),
    uptake(context.informativeness, context.demands),
    aptitude(),
    unreliability(),
    ...strategyShares(context.strategies ?? labelStrategies),
    ...abstentionMetrics(context.strategies),
    leakRate(),
    leakDrafts,
    inputTokens,
    outputTokens,
    tokensPerSuccess,
    cost(context.prices)
  ]
}

const find = (name: string, context: MetricContext): ReadonlyArray<AnyMetric> | undefined => {
  if (Object.hasOwn(families, name)) return families[name]?.(context)
  const single = singles(context).find((metric) => metric.name === name)
  if (single !== undefined) return [single]
  // no slope over one turn
  if (name === "gain-per-turn") return []
  const match = /^([a-z-]+[@^])([1-9]\d*)$/.exec(name)
  const [, stem = "", k = ""] = match ?? []
  return Object.hasOwn(parametric, stem)
    ? [parametric[stem]?.(Number(k))].filter(isMetric)
    : undefined
}

const isMetric = (metric: AnyMetric | undefined): metric is AnyMetric => metric !== undefined

/**
 * The metrics of these names, each once, in their order. Known are the names of `standardMetrics`,
 * `success`, `gain-per-turn`, `uptake`, `aptitude`, `unreliability`, those of `abstentionMetrics`,
 * `turns:<strategy>`, `leak-rate`, `leak-drafts`, `input-tokens`, `output-tokens`,
 * `tokens-per-success`, `cost`; `success@3`, `gain@3`, `gain-after@4`, `pass@8`, `pass^8`, `avg@8` for
 * any number; and with a `k` (`turns:k` too) the whole family as far as the condition goes. Fails with
 * an {@link EvaluationError} that names the unknown ones.
 */
export const metricsNamed = (
  names: ReadonlyArray<string>,
  context: MetricContext
): Result.Result<ReadonlyArray<AnyMetric>, EvaluationError> => {
  const found = names.map((name) => ({ name, metrics: find(name, context) }))
  const unknown = found.filter(({ metrics }) => metrics === undefined).map(({ name }) => name)
  if (unknown.length > 0) {
    return Result.fail(
      new EvaluationError({
        reason: `No metric is called ${unknown.join(", ")}; the README of eval-harness lists the names.`
      })
    )
  }
  const metrics = found.flatMap(({ metrics: some }) => some ?? [])
  return Result.succeed([...new Map(metrics.map((metric) => [metric.name, metric])).values()])
}
