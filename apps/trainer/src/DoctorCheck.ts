/** One thing that `sml doctor` looks at. */
import * as Schema from "effect/Schema"

/** `warning`: it works, but not as it should; `failed`: something will not work;
 * `absent`: something that nobody has asked for is not here. */
export const DoctorStatus = Schema.Literals(["ok", "warning", "failed", "absent"])
export type DoctorStatus = typeof DoctorStatus.Type

/**
 * - `name`: what was looked at; `detail`: what was found, and what to do where it is not well;
 * - `figures`: the numbers in it, by name.
 */
export const DoctorCheck = Schema.Struct({
  name: Schema.String,
  status: DoctorStatus,
  detail: Schema.String,
  figures: Schema.optionalKey(Schema.Record(Schema.String, Schema.Finite))
})
export type DoctorCheck = typeof DoctorCheck.Type

/** What `sml doctor --json` prints. */
export const DoctorReport = Schema.Struct({
  healthy: Schema.Boolean,
  checks: Schema.Array(DoctorCheck)
})
export type DoctorReport = typeof DoctorReport.Type
