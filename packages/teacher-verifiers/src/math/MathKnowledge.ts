/** What only teacher and verifier know of a question with a mathematical answer. */
import * as Schema from "effect/Schema"

/**
 * - `answer`: the reference answer as the data set writes it: a numeral, LaTeX, a choice, words.
 * - `solution`: the worked solution.
 */
export const MathKnowledge = Schema.Struct({
  kind: Schema.Literal("math-answer"),
  answer: Schema.NonEmptyString,
  solution: Schema.optionalKey(Schema.String)
})
export type MathKnowledge = typeof MathKnowledge.Type
