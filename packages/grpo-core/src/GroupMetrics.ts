/** What the rollouts of one step looked like, under the field's names. */
import type { Episode, Task } from "@sml/env-pomdp"
import { labelTurns, prematureAttempts, studentTurns, successTurn } from "@sml/env-pomdp"
import * as Schema from "effect/Schema"

import type { ScoredGroup } from "./ScoredGroup.ts"

/**
 * Means are over episodes without a failed party unless the line says otherwise.
 *
 * - `reward`: mean reward, 0 or 1 an episode; `return`: mean discounted return.
 * - `reward_std`: mean over groups of the standard deviation of the returns; `frac_reward_zero_std`:
 *   fraction of groups whose returns are all equal. Groups of at least two episodes count.
 * - `success_by_turn[t]`: fraction of episodes solved within `t + 1` turns, up to the horizon.
 * - `turns`, `attempts`, `questions`, `premature_attempts`: mean number an episode.
 * - `completions/mean_length`: mean number of sampled tokens a student turn.
 * - `entropy`: mean of `−logprob` over all sampled tokens (nats), an unbiased estimate of the
 *   policy's entropy a token.
 * - `by_group/*`: fractions of the groups with any episode left that are mixed, all solved, unsolved.
 * - `leak_rate`: fraction of the teacher's replies that give the answer away, where a `LeakDetector`
 *   says so.
 * - `groups/*`, `episodes/*`: counts. `groups/zero_std` (whose returns
 *   are all equal; dropped, unless the advantages compare over the batch) and
 *   `groups/too_few_episodes` (dropped).
 */
export const GroupMetrics = Schema.Struct({
  reward: Schema.Finite,
  return: Schema.Finite,
  reward_std: Schema.Finite,
  frac_reward_zero_std: Schema.Finite,
  success_by_turn: Schema.Array(Schema.Finite),
  turns: Schema.Finite,
  attempts: Schema.Finite,
  questions: Schema.Finite,
  premature_attempts: Schema.Finite,
  "completions/mean_length": Schema.Finite,
  entropy: Schema.Finite,
  "by_group/frac_mixed": Schema.Finite,
  "by_group/frac_all_good": Schema.Finite,
  "by_group/frac_all_bad": Schema.Finite,
  "groups/count": Schema.Int,
  "groups/zero_std": Schema.Int,
  "groups/too_few_episodes": Schema.Int,
  "episodes/count": Schema.Int,
  "episodes/failed": Schema.Int,
  leak_rate: Schema.optionalKey(Schema.Finite)
})
export type GroupMetrics = typeof GroupMetrics.Type

/** Mean of `value` over `items`; 0 of none. */
const mean = <A>(items: ReadonlyArray<A>, value: (item: A) => number): number =>
  items.length === 0 ? 0 : items.reduce((sum, item) => sum + value(item), 0) / items.length

const count = <A>(items: ReadonlyArray<A>, is: (item: A) => boolean): number =>
  items.filter(is).length

/** Fraction of episodes solved within 1, 2, … turns. */
const successByTurn = (episodes: ReadonlyArray<Episode>): ReadonlyArray<number> => {
  const horizon = episodes.reduce((most, { state }) => Math.max(most, state.horizon), 0)
  return Array.from({ length: horizon }, (_, turn) =>
    mean(episodes, (episode) => ((successTurn(episode) ?? Infinity) <= turn + 1 ? 1 : 0))
  )
}

/** Fraction of the replies that leak. */
const leakRate = (
  episodes: ReadonlyArray<Episode>,
  isLeak: (task: Task, text: string) => boolean
): number =>
  mean(
    episodes.flatMap(({ state }) => state.replies.map(({ text }) => isLeak(state.task, text))),
    Number
  )

/** The metrics of scored groups. A turn without a token trace counts as one of length 0. */
export const groupMetrics = (
  groups: ReadonlyArray<ScoredGroup>,
  isLeak?: (task: Task, text: string) => boolean
): GroupMetrics => {
  const episodes = groups.flatMap((group) => group.episodes)
  const turns = episodes.flatMap(studentTurns)
  const logprobs = turns.flatMap((turn) => turn.trace?.logprobs ?? [])
  const judged = groups.filter((group) => group.episodes.length > 0)
  const comparable = groups.filter((group) => group.dropped !== "too-few-episodes")
  const zeroStd = count(comparable, (group) => group.std === 0)
  const allGood = count(judged, (group) => group.episodes.every(({ reward }) => reward === 1))
  const allBad = count(judged, (group) => group.episodes.every(({ reward }) => reward === 0))
  const fraction = (number: number) => number / Math.max(1, judged.length)
  const failed = groups.reduce((sum, group) => sum + group.failed, 0)
  return {
    reward: mean(episodes, (episode) => episode.reward),
    return: mean(
      groups.flatMap((group) => [...group.returns]),
      (value) => value
    ),
    reward_std: mean(comparable, (group) => group.std),
    frac_reward_zero_std: zeroStd / Math.max(1, comparable.length),
    success_by_turn: successByTurn(episodes),
    turns: mean(episodes, (episode) => studentTurns(episode).length),
    attempts: mean(episodes, (episode) =>
      count(labelTurns(episode), (label) => label === "attempt")
    ),
    questions: mean(episodes, (episode) =>
      count(labelTurns(episode), (label) => label === "question")
    ),
    premature_attempts: mean(episodes, (episode) => count(prematureAttempts(episode), Boolean)),
    "completions/mean_length": mean(turns, (turn) => turn.trace?.ids.length ?? 0),
    entropy: mean(logprobs, (logprob) => -logprob),
    "by_group/frac_mixed": fraction(judged.length - allGood - allBad),
    "by_group/frac_all_good": fraction(allGood),
    "by_group/frac_all_bad": fraction(allBad),
    "groups/count": groups.length,
    "groups/zero_std": zeroStd,
    "groups/too_few_episodes": groups.length - comparable.length,
    "episodes/count": episodes.length + failed,
    "episodes/failed": failed,
    ...(isLeak !== undefined && { leak_rate: leakRate(episodes, isLeak) })
  }
}
