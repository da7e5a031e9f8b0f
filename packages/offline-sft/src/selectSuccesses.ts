/** Rejection sampling: which dialogues to learn from. */
import type { Episode } from "@sml/env-pomdp"
import { isFailed } from "@sml/env-pomdp"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/**
 * - `dedup`: keep one of several dialogues about one task in which every turn reads the same.
 * - `perTask`: keep at most so many about one task, the first ones, so that easy tasks do not crowd
 *   out the others; all if absent.
 */
export const SelectOptions = Schema.Struct({
  dedup: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(true))),
  perTask: Schema.optionalKey(Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(1))))
})
export type SelectOptions = typeof SelectOptions.Type

/** How many dialogues went which way; all but `episodes` and `successes` are disjoint. */
export interface SelectionCounts {
  readonly episodes: number
  /** Broken off by a failure of a party. */
  readonly failed: number
  readonly successes: number
  /** Successes left out because another one reads the same. */
  readonly duplicates: number
  /** Successes left out because their task already has `perTask`. */
  readonly surplus: number
  readonly kept: number
}

/** The successful dialogues, in order, and what became of the others. */
export interface Selection {
  readonly kept: ReadonlyArray<Episode>
  readonly counts: SelectionCounts
}

const words = ({ state }: Episode): string =>
  JSON.stringify([state.task.id, ...state.history.map(({ text }) => text)])

/**
 * Keeps the dialogues that ended in success (arXiv:2602.16488, offline RL), without duplicates and
 * with at most `perTask` about one task.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { type Episode, reset } from "@sml/env-pomdp"
 * import { selectSuccesses } from "@sml/offline-sft"
 *
 * const task = { id: "1+1", domain: "math", prompt: "1 + 1 ?", knowledge: 2, missing: [] }
 * const ended = (reward: 0 | 1): Episode => ({
 *   state: reset(task, { horizon: 4 }),
 *   stop: reward === 1 ? "correct" : "horizon",
 *   reward
 * })
 * const { counts, kept } = selectSuccesses([ended(1), ended(0), ended(1)], { dedup: true })
 * assert.equal(kept.length, 1)
 * assert.equal(counts.duplicates, 1)
 * ```
 */
export const selectSuccesses = (
  episodes: ReadonlyArray<Episode>,
  { dedup, perTask = Infinity }: SelectOptions
): Selection => {
  const successes = episodes.filter((episode) => episode.reward === 1)
  const seen = new Set<string>()
  const taken = new Map<string, number>()
  const kept: Array<Episode> = []
  let duplicates = 0
  let surplus = 0
  for (const episode of successes) {
    const text = words(episode)
    const { id } = episode.state.task
    const before = taken.get(id) ?? 0
    if (dedup && seen.has(text)) {
      duplicates += 1
    } else if (before >= perTask) {
      surplus += 1
    } else {
      seen.add(text)
      taken.set(id, before + 1)
      kept.push(episode)
    }
  }
  return {
    kept,
    counts: {
      episodes: episodes.length,
      failed: episodes.filter(isFailed).length,
      successes: successes.length,
      duplicates,
      surplus,
      kept: kept.length
    }
  }
}
