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

/**
 * The episode as it is kept: without what makes up most of its size and is of no use to a reader, the
 * token traces and the verifier's diagnostics. The latter are a function of task and utterance: `replay`
 * of `@sml/env-pomdp` brings them back.
 */
export const compactEpisode = (episode: EpisodeType): EpisodeType => ({
  ...episode,
  state: {
    ...episode.state,
    history: episode.state.history.map(({ role, text }) => ({ role, text })),
    verdicts: episode.state.verdicts.map((verdict) =>
      verdict._tag === "Attempt"
        ? { _tag: "Attempt", correct: verdict.correct, diagnostics: null }
        : verdict
    )
  }
})
