/** What a verifier says about one utterance. */
import * as Schema from "effect/Schema"

/** The utterance holds no extractable answer. `reason` is for people. */
export const NoAttempt = Schema.TaggedStruct("NoAttempt", {
  reason: Schema.optionalKey(Schema.String)
})
export type NoAttempt = typeof NoAttempt.Type

/**
 * The utterance holds an answer. `diagnostics` (failing inputs, the parsed answer, …) feed the
 * teacher, never the student.
 */
export const Attempt = Schema.TaggedStruct("Attempt", {
  correct: Schema.Boolean,
  diagnostics: Schema.Json
})
export type Attempt = typeof Attempt.Type

/** Either of the two. */
export const Verdict = Schema.Union([NoAttempt, Attempt])
export type Verdict = typeof Verdict.Type

/** Whether the utterance ended the task. */
export const isCorrect = (verdict: Verdict): boolean =>
  verdict._tag === "Attempt" && verdict.correct
