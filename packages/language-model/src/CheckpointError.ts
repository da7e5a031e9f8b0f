/** What is wrong with a checkpoint folder. */
import * as Schema from "effect/Schema"

/**
 * A checkpoint could not be read or written. `reason` is a whole sentence: what, where, what to do.
 * `tensor` names the tensor and `byte` the offset in `file` where the fault was found, when it can
 * be said.
 */
export class CheckpointError extends Schema.TaggedError<CheckpointError>()("CheckpointError", {
  file: Schema.String,
  reason: Schema.String,
  tensor: Schema.optionalKey(Schema.String),
  byte: Schema.optionalKey(Schema.Number)
}) {
  override get message(): string {
    return this.reason
  }
}
