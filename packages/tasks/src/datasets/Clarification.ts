/** Requests of a user who left something open. */
import * as Schema from "effect/Schema"

/** One open point: what it is, how much it matters (3: most), what to ask, what may be answered. */
export const MissingDetail = Schema.Struct({
  description: Schema.NonEmptyString,
  importance: Schema.Int,
  inquiry: Schema.String,
  options: Schema.Array(Schema.String)
})
export type MissingDetail = typeof MissingDetail.Type

/**
 * What only teacher and verifier know of a request, after IN3. There is no reference answer: a student
 * is judged by whether it asks, and for which details, before it acts.
 *
 * - `vague`: whether something is open; a student that asks about a clear request wastes a turn.
 * - `details`: the open points; `shards` tells, for each, what the user wants: the first option.
 */
export const ClarificationKnowledge = Schema.Struct({
  kind: Schema.Literal("clarification"),
  vague: Schema.Boolean,
  details: Schema.Array(MissingDetail),
  shards: Schema.Array(Schema.Struct({ name: Schema.NonEmptyString, text: Schema.NonEmptyString }))
})
export type ClarificationKnowledge = typeof ClarificationKnowledge.Type
