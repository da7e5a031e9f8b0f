/** One line of the benchmark: what was done, how fast, how fast the peers did the same. */
import * as Schema from "effect/Schema"

import { Measurement } from "./Measurement.ts"

/** One peer's number, or why there is none. `ratio` says how many times better ours is. */
export const PeerResult = Schema.Struct({
  peer: Schema.String,
  measurement: Schema.optionalKey(Measurement),
  ratio: Schema.optionalKey(Schema.Finite),
  note: Schema.optionalKey(Schema.String)
})
export type PeerResult = typeof PeerResult.Type

/** What is asked for; `met` is absent where it could not be measured. */
export const Goal = Schema.Struct({
  claim: Schema.String,
  needed: Schema.String,
  value: Schema.String,
  met: Schema.optionalKey(Schema.Boolean)
})
export type Goal = typeof Goal.Type

/**
 * - `bench`: the name that `--only` takes; `title`: the work, in words.
 * - `ours` is absent where it failed, and `note` then says why.
 * - `share`: of the machine's matrix-multiply peak, 0 to 1.
 * - `versions`: of the peers' packages, by name.
 */
export const Row = Schema.Struct({
  bench: Schema.String,
  title: Schema.String,
  unit: Schema.String,
  ours: Schema.optionalKey(Measurement),
  share: Schema.optionalKey(Schema.Finite),
  peers: Schema.Array(PeerResult),
  goals: Schema.Array(Goal),
  versions: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  note: Schema.optionalKey(Schema.String)
})
export type Row = typeof Row.Type

/** The goal that ours is at least `times` a peer. */
export const timesGoal = (
  row: { readonly title: string; readonly peers: ReadonlyArray<PeerResult> },
  peer: string,
  times: number
): Goal => {
  const ratio = row.peers.find((result) => result.peer === peer)?.ratio
  return {
    claim: `${row.title}, against ${peer}`,
    needed: `≥ ${times} ×`,
    value: ratio === undefined ? "not measured" : `${ratio.toFixed(2)} ×`,
    ...(ratio !== undefined && { met: ratio >= times })
  }
}

/** The goal that ours is at least `rate` of the row's unit. */
export const rateGoal = (
  row: { readonly title: string; readonly ours?: Measurement },
  rate: number
): Goal => ({
  claim: row.title,
  needed: `≥ ${rate.toLocaleString("en")} a second`,
  value:
    row.ours === undefined
      ? "not measured"
      : `${Math.round(row.ours.median).toLocaleString("en")} a second`,
  ...(row.ours !== undefined && { met: row.ours.median >= rate })
})
