/** Why a measurement could not be taken. */
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"

/** `reason` is a whole sentence: what, where, what to do. The command prints it, and no stack. */
export class BenchError extends Schema.TaggedError<BenchError>()("BenchError", {
  reason: Schema.String
}) {
  override readonly [Runtime.errorReported] = false

  override get message(): string {
    return this.reason
  }
}
