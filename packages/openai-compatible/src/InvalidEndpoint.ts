/** An endpoint that no request can be sent to. */
import * as Schema from "effect/Schema"

/** An option of an endpoint is out of range; `reason` is a whole sentence. */
export class InvalidEndpoint extends Schema.TaggedError<InvalidEndpoint>()("InvalidEndpoint", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}
