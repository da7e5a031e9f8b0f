/** One problem: what everybody may read, and what only the teacher and the verifier hold. */
import * as Schema from "effect/Schema"

/**
 * - `id`: unique inside its source; two tasks with one id are the same task.
 * - `domain`: a name such as `"math"` or `"code"`; it chooses the verifier and the teacher's words.
 * - `prompt`: the statement, the teacher's first turn `u^T_1`.
 * - `knowledge`: private to teacher and verifier (reference answer, solution, hidden tests): any JSON;
 *   whoever reads it decodes it with a schema of its own.
 * - `missing`: names of the pieces that the statement leaves out; empty when fully specified.
 */
export const Task = Schema.Struct({
  id: Schema.NonEmptyString,
  domain: Schema.NonEmptyString,
  prompt: Schema.NonEmptyString,
  knowledge: Schema.Json,
  missing: Schema.Array(Schema.NonEmptyString)
})
export type Task = typeof Task.Type

/** Whether the statement leaves something out. */
export const isUnderspecified = (task: Task): boolean => task.missing.length > 0
