/** The metrics of a set of episodes, each with its interval and n. */
import type { Episode } from "@sml/env-pomdp"
import { isFailed } from "@sml/env-pomdp"
import * as Schema from "effect/Schema"

import type { BootstrapOptions } from "./bootstrapInterval.ts"
import { drawResamples } from "./bootstrapInterval.ts"
import { Estimate } from "./Estimate.ts"
import { estimateRatio } from "./estimateRatio.ts"
import { standardMetrics } from "./Metric.ts"
import { metricKey } from "./MetricText.ts"
import type { Ratio } from "./Ratio.ts"
import { sumRatios } from "./Ratio.ts"
import type { AnyMetric } from "./TaskMetric.ts"

/**
 * Estimates by key: `"success@1"` … `"success@<horizon>"`, `"fix"`, `"questions"`, … (see
 * `standardMetrics`), with the condition in front where the teacher was not the informative one:
 * `"content-free/success@4"`. A metric without any occasion (no wrong attempt, no underspecified
 * task) is absent, never a made-up number.
 */
export const Summary = Schema.Record(Schema.String, Estimate)
export type Summary = typeof Summary.Type

/** Settings of {@link summarise}. */
export interface SummaryOptions extends BootstrapOptions {
  /** What to measure; default `standardMetrics` of the episodes' horizon. */
  readonly metrics?: ReadonlyArray<AnyMetric>
}

const taskKey = (episode: Episode): string =>
  JSON.stringify([episode.state.task.domain, episode.state.task.id])

/** Episodes by task, in the order in which the tasks first come. */
export const groupByTask = (
  episodes: ReadonlyArray<Episode>
): ReadonlyMap<string, ReadonlyArray<Episode>> => Map.groupBy(episodes, taskKey)

/** What the episodes about one task contribute to a metric. */
export const measureEpisodes = (metric: AnyMetric, episodes: ReadonlyArray<Episode>): Ratio => {
  if ("measureTask" in metric) {
    return metric.measureTask(episodes.filter((episode) => !isFailed(episode)))
  }
  return sumRatios(
    episodes
      .filter((episode) => metric.countsFailed === true || !isFailed(episode))
      .map((episode) => metric.measure(episode))
  )
}

/**
 * Measures episodes. Those that a party broke off are counted under `failed` and left out of the
 * rest. Where episodes have different horizons, `success@k` goes up to the smallest.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { type Episode, reset } from "@sml/env-pomdp"
 * import { summarise } from "@sml/eval-harness"
 *
 * const task = { id: "1+1", domain: "math", prompt: "1 + 1 ?", knowledge: 2, missing: [] }
 * const wrong = { _tag: "Attempt", correct: false, diagnostics: null } as const
 * const right = { _tag: "Attempt", correct: true, diagnostics: null } as const
 * const state = { ...reset(task, { horizon: 4 }), verdicts: [wrong, right] }
 * const episode: Episode = { state, stop: "correct", reward: 1 }
 *
 * const summary = summarise([episode])
 * assert.equal(summary["success@1"]?.value, 0)
 * assert.equal(summary["success@4"]?.value, 1)
 * assert.equal(summary["fix"]?.n, 1)
 * assert.equal(summary["premature"], undefined)
 * ```
 */
export const summarise = (
  episodes: ReadonlyArray<Episode>,
  options: SummaryOptions = {}
): Summary => {
  const clusters = [...groupByTask(episodes).values()]
  if (clusters.length === 0) return {}
  const horizon = episodes.reduce((least, { state }) => Math.min(least, state.horizon), Infinity)
  const draw = drawResamples(clusters.length, options)
  const summary: Record<string, Estimate> = {}
  for (const metric of options.metrics ?? standardMetrics(horizon)) {
    const ratios = clusters.map((cluster) => measureEpisodes(metric, cluster))
    const estimate = estimateRatio(ratios, { range: metric.range, draw })
    if (estimate !== undefined) summary[metric.name] = estimate
  }
  return summary
}

/**
 * One summary of several conditions: episodes by how the teacher behaved, `informative` without a
 * prefix, the others with it (`"content-free/success@4"`).
 */
export const summariseConditions = (
  conditions: Readonly<Record<string, ReadonlyArray<Episode>>>,
  options: SummaryOptions = {}
): Summary =>
  Object.fromEntries(
    Object.entries(conditions).flatMap(([condition, episodes]) =>
      Object.entries(summarise(episodes, options)).map(([name, estimate]) => [
        metricKey(condition, name),
        estimate
      ])
    )
  )
