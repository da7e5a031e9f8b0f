/** Why a measurement could not be taken. */
import * as Schema from "effect/Schema"

/** `reason` is a whole sentence: what, where, what to do. */
export class BenchError extends Schema.TaggedError<BenchError>()("BenchError", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}
