/** Nothing to imitate. */
import * as Schema from "effect/Schema"

/** There is no dialogue to learn from. `episodes` is how many there were before selection, if known. */
export class NoDialogues extends Schema.TaggedError<NoDialogues>()("NoDialogues", {
  episodes: Schema.optionalKey(Schema.Int)
}) {
  override get message(): string {
    const of = this.episodes === undefined ? "" : ` among ${this.episodes} episodes`
    return `There is no successful dialogue${of} to learn from; roll out more tasks, or start from a student that sometimes succeeds.`
  }
}
