/** What the lines of a run's two JSON-lines files hold. */
import { Episode } from "@sml/env-pomdp"
import type { Episode as EpisodeType } from "@sml/env-pomdp"
import * as Schema from "effect/Schema"

/**
 * One line of `metrics.jsonl`: the step (1-based), and whatever was measured in it, by name.
 */
export const MetricsLine = Schema.StructWithRest(Schema.Struct({ step: Schema.Int }), [
  Schema.Record(Schema.String, Schema.Json)
])
export type MetricsLine = typeof MetricsLine.Type

/**
 * One line of `episodes.jsonl`: a whole dialogue, the step in which it was held (0 before the first)
 * and what it was for, such as `train` or `before/math/informative`.
 */
export const EpisodeLine = Schema.Struct({
  step: Schema.Int,
  phase: Schema.NonEmptyString,
  episode: Episode
})
export type EpisodeLine = typeof EpisodeLine.Type

/** The episode as people read it: its token traces, most of its size, are left out. */
export const withoutTraces = (episode: EpisodeType): EpisodeType => ({
  ...episode,
  state: {
    ...episode.state,
    history: episode.state.history.map((turn) => ({ role: turn.role, text: turn.text }))
  }
})
