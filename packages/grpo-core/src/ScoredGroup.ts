/** One group with its returns and advantages. */
import type { Episode, Group, Task } from "@sml/env-pomdp"
import { discountedReturn, isFailed } from "@sml/env-pomdp"
import * as Result from "effect/Result"

import type { AdvantageForm } from "./AdvantageForm.ts"
import { type AdvantageError, advantages } from "./advantages.ts"
import { returnsFault } from "./groupAdvantages.ts"
import {
  AdvantageOverflow,
  GroupTooSmall,
  MixedTasks,
  NegativeReturn,
  NonFiniteReturn
} from "./GroupError.ts"

/**
 * - `episodes`: the episodes of the group in which no party failed, in order; `failed` counts the
 *   others, whose reward says nothing about the student.
 * - `returns`, `advantages`: of each of `episodes`; `std` is that of `returns`.
 * - `dropped`: why the group teaches nothing, if so: its returns are all equal, or failures have
 *   left fewer than two episodes to compare. Its advantages are then 0. Forms that
 *   compare over the batch drop a group only when the whole batch is equal.
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

/** How groups are scored. */
export interface ScoreOptions {
  /** γ per turn; an episode's return is `γ^(t*−1)` for a first success at turn `t*`, else 0. */
  readonly discount: number
  /** From returns to advantages. */
  readonly advantage: AdvantageForm
  /** Subtracted from the return of an episode (a KL penalty, say); default 0. */
  readonly penalty?: (episode: Episode) => number
}

/** What stands in the way of comparing the episodes of a group. */
export type ScoreError = MixedTasks | AdvantageError

/** A group whose episodes have returns, and no advantages yet. */
type Returned = Pick<ScoredGroup, "task" | "episodes" | "failed" | "returns">

const returnsOf = (
  group: Group,
  { discount, penalty = () => 0 }: ScoreOptions
): Result.Result<Returned, MixedTasks | GroupTooSmall | NonFiniteReturn> => {
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
  const returns = Float64Array.from(
    episodes,
    (episode) => discountedReturn(episode, discount) - penalty(episode)
  )
  const fault = episodes.length < 2 ? undefined : returnsFault(returns, { task: task.id })
  return fault === undefined
    ? Result.succeed({ task, episodes, failed: size - episodes.length, returns })
    : Result.fail(fault)
}

/** The error with the group's task in place of its number. */
const atTask = (error: AdvantageError, tasks: ReadonlyArray<Task>): AdvantageError => {
  const task = error.group === undefined ? undefined : tasks[error.group]?.id
  if (task === undefined) return error
  switch (error._tag) {
    case "GroupTooSmall":
      return new GroupTooSmall({ size: error.size, task })
    case "NonFiniteReturn":
      return new NonFiniteReturn({ index: error.index, value: error.value, task })
    case "NegativeReturn":
      return new NegativeReturn({ index: error.index, value: error.value, task })
    case "AdvantageOverflow":
      return new AdvantageOverflow({ index: error.index, task })
    default:
      return error satisfies never
  }
}

/**
 * Discounted returns and advantages of the groups of one batch, in order: the one place where returns
 * are computed. Fails with {@link MixedTasks} when an episode is about another task than its group,
 * with {@link GroupTooSmall} when a group was made of fewer than two episodes, and with
 * {@link NonFiniteReturn}, {@link NegativeReturn} or {@link AdvantageOverflow} where the form has no
 * answer.
 */
export const scoreGroups = (
  groups: ReadonlyArray<Group>,
  options: ScoreOptions
): Result.Result<ReadonlyArray<ScoredGroup>, ScoreError> =>
  Result.gen(function* () {
    const returned: Array<Returned> = []
    for (const group of groups) returned.push(yield* returnsOf(group, options))
    const compared = returned.filter(({ episodes }) => episodes.length > 1)
    const results = yield* Result.mapError(
      advantages(
        compared.map(({ returns }) => returns),
        options.advantage
      ),
      (error) =>
        atTask(
          error,
          compared.map(({ task }) => task)
        )
    )
    return returned.map((one): ScoredGroup => {
      const { episodes, failed, returns, task } = one
      const result = results[compared.indexOf(one)]
      return {
        task,
        episodes,
        failed,
        returns,
        advantages: result?.advantages ?? new Float64Array(episodes.length),
        std: result?.std ?? 0,
        dropped:
          result === undefined
            ? "too-few-episodes"
            : result.degenerate
              ? "zero-variance"
              : undefined
      }
    })
  })

/** {@link scoreGroups} of one group. */
export const scoreGroup = (
  group: Group,
  options: ScoreOptions
): Result.Result<ScoredGroup, ScoreError> =>
  Result.flatMap(scoreGroups([group], options), ([scored]) =>
    scored === undefined
      ? Result.fail(new GroupTooSmall({ size: 0, task: group.task.id }))
      : Result.succeed(scored)
  )
