/** How a task is told, turn by turn. */
import type { Task, TeacherReply } from "@sml/env-pomdp"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

import type { Staging } from "./Protocol.ts"

/** A goal that takes the place of the earlier one. */
export interface LaterGoal {
  /** Announced after this many student turns, or when the earlier goal is reached, if that is sooner. */
  readonly afterTurn: number
  /** The teacher's words. */
  readonly announcement: string
  /** What is verified from then on; its `knowledge` is the new goal's. */
  readonly task: Task
}

/**
 * - `task`: what the dialogue begins with.
 * - `script`: the teacher's turns, one after each student turn, whatever the student says; the dialogue
 *   ends with the student's answer to the last.
 * - `laterGoals`: in their order.
 */
export interface StagedTask {
  readonly task: Task
  readonly script?: ReadonlyArray<TeacherReply>
  readonly laterGoals?: ReadonlyArray<LaterGoal>
}

/** Tells a task in a way; `undefined` for a task that has not got what the way needs. */
export type StageTask = (task: Task, staging: Staging) => StagedTask | undefined

const Shards = Schema.Struct({
  shards: Schema.NonEmptyArray(
    Schema.Struct({ name: Schema.NonEmptyString, text: Schema.NonEmptyString })
  ),
  /** The statement before it was cut into pieces. */
  statement: Schema.optionalKey(Schema.NonEmptyString)
})
const readShards = Schema.decodeUnknownOption(Shards)

const listOf = (texts: ReadonlyArray<string>): string => texts.map((text) => `- ${text}`).join("\n")

/**
 * Tells a task whose knowledge has `shards` (`{ name, text }`, the pieces that its prompt leaves out).
 * `full` is the knowledge's `statement`, or the prompt and its pieces as running text. Evolving goals
 * are nothing that it can make up: give a `StageTask` of your own for those.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { stageTask } from "@sml/eval-harness"
 *
 * const task = {
 *   id: "pens",
 *   domain: "math",
 *   prompt: "How many pens are there?",
 *   knowledge: { shards: [{ name: "boxes", text: "There are 4 boxes." }] },
 *   missing: ["boxes"]
 * }
 * assert.equal(stageTask(task, "concat")?.task.prompt, "How many pens are there?\n- There are 4 boxes.")
 * assert.deepEqual(stageTask(task, "sharded")?.script, [
 *   { text: "There are 4 boxes.", disclosed: ["boxes"] }
 * ])
 * ```
 */
export const stageTask: StageTask = (task, staging) => {
  if (staging === "as-given") return { task }
  if (staging === "evolving") return undefined
  const found = Option.getOrUndefined(readShards(task.knowledge))
  if (found === undefined) return undefined
  const { shards, statement } = found
  const told = (prompt: string): StagedTask => ({ task: { ...task, prompt, missing: [] } })
  const pieces = [task.prompt, ...shards.map(({ text }) => text)]
  const replies = shards.map(({ name, text }): TeacherReply => ({ text, disclosed: [name] }))
  switch (staging) {
    case "full":
      return told(statement ?? pieces.join(" "))
    case "concat":
      return told(`${task.prompt}\n${listOf(pieces.slice(1))}`)
    case "sharded":
      return { task, script: replies }
    case "recap":
      return { task, script: [...replies, { text: listOf(pieces), disclosed: [] }] }
    default:
      staging satisfies "snowball"
      return {
        task,
        script: replies.map(({ disclosed }, index) => ({
          text: listOf(pieces.slice(0, index + 2)),
          disclosed
        }))
      }
  }
}
