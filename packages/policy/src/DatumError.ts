/** Failure to turn recorded tokens into training data. */
import * as Schema from "effect/Schema"

/** The pieces do not form a token stream. `reason` is a whole sentence: what, where, what to do. */
export class DatumError extends Schema.TaggedError<DatumError>()("DatumError", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}
