/** Settings that cannot be used. */
import * as Schema from "effect/Schema"

/** A file or an option holds something that cannot be used; `reason` is the whole sentence. */
export class ConfigError extends Schema.TaggedError<ConfigError>()("ConfigError", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}
