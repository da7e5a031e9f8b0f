/** Tasks to evaluate on. */
import type { Task } from "@sml/env-pomdp"
import type { TakeOptions } from "@sml/tasks"
import { TaskSource } from "@sml/tasks"
import * as Effect from "effect/Effect"

import { EvaluationError } from "./EvaluationError.ts"

/** Settings of {@link heldOutTasks}. */
export interface HeldOutOptions extends Pick<TakeOptions, "domain" | "count"> {
  /** Unsigned 32-bit integer; default 0. */
  readonly seed?: number
  /** Whether the statements leave a piece out; default no. */
  readonly underspecified?: boolean
}

/** Draws per wanted task before a domain counts as exhausted. */
const PATIENCE = 64

/**
 * `count` different tasks of the test split, which no training step ever sees. A source draws with
 * replacement; here every task comes once, so that the dialogues of an evaluation are independent and
 * rates have Wilson intervals. A longer list begins with the shorter one.
 *
 * Fails with {@link EvaluationError} where the domain has too few different tasks.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { heldOutTasks } from "@sml/eval-harness"
 * import { TaskSource } from "@sml/tasks"
 * import { Effect } from "effect"
 *
 * const tasks = await Effect.runPromise(
 *   heldOutTasks({ domain: "math", count: 50 }).pipe(Effect.provide(TaskSource.layerNano()))
 * )
 * assert.equal(new Set(tasks.map((task) => task.id)).size, 50)
 * ```
 */
export const heldOutTasks = Effect.fn("eval-harness.heldOutTasks")(function* (
  options: HeldOutOptions
) {
  const { count, domain, seed = 0, underspecified = false } = options
  const source = yield* TaskSource
  let found: ReadonlyArray<Task> = []
  for (let draws = count; draws <= PATIENCE * count; draws *= 2) {
    const drawn = yield* source.take({ domain, split: "test", seed, count: draws, underspecified })
    // a Map keeps the place of the first of equal keys
    found = [...new Map(drawn.map((task) => [task.id, task])).values()]
    if (found.length >= count) return found.slice(0, count)
  }
  return yield* new EvaluationError({
    reason: `The domain ${domain} has only ${found.length} different held-out tasks; ask for at most that many instead of ${count}.`
  })
})
