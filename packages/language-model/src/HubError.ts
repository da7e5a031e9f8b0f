/** Why a model could not be had by its name. */
import * as Schema from "effect/Schema"

/**
 * A model could not be found, downloaded or kept. `source` is what was asked for; `reason` is a whole
 * sentence: what, where, what to do.
 */
export class HubError extends Schema.TaggedError<HubError>()("HubError", {
  source: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}
