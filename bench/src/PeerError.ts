/** Why a peer has no number. */
import * as Schema from "effect/Schema"

/** `reason` is a short clause for a cell of a table. */
export class PeerError extends Schema.TaggedError<PeerError>()("PeerError", {
  peer: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `${this.peer}: ${this.reason}`
  }
}
