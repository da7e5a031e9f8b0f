/** A server that does not start. */
import * as Schema from "effect/Schema"

/** `reason` is a whole sentence: what, where, what to do. */
export class ServerError extends Schema.TaggedError<ServerError>()("ServerError", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}
