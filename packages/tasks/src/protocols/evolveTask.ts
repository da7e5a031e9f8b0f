/** Tasks whose goal changes while they are talked about. */
import type { Task, Verdict } from "@sml/env-pomdp"
import { Task as TaskSchema } from "@sml/env-pomdp"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import { TaskSourceError } from "../TaskSourceError.ts"

/**
 * What only teacher and verifier know.
 *
 * - `goals`: tasks, in the order in which they are in force; each has a domain and a knowledge of its
 *   own, which its own verifier reads.
 * - `changeAt[i]`: the student turn, from 0, from which on `goals[i + 1]` is in force; ascending. The
 *   teacher's reply before that turn says so, in the words of `announcements[i]`.
 */
export const EvolvingKnowledge = Schema.Struct({
  kind: Schema.Literal("evolving-goals"),
  goals: Schema.NonEmptyArray(TaskSchema),
  changeAt: Schema.Array(Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))),
  announcements: Schema.Array(Schema.NonEmptyString)
})
export type EvolvingKnowledge = typeof EvolvingKnowledge.Type

/** The default announcement of a new goal. */
const announce = (goal: Task): string =>
  `I need something else now; forget what I asked before. ${goal.prompt}`

/**
 * One task of the domain `evolving` out of several: `goals[0]` is in force from the beginning,
 * `goals[i + 1]` from the student turn `changeAt[i]` on.
 *
 * Throws a {@link TaskSourceError} unless there are two goals or more, one change between each two,
 * and the changes ascend from 1.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { createTasks } from "@sml/tasks/procedural"
 * import { announcementBefore, evolveTask, goalAt } from "@sml/tasks/protocols"
 *
 * const [first, second] = createTasks("long-multiplication", { seed: 1, size: 2 })
 * assert.ok(first && second)
 * const task = evolveTask([first, second], [2])
 * assert.equal(task.prompt, first.prompt)
 * assert.equal(goalAt(task, 1).id, first.id)
 * assert.equal(goalAt(task, 2).id, second.id)
 * assert.equal(announcementBefore(task, 1), undefined)
 * assert.ok(announcementBefore(task, 2)?.endsWith(second.prompt))
 * ```
 */
export const evolveTask = (
  goals: ReadonlyArray<Task>,
  changeAt: ReadonlyArray<number>,
  announcements?: ReadonlyArray<string>
): Task => {
  const [first, ...others] = goals
  const said = announcements ?? others.map(announce)
  const isAscending = changeAt.every(
    (turn, index) => Number.isInteger(turn) && turn > (changeAt[index - 1] ?? 0)
  )
  const counts = [changeAt.length, said.length]
  if (
    first === undefined ||
    others.length === 0 ||
    counts.some((count) => count !== others.length)
  ) {
    throw new TaskSourceError({
      reason: `${goals.length} goals need ${Math.max(1, goals.length - 1)} changes and announcements, but there are ${counts.join(" and ")}; give one for each goal but the first.`
    })
  }
  if (!isAscending) {
    throw new TaskSourceError({
      reason: `The goal cannot change at the turns ${changeAt.join(", ")}; give ascending integers from 1.`
    })
  }
  const knowledge: EvolvingKnowledge = {
    kind: "evolving-goals",
    goals: [first, ...others],
    changeAt,
    announcements: said
  }
  return {
    id: `evolving:${goals.map(({ id }) => id).join(">")}@${changeAt.join(",")}`,
    domain: "evolving",
    prompt: first.prompt,
    knowledge,
    missing: first.missing
  }
}

const decode = Schema.decodeUnknownResult(EvolvingKnowledge)

const evolvingKnowledge = (task: Task): EvolvingKnowledge => {
  const decoded = decode(task.knowledge)
  if (Result.isSuccess(decoded)) return decoded.success
  throw new TaskSourceError({
    reason: `The goal of the task ${task.id} does not change; make such a task with evolveTask.`
  })
}

/** The number, from 0, of the goal in force at a student turn, from 0. */
const numberAt = ({ changeAt }: EvolvingKnowledge, turn: number): number =>
  changeAt.filter((change) => change <= turn).length

/**
 * The goal by which the student's utterance number `turn` (from 0) is judged: an ordinary task, for
 * the verifier and the teacher of its domain. Throws a {@link TaskSourceError} for any other task.
 */
export const goalAt = (task: Task, turn: number): Task => {
  const knowledge = evolvingKnowledge(task)
  return knowledge.goals[numberAt(knowledge, turn)] ?? knowledge.goals[0]
}

/** What the teacher has to say before the student's utterance number `turn`; mostly nothing. */
export const announcementBefore = (task: Task, turn: number): string | undefined => {
  const { announcements, changeAt } = evolvingKnowledge(task)
  const change = changeAt.indexOf(turn)
  return change < 0 ? undefined : announcements[change]
}

/**
 * The verdict of the goal in force as a verdict on the whole task. Only the last goal ends it: an
 * answer that reaches an earlier one is an attempt that is not correct yet, with `reached: true`.
 */
export const evolvedVerdict = (task: Task, turn: number, verdict: Verdict): Verdict => {
  if (verdict._tag === "NoAttempt") return verdict
  const knowledge = evolvingKnowledge(task)
  const goal = numberAt(knowledge, turn)
  const { correct, diagnostics } = verdict
  return {
    _tag: "Attempt",
    correct: correct && goal === knowledge.goals.length - 1,
    diagnostics: { goal, reached: correct, diagnostics }
  }
}
