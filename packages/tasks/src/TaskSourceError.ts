/** What can go wrong when tasks are asked for. */
import * as Schema from "effect/Schema"

/** The tasks that were asked for cannot be made; `reason` says what to change. */
export class TaskSourceError extends Schema.TaggedError<TaskSourceError>()("TaskSourceError", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}
