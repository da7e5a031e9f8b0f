/** Contestants that take turns, so that a busy moment of the machine hits all of them. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import { type Measurement, summarise } from "./Measurement.ts"

/** One that is measured. `repetition` does the work once and gives its value. */
export interface Contestant<E, R> {
  readonly name: string
  readonly repetition: Effect.Effect<number, E, R>
}

/**
 * A B A B …: every contestant `repetitions` times, in turns. One that fails drops out, and its failure
 * is its result.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { interleave } from "@sml/bench/interleave"
 * import { Effect } from "effect"
 *
 * const order: Array<string> = []
 * const says = (name: string) => ({ name, repetition: Effect.sync(() => order.push(name)) })
 * await Effect.runPromise(interleave([says("a"), says("b")], 2))
 * assert.deepEqual(order, ["a", "b", "a", "b"])
 * ```
 */
export const interleave = Effect.fnUntraced(function* <E, R>(
  contestants: ReadonlyArray<Contestant<E, R>>,
  repetitions: number
) {
  const values = new Map<string, Array<number>>()
  const failures = new Map<string, E>()
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const { name, repetition: once } of contestants) {
      if (failures.has(name)) continue
      const result = yield* Effect.result(once)
      if (Result.isFailure(result)) failures.set(name, result.failure)
      else values.set(name, [...(values.get(name) ?? []), result.success])
    }
  }
  return new Map(
    contestants.map(({ name }): [string, Result.Result<Measurement, E>] => {
      const failure = failures.get(name)
      return [
        name,
        failure === undefined
          ? Result.succeed(summarise(values.get(name) ?? []))
          : Result.fail(failure)
      ]
    })
  )
})
