/** Where tasks come from, as a service. */
import type { Task } from "@sml/env-pomdp"
import { mixSeed, textSeed, uniformStream } from "@sml/env-pomdp"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

import { CodeDifficulty } from "./CodeTask.ts"
import { generateTask, NanoDomain } from "./generateTask.ts"
import { MathDifficulty } from "./MathTask.ts"
import { Split } from "./Split.ts"
import { TaskSourceError } from "./TaskSourceError.ts"

/** Largest number of tasks of one request. */
const maximumCount = 1_000_000

/**
 * - `split`: `train` and `test` share no statement.
 * - `seed`: unsigned 32-bit integer; equal requests give equal tasks.
 * - `count`: number of tasks; a longer list begins with the shorter one of the same request.
 * - `underspecified`: whether the statements leave a piece out (default: no).
 */
export const TakeOptions = Schema.Struct({
  domain: NanoDomain,
  split: Split,
  seed: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffffffff })),
  count: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: maximumCount })),
  underspecified: Schema.optionalKey(Schema.Boolean)
})
export type TakeOptions = typeof TakeOptions.Type

/** Difficulty of the generated tasks, by domain; what is left out has its default. */
export const NanoTaskOptions = Schema.Struct({
  math: Schema.optionalKey(MathDifficulty),
  code: Schema.optionalKey(CodeDifficulty)
})
export type NanoTaskOptions = typeof NanoTaskOptions.Type

const decode = <A>(schema: Schema.Codec<A>, value: A, what: string) =>
  Schema.decodeUnknownEffect(schema, { onExcessProperty: "error" })(value).pipe(
    Effect.mapError(
      (error) => new TaskSourceError({ reason: `${what} cannot be used: ${error.message}` })
    )
  )

/**
 * Gives tasks: independent draws from the source's distribution, so that a list may hold one task
 * twice.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { TaskSource } from "@sml/tasks"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const source = yield* TaskSource
 *   return yield* source.take({ domain: "math", split: "train", seed: 1, count: 3 })
 * })
 * const tasks = await Effect.runPromise(Effect.provide(program, TaskSource.layerNano()))
 * assert.equal(tasks.length, 3)
 * ```
 */
export class TaskSource extends Context.Service<
  TaskSource,
  {
    readonly take: (options: TakeOptions) => Effect.Effect<ReadonlyArray<Task>, TaskSourceError>
  }
>()("@sml/tasks/TaskSource") {
  /** The two generated domains, `math` and `code`, of the embedded student. */
  static readonly layerNano = (
    options: NanoTaskOptions = {}
  ): Layer.Layer<TaskSource, TaskSourceError> =>
    Layer.effect(
      TaskSource,
      Effect.gen(function* () {
        const difficulty = yield* decode(NanoTaskOptions, options, "The difficulty of the tasks")
        const take = Effect.fn("TaskSource.take")(function* (request: TakeOptions) {
          const {
            count,
            domain,
            seed,
            split,
            underspecified = false
          } = yield* decode(TakeOptions, request, "The request for tasks")
          const stream = textSeed(`${domain}/${split}/${underspecified}`)
          const one = (index: number) =>
            Effect.try({
              // a stream of its own for every index: lists of different length share their beginning
              try: () =>
                generateTask(uniformStream(mixSeed(seed, stream, index)), {
                  ...difficulty,
                  domain,
                  split,
                  underspecified
                }),
              catch: (error) =>
                error instanceof TaskSourceError
                  ? error
                  : new TaskSourceError({ reason: `The task generator failed: ${String(error)}` })
            })
          const tasks: Array<Task> = []
          for (let index = 0; index < count; index++) tasks.push(yield* one(index))
          return tasks
        })
        return TaskSource.of({ take })
      })
    )
}
