/** What only teacher and verifier know of a generated problem. */
import * as Schema from "effect/Schema"

/**
 * What the knowledge of every generated task has, whatever its `kind`.
 *
 * - `generator`: the name in the catalogue; `difficulty`: 1..10, as it was asked for.
 * - `size`: how large the problem is, in the generator's own unit (digits, nodes, clauses, …).
 * - `instance`: the problem itself as data; a generator's own verifier reads it.
 * - `hints`: the method in words, the same for every task of a generator; tells no answer.
 */
export const GeneratedProblem = Schema.Struct({
  generator: Schema.NonEmptyString,
  difficulty: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10 })),
  size: Schema.Finite,
  instance: Schema.Json,
  hints: Schema.Array(Schema.NonEmptyString)
})
export type GeneratedProblem = typeof GeneratedProblem.Type

/**
 * The knowledge of a problem that its generator judges itself, as many answers may be right, or as a
 * right one is no mathematical expression. `answer` is one that is right.
 *
 * The other generated tasks have the knowledge of `"math-answer"` or `"program"`, with the fields of
 * {@link GeneratedProblem} beside it.
 */
export const GeneratedKnowledge = Schema.Struct({
  kind: Schema.Literal("generated"),
  answer: Schema.NonEmptyString,
  ...GeneratedProblem.fields
})
export type GeneratedKnowledge = typeof GeneratedKnowledge.Type
