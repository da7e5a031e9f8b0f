/** Nothing to learn from, for a reason that the next step would not mend. */
import * as Schema from "effect/Schema"

/**
 * There is no episode without a failed party. `failed` counts those with one, `failure` is the first
 * one's message.
 */
export class NoEpisodes extends Schema.TaggedError<NoEpisodes>()("NoEpisodes", {
  failed: Schema.Int,
  failure: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    return this.failed === 0
      ? "There is no episode to learn from; give at least one group."
      : `All ${this.failed} episodes failed, the first with: ${this.failure ?? "no message"}`
  }
}
