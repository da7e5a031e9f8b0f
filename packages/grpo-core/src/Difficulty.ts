/** Which tasks are neither too easy nor too hard, learnt from how their episodes end. */
import type { Group, Task } from "@sml/env-pomdp"
import { isFailed, mixSeed, uniformStream } from "@sml/env-pomdp"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"

import type { TaskRequest } from "./rolloutGroups.ts"

const count = Schema.Finite.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(0)))

/** Solved and unsolved episodes of each task seen so far, by its id; older ones count less. JSON. */
export const Difficulty = Schema.Record(
  Schema.String,
  Schema.Struct({ solved: count, unsolved: count })
)
export type Difficulty = typeof Difficulty.Type

/**
 * The difficulty after the episodes of `groups`. What was known of a task is multiplied by `memory`
 * (in [0, 1], default 0.7) when the task is seen again, because the student has learnt meanwhile.
 * Failed episodes say nothing about the student and do not count.
 */
export const recordOutcomes = (
  difficulty: Difficulty,
  groups: ReadonlyArray<Group>,
  { memory = 0.7 }: { readonly memory?: number } = {}
): Difficulty => {
  const next = new Map(Object.entries(difficulty))
  for (const { episodes, task } of groups) {
    const judged = episodes.filter((episode) => !isFailed(episode))
    if (judged.length === 0) continue
    const won = judged.filter(({ reward }) => reward === 1).length
    const { solved, unsolved } = next.get(task.id) ?? { solved: 0, unsolved: 0 }
    next.set(task.id, {
      solved: memory * solved + won,
      unsolved: memory * unsolved + judged.length - won
    })
  }
  return Object.fromEntries(next)
}

/**
 * How much a group about the task is expected to teach: the expected variance `p·(1 − p)` of its
 * reward, where `p` has the posterior Beta(1 + solved, 1 + unsolved). 1/6 of a task never seen, at most
 * 1/4 (p near ½), near 0 of one that is always or never solved. With `a` and `b` the parameters it is
 * `a·b / ((a + b)·(a + b + 1))`.
 */
export const expectedVariance = (difficulty: Difficulty, task: Task): number => {
  const { solved, unsolved } = difficulty[task.id] ?? { solved: 0, unsolved: 0 }
  const [a, b] = [1 + solved, 1 + unsolved]
  return (a * b) / ((a + b) * (a + b + 1))
}

/**
 * Draws `count` different tasks, each with a probability in proportion to its
 * {@link expectedVariance} (weighted sampling without replacement, Efraimidis & Spirakis 2006), as a
 * function of the seed. Throws a `RangeError` when there are fewer tasks than asked for.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { drawTasks } from "@sml/grpo-core"
 *
 * const task = (id: string) => ({ id, domain: "math", prompt: id, knowledge: 0, missing: [] })
 * const tasks = ["easy", "right", "hopeless"].map(task)
 * const difficulty = {
 *   easy: { solved: 800, unsolved: 0 },
 *   right: { solved: 5, unsolved: 3 },
 *   hopeless: { solved: 0, unsolved: 800 }
 * }
 * const drawn = Array.from({ length: 20 }, (_, seed) => drawTasks(tasks, difficulty, { count: 1, seed }))
 * assert.ok(drawn.flat().filter(({ id }) => id === "right").length > 15)
 * ```
 */
export const drawTasks = (
  tasks: ReadonlyArray<Task>,
  difficulty: Difficulty,
  { count: wanted, seed }: { readonly count: number; readonly seed: number }
): ReadonlyArray<Task> => {
  if (wanted > tasks.length) {
    throw new RangeError(`drawTasks: ${wanted} different tasks wanted of ${tasks.length}`)
  }
  const uniform = uniformStream(mixSeed(seed, 6))
  return tasks
    .map((task) => ({
      task,
      // −log u / w is exponential with the rate w: the smallest come first
      key: -Math.log(1 - uniform()) / expectedVariance(difficulty, task)
    }))
    .toSorted((left, right) => left.key - right.key)
    .slice(0, wanted)
    .map(({ task }) => task)
}

/** A source of tasks for `train` that remembers how they went. */
export interface AdaptiveTasks {
  /** Draws `count` of the request, or as many as the source was made for. */
  readonly take: (request: TaskRequest) => Effect.Effect<ReadonlyArray<Task>>
  /** Learns from the groups of a finished step. */
  readonly learn: (groups: ReadonlyArray<Group>) => Effect.Effect<void>
  /** What is known now, to be kept with a checkpoint. */
  readonly difficulty: Effect.Effect<Difficulty>
}

/**
 * Tasks drawn by {@link drawTasks} and learnt by {@link recordOutcomes}, from `difficulty` (default:
 * nothing known). Equal seeds and equal outcomes give equal draws.
 *
 * @example
 * ```ts no-run
 * const source = yield* adaptiveTasks(tasks, { count: 32 })
 * yield* train(source.take, { steps: 100 }).pipe(
 *   Stream.tap(({ groups }) => source.learn(groups)),
 *   Stream.runDrain
 * )
 * ```
 */
export const adaptiveTasks = (
  tasks: ReadonlyArray<Task>,
  options: { readonly count: number; readonly memory?: number; readonly difficulty?: Difficulty }
): Effect.Effect<AdaptiveTasks> =>
  Effect.map(Ref.make(options.difficulty ?? {}), (known) => ({
    take: ({ count: wanted = options.count, seed }) =>
      Effect.map(Ref.get(known), (difficulty) =>
        drawTasks(tasks, difficulty, { count: wanted, seed })
      ),
    learn: (groups) =>
      Ref.update(known, (difficulty) => recordOutcomes(difficulty, groups, options)),
    difficulty: Ref.get(known)
  }))
