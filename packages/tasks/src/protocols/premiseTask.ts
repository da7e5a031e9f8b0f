/** A sharded problem → a question with or without one of its premises. */
import type { Task } from "@sml/env-pomdp"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import type { MissingPremiseKnowledge } from "../datasets/MissingPremise.ts"
import { TaskSourceError } from "../TaskSourceError.ts"
import { shardedKnowledge } from "./ShardedKnowledge.ts"

const decodeAnswer = Schema.decodeUnknownResult(Schema.Struct({ answer: Schema.NonEmptyString }))

/**
 * The facts in order and then the question, in one prompt, without the fact number `left` (from 0);
 * with all facts when `left` is not given. The pair of both shows whether a student that stops at a
 * missing premise still answers where nothing is missing.
 *
 * Throws a {@link TaskSourceError} when the task is not sharded, has no such fact, or no answer.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { premiseTask, shardTask } from "@sml/tasks/protocols"
 *
 * const sharded = shardTask({
 *   id: "eggs",
 *   domain: "math",
 *   prompt: "Ducks lay 16 eggs. Janet eats 7 of them. How many eggs are left?",
 *   knowledge: { kind: "math-answer", answer: "9" },
 *   missing: []
 * })
 * assert.ok(sharded)
 * const task = premiseTask(sharded, 1)
 * assert.equal(task.prompt, "Ducks lay 16 eggs. How many eggs are left?")
 * assert.deepEqual(task.knowledge, {
 *   kind: "missing-premise",
 *   premise: "Janet eats 7 of them.",
 *   answer: "9",
 *   answerable: false
 * })
 * ```
 */
export const premiseTask = (task: Task, left?: number): Task => {
  const { shards } = shardedKnowledge(task)
  const known = decodeAnswer(task.knowledge)
  const premise = left === undefined ? "" : shards[left]?.text
  if (Result.isFailure(known) || premise === undefined) {
    throw new TaskSourceError({
      reason: `The task ${task.id} has ${Result.isFailure(known) ? "no answer" : `no fact ${left}`}; choose another.`
    })
  }
  const told = shards.filter((_, index) => index !== left).map(({ text }) => text)
  const knowledge: MissingPremiseKnowledge = {
    kind: "missing-premise",
    premise,
    answer: known.success.answer,
    answerable: left === undefined
  }
  return {
    id: `${task.id}/${left === undefined ? "whole" : `without ${left}`}`,
    domain: "missing-premise",
    prompt: [...told, task.prompt].join(" "),
    knowledge,
    missing: left === undefined ? [] : ["premise"]
  }
}
