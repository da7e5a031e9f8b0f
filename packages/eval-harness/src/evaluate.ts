/** Measuring a student as it is: one dialogue per task, nothing is learnt. */
import type { Episode, Task } from "@sml/env-pomdp"
import { mixSeed, rollout, textSeed } from "@sml/env-pomdp"
import * as Effect from "effect/Effect"

import { EvaluationError } from "./EvaluationError.ts"
import { informative } from "./MetricText.ts"

/** How far an evaluation is. */
export interface Progress {
  readonly done: number
  readonly total: number
  /** The dialogue that has just ended. */
  readonly episode: Episode
}

/** Settings of an evaluation. */
export interface EvaluateOptions {
  /** Largest number of student turns; 10 in the paper. */
  readonly horizon: number
  /** Unsigned 32-bit integer; default 0. Every task gets a seed of its own from it. */
  readonly seed?: number
  /** Names how the teacher behaves, in the episodes' names; default `"informative"`. */
  readonly condition?: string
  /** Dialogues at a time; default: all, and the engine batches them. */
  readonly concurrency?: number | "unbounded"
  /** Called when a dialogue has ended; `done` grows by one each time. */
  readonly onProgress?: (progress: Progress) => Effect.Effect<void>
}

/**
 * Plays one dialogue per task, concurrently, and gives the episodes in the order of the tasks. A party
 * that fails ends its own dialogue only. An episode's seed depends on `seed` and the task alone, so
 * that two students, or one student under two conditions, meet the same tasks with the same luck.
 *
 * Fails with {@link EvaluationError} when there are no tasks or the horizon is not a whole number of
 * turns.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { Student, Teacher, Verifier } from "@sml/env-pomdp"
 * import { evaluate, summarise } from "@sml/eval-harness"
 * import { Effect, Layer } from "effect"
 *
 * const parties = Layer.mergeAll(
 *   Student.layerScripted(["3", "2"]),
 *   Layer.succeed(Teacher, {
 *     reply: () => Effect.succeed({ text: "too high .", disclosed: [] })
 *   }),
 *   Layer.succeed(Verifier, {
 *     check: (task, text) =>
 *       Effect.succeed({ _tag: "Attempt", correct: text === task.knowledge, diagnostics: null })
 *   })
 * )
 * const task = { id: "1+1", domain: "math", prompt: "1 + 1 ?", knowledge: "2", missing: [] }
 *
 * const episodes = await Effect.runPromise(
 *   evaluate([task], { horizon: 10 }).pipe(Effect.provide(parties))
 * )
 * assert.equal(summarise(episodes)["success@4"]?.value, 1)
 * ```
 */
export const evaluate = Effect.fn("eval-harness.evaluate")(function* (
  tasks: ReadonlyArray<Task>,
  options: EvaluateOptions
) {
  const { concurrency = "unbounded", condition = informative, horizon, onProgress } = options
  const seed = options.seed ?? 0
  if (tasks.length === 0) {
    return yield* new EvaluationError({
      reason: "There are no tasks to evaluate: ask the task source for at least one."
    })
  }
  if (!Number.isInteger(horizon) || horizon < 1) {
    return yield* new EvaluationError({
      reason: `An evaluation of ${horizon} turns is not possible: give a whole number from 1 up.`
    })
  }
  const seen = new Map<string, number>()
  const dialogues = tasks.map((task) => {
    const repeat = seen.get(task.id) ?? 0
    seen.set(task.id, repeat + 1)
    return {
      task,
      options: {
        horizon,
        seed: mixSeed(seed, textSeed(task.id), repeat),
        episode: `${condition}/${task.id}/${seed}/${repeat}`
      }
    }
  })
  let done = 0
  return yield* Effect.forEach(
    dialogues,
    ({ options: each, task }) =>
      rollout(task, each).pipe(
        Effect.tap((episode) =>
          Effect.suspend(
            () => onProgress?.({ done: ++done, total: tasks.length, episode }) ?? Effect.void
          )
        )
      ),
    { concurrency }
  )
})
