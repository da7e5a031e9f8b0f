/** What can go wrong when tasks are asked for. */
import * as Schema from "effect/Schema"

/**
 * The tasks that were asked for cannot be made or read; `reason` says what to change. Where a file is
 * at fault, `file` names it, and `line` the line on which the faulty record begins, from 1.
 */
export class TaskSourceError extends Schema.TaggedError<TaskSourceError>()("TaskSourceError", {
  reason: Schema.String,
  file: Schema.optionalKey(Schema.String),
  line: Schema.optionalKey(Schema.Int)
}) {
  override get message(): string {
    return this.reason
  }
}
