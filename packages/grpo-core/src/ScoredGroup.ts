/** One group with its returns and advantages. */
import type { Episode, Group, Task } from "@sml/env-pomdp"
import { discountedReturn, isFailed } from "@sml/env-pomdp"
import * as Result from "effect/Result"

import { groupAdvantages } from "./groupAdvantages.ts"
import { GroupTooSmall, MixedTasks, NonFiniteReturn } from "./GroupError.ts"

/**
 * - `episodes`: the episodes of the group in which no party failed, in order; `failed` counts the
 *   others, whose reward says nothing about the student.
 * - `returns`, `advantages`: of each of `episodes`; `std` is that of `returns`.
 * - `dropped`: why the group teaches nothing, if so: its returns are all equal, or failures have
 *   left fewer than two episodes to compare. Its advantages are then 0.
 */
export interface ScoredGroup {
  readonly task: Task
  readonly episodes: ReadonlyArray<Episode>
  readonly failed: number
  readonly returns: Float64Array
  readonly advantages: Float64Array
  readonly std: number
  readonly dropped: "zero-variance" | "too-few-episodes" | undefined
}

/** How a group is scored. */
export interface ScoreOptions {
  /** γ per turn; an episode's return is `γ^(t*−1)` for a first success at turn `t*`, else 0. */
  readonly discount: number
  /** ε of the standard deviation. */
  readonly epsilon: number
}

/**
 * Discounted returns and advantages of one group. Fails with {@link MixedTasks} when an episode is
 * about another task, with {@link GroupTooSmall} when the group was made of fewer than two episodes,
 * and with {@link NonFiniteReturn} when a return is not finite.
 */
export const scoreGroup = (
  group: Group,
  { discount, epsilon }: ScoreOptions
): Result.Result<ScoredGroup, MixedTasks | GroupTooSmall | NonFiniteReturn> => {
  const { task } = group
  for (const { state } of group.episodes) {
    if (state.task.id !== task.id) {
      return Result.fail(
        new MixedTasks({ task: task.id, other: state.task.id, episode: state.episode })
      )
    }
  }
  const size = group.episodes.length
  if (size < 2) return Result.fail(new GroupTooSmall({ size, task: task.id }))

  const episodes = group.episodes.filter((episode) => !isFailed(episode))
  const failed = size - episodes.length
  const returns = Float64Array.from(episodes, (episode) => discountedReturn(episode, discount))
  if (episodes.length < 2) {
    return Result.succeed({
      task,
      episodes,
      failed,
      returns,
      advantages: new Float64Array(episodes.length),
      std: 0,
      dropped: "too-few-episodes"
    })
  }
  return groupAdvantages(returns, { epsilon }).pipe(
    Result.map(({ advantages, degenerate, std }) => ({
      task,
      episodes,
      failed,
      returns,
      advantages,
      std,
      dropped: degenerate ? ("zero-variance" as const) : undefined
    })),
    Result.mapError((error) =>
      error._tag === "GroupTooSmall"
        ? new GroupTooSmall({ size: error.size, task: task.id })
        : new NonFiniteReturn({ index: error.index, value: error.value, task: task.id })
    )
  )
}
