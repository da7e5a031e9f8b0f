/** What the knowledge of a sharded task has besides what its verifier reads. */
import type { Task } from "@sml/env-pomdp"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import { TaskSourceError } from "../TaskSourceError.ts"

/**
 * - `statement`: the whole problem, as it was before it was cut.
 * - `shards`: the pieces that the prompt leaves out, in order; their names are the task's `missing`.
 */
export const ShardedKnowledge = Schema.Struct({
  statement: Schema.NonEmptyString,
  shards: Schema.NonEmptyArray(
    Schema.Struct({ name: Schema.NonEmptyString, text: Schema.NonEmptyString })
  )
})
export type ShardedKnowledge = typeof ShardedKnowledge.Type

const decode = Schema.decodeUnknownResult(ShardedKnowledge)

/** Throws a {@link TaskSourceError} when the task is not sharded. */
export const shardedKnowledge = (task: Task): ShardedKnowledge => {
  const decoded = decode(task.knowledge)
  if (Result.isSuccess(decoded)) return decoded.success
  throw new TaskSourceError({
    reason: `The task ${task.id} is not sharded; make it so with shardTask, or read one that is.`
  })
}
