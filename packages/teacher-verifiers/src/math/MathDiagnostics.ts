/** What was found out about an answer; it feeds the teacher, never the student directly. */
import * as Schema from "effect/Schema"

/**
 * - `answer`: the attempt's answer as it stands in the text, capped.
 * - `comparison`: `undecided` counts as not correct; `reason` says why it could not be decided.
 * - `side`: where the answer lies from the reference, when both are real numbers.
 */
export const MathDiagnostics = Schema.Struct({
  kind: Schema.Literal("math-answer"),
  answer: Schema.String,
  comparison: Schema.Literals(["equal", "different", "undecided"]),
  reason: Schema.NullOr(Schema.String),
  side: Schema.NullOr(Schema.Literals(["low", "high"]))
})
export type MathDiagnostics = typeof MathDiagnostics.Type
