/** The engine could not be started. */
import * as Schema from "effect/Schema"

/** `reason` is a whole sentence: what, where, what to do. */
export class EngineError extends Schema.TaggedError<EngineError>()("EngineError", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}
