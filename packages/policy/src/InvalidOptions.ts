/** A setting that cannot act. */
import * as Schema from "effect/Schema"

/**
 * An option is misspelt, missing or out of range. `where` names the function, `reason` the option
 * and what it expects.
 */
export class InvalidOptions extends Schema.TaggedError<InvalidOptions>()("InvalidOptions", {
  where: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `${this.where}: ${this.reason}`
  }
}
