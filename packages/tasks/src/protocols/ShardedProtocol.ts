/** In how many turns, and in which words, a user tells a sharded problem. */
import type { Task, TeacherReply } from "@sml/env-pomdp"
import { Teacher, TeacherError } from "@sml/env-pomdp"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

import { shardedKnowledge } from "./ShardedKnowledge.ts"

/**
 * The settings of "LLMs get lost in multi-turn conversation" (arXiv:2505.06120):
 *
 * - `full`: one turn, the original statement.
 * - `concat`: one turn, the question and all pieces as a list.
 * - `sharded`: the question, then one piece a turn.
 * - `recap`: as `sharded`, and one more turn that says everything again.
 * - `snowball`: the question, then every turn a new piece after all the former ones again.
 */
export const ShardedProtocol = Schema.Literals(["full", "concat", "sharded", "recap", "snowball"])
export type ShardedProtocol = typeof ShardedProtocol.Type

const listed = (lines: ReadonlyArray<string>): string => lines.map((line) => `- ${line}`).join("\n")

/**
 * What the user says, turn after turn; the first one is the prompt. `disclosed` names the pieces that
 * a turn tells for the first time. A function of the task and the protocol alone.
 *
 * Throws a `TaskSourceError` when the task is not sharded.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { protocolTurns } from "@sml/tasks/protocols"
 *
 * const task = {
 *   id: "eggs",
 *   domain: "math",
 *   prompt: "How many eggs are left?",
 *   knowledge: {
 *     kind: "math-answer",
 *     answer: "9",
 *     statement: "Ducks lay 16 eggs. Janet eats 7. How many eggs are left?",
 *     shards: [
 *       { name: "laid", text: "Ducks lay 16 eggs." },
 *       { name: "eaten", text: "Janet eats 7." }
 *     ]
 *   },
 *   missing: ["laid", "eaten"]
 * }
 * assert.deepEqual(protocolTurns(task, "sharded"), [
 *   { text: "How many eggs are left?", disclosed: [] },
 *   { text: "Ducks lay 16 eggs.", disclosed: ["laid"] },
 *   { text: "Janet eats 7.", disclosed: ["eaten"] }
 * ])
 * assert.equal(protocolTurns(task, "recap").length, 4)
 * assert.equal(protocolTurns(task, "full").length, 1)
 * ```
 */
export const protocolTurns = (
  task: Task,
  protocol: ShardedProtocol
): ReadonlyArray<TeacherReply> => {
  const { shards, statement } = shardedKnowledge(task)
  const names = shards.map(({ name }) => name)
  const lines = [task.prompt, ...shards.map(({ text }) => text)]
  if (protocol === "full") return [{ text: statement, disclosed: names }]
  if (protocol === "concat") {
    return [{ text: `Answer this; all lines belong to it:\n${listed(lines)}`, disclosed: names }]
  }
  const sharded = [
    { text: task.prompt, disclosed: [] },
    ...shards.map(({ name, text }, index) => ({
      text:
        protocol === "snowball"
          ? `Once more what I said:\n${listed(lines.slice(0, index + 1))}\nAnd this is new: ${text}`
          : text,
      disclosed: [name]
    }))
  ]
  return protocol === "recap"
    ? [...sharded, { text: `Once more, everything that I said:\n${listed(lines)}`, disclosed: [] }]
    : sharded
}

/**
 * The task with which a dialogue under a protocol begins: under `full` and `concat` a fully specified
 * one, else the sharded one itself.
 *
 * Throws a `TaskSourceError` when the task is not sharded.
 */
export const protocolTask = (task: Task, protocol: ShardedProtocol): Task => {
  const turns = protocolTurns(task, protocol)
  const isWhole = turns.length === 1
  return {
    ...task,
    id: `${task.id}/${protocol}`,
    prompt: turns[0]?.text ?? task.prompt,
    missing: isWhole ? [] : task.missing
  }
}

/** What is said when nothing is left to tell. */
const nothingMore = "I have told you everything that I know. Please give your final answer."

/**
 * A teacher that tells its pieces in order, one a turn, whatever the student says: the user of the
 * protocol. Use it with the {@link protocolTask} of the same protocol. (A teacher that tells a piece
 * only when it is asked for is the scripted one of `@sml/teacher-verifiers`.)
 */
export const layerProtocolTeacher = (protocol: ShardedProtocol): Layer.Layer<Teacher> =>
  Layer.succeed(Teacher, {
    reply: Effect.fn("ProtocolTeacher.reply")((state) =>
      Effect.try({
        try: () => {
          // under full and concat the prompt has told everything
          const turn = protocolTurns(state.task, protocol)[state.replies.length + 1]
          return turn ?? { text: nothingMore, disclosed: [] }
        },
        catch: (error) =>
          new TeacherError({ reason: error instanceof Error ? error.message : String(error) })
      })
    )
  })
