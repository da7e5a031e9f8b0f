/** The result of a protocol. */
import type { Episode } from "@sml/env-pomdp"
import { isFailed } from "@sml/env-pomdp"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import { DomainSummaries } from "./BeforeAfter.ts"
import type { BootstrapOptions } from "./bootstrapInterval.ts"
import { comparePairs } from "./Comparison.ts"
import { Estimate } from "./Estimate.ts"
import type { EvaluationError } from "./EvaluationError.ts"
import { EvaluationSettings } from "./EvaluationSettings.ts"
import type { DialogueRecord } from "./EvaluationStore.ts"
import type { MetricContext } from "./metricsNamed.ts"
import { metricsNamed } from "./metricsNamed.ts"
import { metricKey } from "./MetricText.ts"
import type { Protocol, ProtocolCondition } from "./Protocol.ts"
import { labelStrategies } from "./ResponseStrategy.ts"
import { measureEpisodes, summarise, type Summary } from "./Summary.ts"
import type { AnyMetric } from "./TaskMetric.ts"

/**
 * Two conditions on the same tasks: `difference` is after − before with its interval, `n` = tasks;
 * `pValue` of the paired permutation test.
 */
export const ConditionComparison = Schema.Struct({
  domain: Schema.String,
  metric: Schema.String,
  before: Schema.String,
  after: Schema.String,
  difference: Estimate,
  pValue: Schema.Finite,
  exact: Schema.Boolean
})
export type ConditionComparison = typeof ConditionComparison.Type

/**
 * What `--json` writes.
 *
 * - `results`: by domain, then by condition and metric: `results.math["binary/success@4"]`.
 * - `failures`: dialogues that a party broke off, with its sentence; `notPlayed`: tasks that a
 *   condition could not tell (no shards, no goals).
 * - `dialogues`: how many there are, failed ones included; `damagedLines`: of the transcripts.
 */
export const Evaluation = Schema.Struct({
  settings: EvaluationSettings,
  results: DomainSummaries,
  comparisons: Schema.Array(ConditionComparison),
  dialogues: Schema.Int,
  failures: Schema.Array(
    Schema.Struct({
      condition: Schema.String,
      domain: Schema.String,
      task: Schema.String,
      repeat: Schema.Int,
      reason: Schema.String
    })
  ),
  notPlayed: Schema.Record(Schema.String, Schema.Int),
  damagedLines: Schema.Int
})
export type Evaluation = typeof Evaluation.Type

/** Settings of {@link summariseRecords}. */
export interface RecordOptions extends BootstrapOptions, Pick<MetricContext, "prices" | "demands"> {
  /** Metrics of your own, besides those of the protocol. */
  readonly metrics?: ReadonlyArray<AnyMetric>
}

const strategiesOf = (records: ReadonlyArray<DialogueRecord>) => {
  const labels = new Map(records.map(({ episode, labels: each }) => [episode, each]))
  return (episode: Episode) => labels.get(episode) ?? labelStrategies(episode)
}

const contextOf = (
  { horizon, informativeness, repeats }: ProtocolCondition,
  records: ReadonlyArray<DialogueRecord>,
  { demands, prices }: RecordOptions
): MetricContext => ({
  horizon,
  informativeness,
  repeats,
  strategies: strategiesOf(records),
  ...(prices === undefined ? {} : { prices }),
  ...(demands === undefined ? {} : { demands })
})

const domainsOf = (records: ReadonlyArray<DialogueRecord>): ReadonlyArray<string> => [
  ...new Set(records.map(({ domain }) => domain))
]

/** Metrics that can be measured in one condition, with its horizon and labels. */
const metricsOf = (
  protocol: Protocol,
  condition: ProtocolCondition,
  records: ReadonlyArray<DialogueRecord>,
  options: RecordOptions
) =>
  Result.map(metricsNamed(protocol.metrics, contextOf(condition, records, options)), (metrics) => [
    ...metrics,
    ...(options.metrics ?? [])
  ])

const byTask = (records: ReadonlyArray<DialogueRecord>) =>
  new Map(
    [...Map.groupBy(records, ({ task }) => task)].map(([task, some]) => [
      task,
      some.map(({ episode }) => episode)
    ])
  )

/** The comparison of two conditions by the protocol's metric, on the tasks that both have. */
const compareConditions = (
  protocol: Protocol,
  records: ReadonlyArray<DialogueRecord>,
  domain: string,
  names: Protocol["comparisons"][number],
  options: RecordOptions
): Result.Result<ReadonlyArray<ConditionComparison>, EvaluationError> =>
  Result.gen(function* () {
    const sideOf = function* (name: string) {
      const condition = protocol.conditions.find((each) => each.name === name)
      if (condition === undefined) return undefined
      const some = records.filter((each) => each.domain === domain && each.condition === name)
      const [metric] = yield* metricsNamed(
        [protocol.comparedMetric],
        contextOf(condition, some, options)
      )
      return metric === undefined ? undefined : { metric, tasks: byTask(some) }
    }
    const before = yield* sideOf(names.before)
    const after = yield* sideOf(names.after)
    if (before === undefined || after === undefined) return []
    const pairs = [...before.tasks].flatMap(([task, episodes]) => {
      const others = after.tasks.get(task)
      return others === undefined
        ? []
        : [
            {
              before: measureEpisodes(before.metric, episodes),
              after: measureEpisodes(after.metric, others)
            }
          ]
    })
    const compared = comparePairs(pairs, options)
    return compared === undefined
      ? []
      : [
          {
            ...names,
            domain,
            metric: after.metric.name,
            difference: compared.difference,
            pValue: compared.pValue,
            exact: compared.exact
          }
        ]
  })

/**
 * The numbers of the dialogues of a protocol: a summary for every domain and condition, the
 * comparisons, the failures. Fails with an `EvaluationError` when the protocol names an unknown metric.
 */
export const summariseRecords = (
  protocol: Protocol,
  records: ReadonlyArray<DialogueRecord>,
  options: RecordOptions = {}
): Result.Result<Pick<Evaluation, "results" | "comparisons" | "failures">, EvaluationError> =>
  Result.gen(function* () {
    // unknown names are told even where there is nothing to measure
    for (const condition of protocol.conditions) {
      yield* metricsNamed(
        [...protocol.metrics, protocol.comparedMetric],
        contextOf(condition, [], options)
      )
    }
    const results: Record<string, Summary> = {}
    const comparisons: Array<ConditionComparison> = []
    for (const domain of domainsOf(records)) {
      const summary: Record<string, Estimate> = {}
      for (const condition of protocol.conditions) {
        const some = records.filter(
          (each) => each.domain === domain && each.condition === condition.name
        )
        const metrics = yield* metricsOf(protocol, condition, some, options)
        const episodes = some.map(({ episode }) => episode)
        for (const [name, estimate] of Object.entries(
          summarise(episodes, { ...options, metrics })
        )) {
          summary[metricKey(condition.name, name)] = estimate
        }
      }
      results[domain] = summary
      for (const names of protocol.comparisons) {
        comparisons.push(...(yield* compareConditions(protocol, records, domain, names, options)))
      }
    }
    const failures = records.flatMap(({ condition, domain, episode, repeat, task }) =>
      isFailed(episode) ? [{ condition, domain, task, repeat, reason: episode.failure ?? "" }] : []
    )
    return { results, comparisons, failures }
  })
