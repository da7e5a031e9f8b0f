/** What can go wrong with a sandbox. */
import * as Schema from "effect/Schema"

/**
 * The sandbox itself failed, or what it was asked for makes no sense; whatever a program does is an
 * outcome, not an error.
 */
export class SandboxError extends Schema.TaggedError<SandboxError>()("SandboxError", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}
