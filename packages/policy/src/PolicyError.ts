/** Failures of an engine. */
import * as Schema from "effect/Schema"

/** A request could not be served. `reason` is a whole sentence: what, where, what to do. */
export class SamplerError extends Schema.TaggedError<SamplerError>()("SamplerError", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

/** A gradient, an update, a save or a restore failed. `reason` is a whole sentence. */
export class LearnerError extends Schema.TaggedError<LearnerError>()("LearnerError", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}
