/** There is nothing to evaluate, or it cannot be done as asked. */
import * as Schema from "effect/Schema"

export class EvaluationError extends Schema.TaggedError<EvaluationError>()("EvaluationError", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}
