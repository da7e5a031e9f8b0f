/** What the run database holds of a run. */
import * as Schema from "effect/Schema"

import { EpisodeLine } from "./RunLines.ts"

/** `interrupted` is a run that was stopped and can go on; `stored` one read in from its folder. */
export const RunStatus = Schema.Literals(["running", "finished", "failed", "interrupted", "stored"])
export type RunStatus = typeof RunStatus.Type

/**
 * A run: its folder, the full effective configuration, and what else decides its bits: versions of
 * programs, seeds by name, the machine.
 */
export const RunRecord = Schema.Struct({
  id: Schema.NonEmptyString,
  label: Schema.String,
  directory: Schema.NonEmptyString,
  status: RunStatus,
  config: Schema.Json,
  versions: Schema.Record(Schema.String, Schema.String),
  seeds: Schema.Record(Schema.String, Schema.Finite),
  machine: Schema.Json
})
export type RunRecord = typeof RunRecord.Type

/** A run with the number of its steps. */
export const RunSummary = Schema.Struct({ ...RunRecord.fields, steps: Schema.Int })
export type RunSummary = typeof RunSummary.Type

/**
 * A dialogue of a run, whole: with token traces and diagnostics where they are known, and the
 * advantage that its student's tokens were given.
 */
export const RecordedEpisode = Schema.Struct({
  ...EpisodeLine.fields,
  advantage: Schema.optionalKey(Schema.Finite)
})
export type RecordedEpisode = typeof RecordedEpisode.Type
