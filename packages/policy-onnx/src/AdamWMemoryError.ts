/** There is no room for the optimiser's moments. */
import * as Schema from "effect/Schema"

/** The running means of AdamW, 8 bytes a trained parameter, could not be allocated. */
export class AdamWMemoryError extends Schema.TaggedError<AdamWMemoryError>()("AdamWMemoryError", {
  bytes: Schema.Int,
  reason: Schema.String
}) {
  override get message(): string {
    return `The optimiser could not get ${this.bytes} bytes of memory for its running means (${this.reason}); train an adapter or a smaller model, or raise the process's limit of (virtual) memory.`
  }
}
