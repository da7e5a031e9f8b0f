/** What is wrong with a tokenizer's files or with a chat template. */
import * as Schema from "effect/Schema"

/** A tokenizer could not be read. `reason` is a whole sentence: what, where, what to do. */
export class TokenizerError extends Schema.TaggedError<TokenizerError>()("TokenizerError", {
  file: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

/**
 * A chat template cannot be used: it does not compile, a conversation cannot be rendered with it, or
 * its rendering of a longer conversation does not begin with that of the shorter one. `template` is
 * its name, usually the file it came from.
 */
export class ChatTemplateError extends Schema.TaggedError<ChatTemplateError>()(
  "ChatTemplateError",
  { template: Schema.String, reason: Schema.String }
) {
  override get message(): string {
    return this.reason
  }
}
