/** Settings of collecting dialogues. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const atLeastOne = Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(1)))

/**
 * - `samplesPerTask`: dialogues about each task; `horizon`: largest number of student turns in one
 *   (arXiv:2602.16488: 4).
 * - `seed`: source of every random choice.
 * - `concurrency`: tasks whose dialogues run at the same time.
 */
export const CollectOptions = Schema.Struct({
  samplesPerTask: atLeastOne.pipe(Schema.withDecodingDefaultKey(Effect.succeed(8))),
  horizon: atLeastOne.pipe(Schema.withDecodingDefaultKey(Effect.succeed(4))),
  seed: Schema.Int.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
  concurrency: atLeastOne.pipe(Schema.withDecodingDefaultKey(Effect.succeed(32)))
})
export type CollectOptions = typeof CollectOptions.Type
