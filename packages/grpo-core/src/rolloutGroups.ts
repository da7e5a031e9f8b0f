/** The groups of one step, with fresh tasks in the place of those that teach nothing. */
import type { Group, Student, Task, Teacher, Verifier } from "@sml/env-pomdp"
import { mixSeed, rolloutGroup } from "@sml/env-pomdp"
import * as Effect from "effect/Effect"

import type { AdvantageForm } from "./AdvantageForm.ts"
import { type ScoreError, scoreGroup } from "./ScoredGroup.ts"

/** What a step asks of the source of tasks. */
export interface TaskRequest {
  /** From 0. */
  readonly step: number
  /** Unsigned 32-bit integer, a function of the run's seed, the step and the round. */
  readonly seed: number
  /** How many replacements are wanted, at most; absent in the first request of a step. */
  readonly count?: number
}

/** Where tasks come from. */
export type TaskFunction<E, R> = (request: TaskRequest) => Effect.Effect<ReadonlyArray<Task>, E, R>

/** How the groups of a step are rolled out. */
export interface RolloutGroupsOptions {
  readonly step: number
  /** Of the step. */
  readonly seed: number
  readonly groupSize: number
  readonly horizon: number
  /** Largest number of groups that are rolled out in place of others. */
  readonly replacements: number
  readonly discount: number
  readonly advantage: AdvantageForm
}

/** `groups` holds them all, those that were replaced included: `update` counts and drops these. */
export interface RolledGroups {
  readonly groups: ReadonlyArray<Group>
  /** How many groups stand in the place of others. */
  readonly replaced: number
}

/**
 * Takes tasks and rolls out a group about each of them, all concurrently. Groups that teach nothing
 * (all returns equal, or failures have left fewer than two episodes) are made up for by groups about
 * fresh tasks, round by round, until every place is filled, `replacements` of them were rolled out, or
 * the source has no more. Nothing is thrown away: metrics are over all groups, so that easy and hopeless
 * tasks stay visible.
 *
 * @example
 * ```ts no-run
 * const { groups, replaced } = yield* rolloutGroups(({ count = 32, seed }) => source.take(count, seed), {
 *   step: 0,
 *   seed: 7,
 *   groupSize: 8,
 *   horizon: 4,
 *   replacements: 16,
 *   discount: 0.7,
 *   advantage: { _tag: "GroupStd", epsilon: 1e-6, std: "population" }
 * })
 * ```
 */
export const rolloutGroups = Effect.fn("grpo-core.rolloutGroups")(function* <E, R>(
  tasks: TaskFunction<E, R>,
  options: RolloutGroupsOptions
): Effect.fn.Return<RolledGroups, E | ScoreError, R | Student | Teacher | Verifier> {
  const batch = yield* tasks({ step: options.step, seed: options.seed })
  return yield* rolloutBatch(batch, tasks, options)
})

/** {@link rolloutGroups} from the tasks of the first request on. */
export const rolloutBatch = Effect.fnUntraced(function* <E, R>(
  batch: ReadonlyArray<Task>,
  tasks: TaskFunction<E, R>,
  { groupSize, horizon, seed, step, ...options }: RolloutGroupsOptions
): Effect.fn.Return<RolledGroups, E | ScoreError, R | Student | Teacher | Verifier> {
  const roll = (some: ReadonlyArray<Task>, first: number) =>
    Effect.forEach(
      some,
      (task, index) =>
        rolloutGroup(task, { size: groupSize, horizon, seed: mixSeed(seed, first + index, 4) }),
      { concurrency: "unbounded" }
    )
  return yield* replaceGroups<E, R | Student | Teacher | Verifier>(yield* roll(batch, 0), {
    ...options,
    roll,
    fresh: (round, count) => tasks({ step, seed: mixSeed(seed, round, 5), count })
  })
})

/** How groups are replaced. */
export interface ReplaceOptions<E, R> {
  /** Rolls out a group about each task, of which the first is number `first` of the step. */
  readonly roll: (
    tasks: ReadonlyArray<Task>,
    first: number
  ) => Effect.Effect<ReadonlyArray<Group>, E, R>
  /** At most `count` fresh tasks; `round` counts from 1. */
  readonly fresh: (round: number, count: number) => Effect.Effect<ReadonlyArray<Task>, E, R>
  /** Largest number of groups that are rolled out in place of others. */
  readonly replacements: number
  readonly discount: number
  readonly advantage: AdvantageForm
}

/**
 * Makes up for groups that teach nothing, as {@link rolloutGroups} does, where the caller rolls out
 * itself: the result has `groups` and after them what stands in the place of some.
 *
 * @example
 * ```ts no-run
 * const { groups, replaced } = yield* replaceGroups(rolled, {
 *   roll: (tasks, first) => Effect.forEach(tasks, (task, index) => dialogues(task, first + index)),
 *   fresh: (round, count) => source.take(count, round),
 *   replacements: 16,
 *   discount: 0.7,
 *   advantage: { _tag: "GroupStd", epsilon: 1e-6, std: "population" }
 * })
 * ```
 */
export const replaceGroups = Effect.fn("grpo-core.replaceGroups")(function* <E, R>(
  groups: ReadonlyArray<Group>,
  { advantage, discount, fresh, replacements, roll }: ReplaceOptions<E, R>
): Effect.fn.Return<RolledGroups, E | ScoreError, R> {
  const teachesNothing = (group: Group) =>
    Effect.map(
      Effect.fromResult(scoreGroup(group, { discount, advantage })),
      ({ dropped }) => dropped !== undefined
    )
  const all = [...groups]
  let latest = groups
  let replaced = 0
  for (let round = 1; replaced < replacements; round++) {
    const empty = yield* Effect.filter(latest, teachesNothing)
    const count = Math.min(empty.length, replacements - replaced)
    if (count === 0) break
    const tasks = yield* fresh(round, count)
    latest = yield* roll(tasks.slice(0, count), all.length)
    if (latest.length === 0) break
    all.push(...latest)
    replaced += latest.length
  }
  return { groups: all, replaced }
})
