/** From groups of episodes to training data. */
import type { Episode, Group, MissingTrace, Task } from "@sml/env-pomdp"
import { studentTurns } from "@sml/env-pomdp"
import type { Datum, DatumError } from "@sml/policy"
import * as Result from "effect/Result"

import { episodeDatum } from "./episodeDatum.ts"
import { type GroupMetrics, groupMetrics } from "./GroupMetrics.ts"
import { NoEpisodes } from "./NoEpisodes.ts"
import { type ScoredGroup, type ScoreError, type ScoreOptions, scoreGroups } from "./ScoredGroup.ts"

/** What stands in the way of training on groups. */
export type GroupDataError = ScoreError | NoEpisodes | MissingTrace | DatumError

/** `data[i]` is episode `episodes[i]`; dropped groups and silent episodes are in neither. */
export interface GroupData {
  readonly data: ReadonlyArray<Datum>
  readonly episodes: ReadonlyArray<Episode>
  readonly groups: ReadonlyArray<ScoredGroup>
  readonly metrics: GroupMetrics
}

/** Whether the student said anything that can be trained on. (The prompt may have filled its context.) */
export const isSilent = (episode: Episode): boolean =>
  studentTurns(episode).every(({ trace }) => trace?.ids.length === 0)

/**
 * Scores the groups and turns their episodes into data. Episodes in which a party failed are left
 * out and counted; groups whose returns are all equal, and groups of which fewer than two episodes
 * are left, are dropped and counted. An empty `data` therefore is no error: there was nothing to
 * learn. That every single episode failed is one, {@link NoEpisodes}.
 */
export const groupData = (
  groups: ReadonlyArray<Group>,
  options: ScoreOptions & {
    /** Measures `leak_rate`. */
    readonly isLeak?: (task: Task, text: string) => boolean
  }
): Result.Result<GroupData, GroupDataError> =>
  Result.gen(function* () {
    const scored = yield* scoreGroups(groups, options)
    const metrics = groupMetrics(scored, options.isLeak)
    const failed = metrics["episodes/failed"]
    if (metrics["episodes/count"] === failed) {
      const first = groups.flatMap((group) => group.episodes)[0]
      return yield* Result.fail(
        new NoEpisodes({
          failed,
          ...(first?.failure === undefined ? {} : { failure: first.failure })
        })
      )
    }
    const data: Array<Datum> = []
    const episodes: Array<Episode> = []
    for (const group of scored) {
      if (group.dropped !== undefined) continue
      for (const [index, episode] of group.episodes.entries()) {
        if (isSilent(episode)) continue
        data.push(yield* episodeDatum(episode, group.advantages[index] ?? 0))
        episodes.push(episode)
      }
    }
    return { data, episodes, groups: scored, metrics }
  })
