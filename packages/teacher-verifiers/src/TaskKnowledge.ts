/** Reading what a task keeps private. */
import type { Task } from "@sml/env-pomdp"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** A task whose knowledge is not of the expected form; `reason` names the task and the fault. */
export class KnowledgeError extends Schema.TaggedError<KnowledgeError>()("KnowledgeError", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

/** Reads a task's private JSON with a schema. */
export const decodeKnowledgeAs = <A>(
  schema: Schema.Codec<A, Schema.Json>,
  task: Task
): Result.Result<A, KnowledgeError> =>
  Result.mapError(
    Schema.decodeUnknownResult(schema)(task.knowledge),
    (error) =>
      new KnowledgeError({
        reason: `The knowledge of the ${task.domain} task ${task.id} cannot be read: ${error.message}`
      })
  )
