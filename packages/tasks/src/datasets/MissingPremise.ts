/** Questions that cannot be answered as they stand. */
import * as Schema from "effect/Schema"

/**
 * What only teacher and verifier know of a question of which a premise may be missing.
 *
 * - `premise`: what is missing, in words; where the data set tells the removed sentence, this one.
 * - `answer`: the answer with the premise; `null` when there is none, or nobody knows.
 * - `answerable`: whether the statement alone has an answer. If it has not, a student is right to ask
 *   or to say that something is missing, and wrong to give a number, `answer` included.
 */
export const MissingPremiseKnowledge = Schema.Struct({
  kind: Schema.Literal("missing-premise"),
  premise: Schema.String,
  answer: Schema.NullOr(Schema.String),
  answerable: Schema.Boolean
})
export type MissingPremiseKnowledge = typeof MissingPremiseKnowledge.Type
