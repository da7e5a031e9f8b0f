/** A piece of a task's statement that the teacher holds back and tells when it is asked for. */
import * as Schema from "effect/Schema"

/**
 * - `name`: as in the task's `missing`; `text`: the sentence that tells it.
 *
 * A task that has shards holds them in its knowledge as `shards`, besides what its verifier reads.
 */
export const Shard = Schema.Struct({ name: Schema.NonEmptyString, text: Schema.NonEmptyString })
export type Shard = typeof Shard.Type
