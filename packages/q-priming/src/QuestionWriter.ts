/** The port that knows what the student should have asked. */
import type { DialogueState, Utterance } from "@sml/env-pomdp"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** No question could be written. `reason` is a whole sentence: what, where, what to do. */
export class QuestionWriterError extends Schema.TaggedError<QuestionWriterError>()(
  "QuestionWriterError",
  { reason: Schema.String }
) {
  override get message(): string {
    return this.reason
  }
}

/**
 * Writes the question that a student might ask instead of its last utterance. It is privileged: it
 * sees the whole state, the private knowledge included, and what the student was about to say. What
 * it returns becomes public, so it must tell nothing of that knowledge; only its text is used.
 *
 * In the paper (arXiv:2602.16488) the student model itself writes, prompted with its attempt and the
 * teacher's knowledge.
 */
export class QuestionWriter extends Context.Service<
  QuestionWriter,
  {
    readonly write: (
      state: DialogueState,
      utterance: Utterance
    ) => Effect.Effect<string, QuestionWriterError>
  }
>()("@sml/q-priming/QuestionWriter") {}
