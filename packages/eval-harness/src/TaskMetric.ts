/** What can only be measured over several dialogues about one task. */
import type { Episode } from "@sml/env-pomdp"
import { successTurn } from "@sml/env-pomdp"

import { quantile } from "./internal/quantile.ts"
import type { Metric } from "./Metric.ts"
import { passAtK, passHatK } from "./passAtK.ts"
import type { Ratio } from "./Ratio.ts"
import { emptyRatio } from "./Ratio.ts"

/**
 * Like a `Metric`, but of all dialogues about one task together: `measureTask` gets those that no
 * party broke off, in the order of their repeats.
 */
export interface TaskMetric {
  readonly name: string
  readonly range: readonly [least: number, most: number]
  readonly measureTask: (episodes: ReadonlyArray<Episode>) => Ratio
}

/** Either kind of metric; wherever metrics are listed both may stand. */
export type AnyMetric = Metric | TaskMetric

/** One value per task; a task without one does not count. */
const perTask = (
  name: string,
  value: (episodes: ReadonlyArray<Episode>) => number | undefined
): TaskMetric => ({
  name,
  range: [0, 1],
  measureTask: (episodes) => {
    const numerator = value(episodes)
    return numerator === undefined ? emptyRatio : { numerator, denominator: 1 }
  }
})

const successes = (episodes: ReadonlyArray<Episode>): number =>
  episodes.filter((episode) => successTurn(episode) !== undefined).length

/**
 * `pass@k`: the chance that one of `k` dialogues about a task succeeds (unbiased, see `passAtK`),
 * averaged over tasks; n = tasks with at least `k` dialogues.
 */
export const passAt = (k: number): TaskMetric =>
  perTask(`pass@${k}`, (episodes) =>
    episodes.length < k ? undefined : passAtK(episodes.length, successes(episodes), k)
  )

/** `pass^k`: the same for `k` dialogues that all succeed. */
export const passHat = (k: number): TaskMetric =>
  perTask(`pass^${k}`, (episodes) =>
    episodes.length < k ? undefined : passHatK(episodes.length, successes(episodes), k)
  )

/** `avg@k`: the share of the first `k` dialogues about a task that succeed; n = dialogues. */
export const averageAt = (k: number): TaskMetric => ({
  name: `avg@${k}`,
  range: [0, 1],
  measureTask: (episodes) =>
    episodes.length < k
      ? emptyRatio
      : { numerator: successes(episodes.slice(0, k)), denominator: k }
})

/** What a dialogue is worth, from 0 to 1. */
export type Score = (episode: Episode) => number

const reward: Score = (episode) => episode.reward

const percentileOf = (episodes: ReadonlyArray<Episode>, score: Score, q: number): number =>
  quantile(Float64Array.from(episodes, score).toSorted(), q)

/**
 * `aptitude`: what a student reaches on a task in its good dialogues, the 90th percentile of the
 * scores of the task's repeats (interpolated as numpy does), averaged over tasks; n = tasks with at
 * least two dialogues. `score` is the reward unless given, for example a discounted return.
 *
 * Source: P. Laban et al., "LLMs Get Lost In Multi-Turn Conversation" (2505.06120), section 4.2.
 */
export const aptitude = (score: Score = reward): TaskMetric =>
  perTask("aptitude", (episodes) =>
    episodes.length < 2 ? undefined : percentileOf(episodes, score, 0.9)
  )

/**
 * `unreliability`: how far a student's good dialogues about a task are from its bad ones, the 90th
 * percentile of the scores less the 10th, averaged over tasks; n = tasks with at least two dialogues.
 *
 * Source: as for `aptitude`.
 */
export const unreliability = (score: Score = reward): TaskMetric =>
  perTask("unreliability", (episodes) =>
    episodes.length < 2
      ? undefined
      : percentileOf(episodes, score, 0.9) - percentileOf(episodes, score, 0.1)
  )
