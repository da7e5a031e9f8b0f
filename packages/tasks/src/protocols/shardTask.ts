/** A fully specified word problem → one of which the teacher holds the facts. */
import type { Task } from "@sml/env-pomdp"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import { splitStatement } from "./internal/sentences.ts"
import type { ShardedKnowledge } from "./ShardedKnowledge.ts"

const decodeObject = Schema.decodeUnknownResult(Schema.Record(Schema.String, Schema.Json))

/**
 * Cuts the statement by rules into its question, which becomes the prompt, and its facts, which become
 * the `shards` of the knowledge; the verifier's part of the knowledge stays. No word about a quantity
 * is lost. Pronouns stay as they are: a question may say "she" before anybody was named.
 *
 * `undefined` when the task has something missing already, is a program, or when no sentence of it
 * asks or none tells a quantity.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { shardTask } from "@sml/tasks/protocols"
 *
 * const sharded = shardTask({
 *   id: "kylar",
 *   domain: "math",
 *   prompt: "Kylar buys 16 glasses. One glass costs $5, but every second one costs 60% of it. If he has $80, how much is left?",
 *   knowledge: { kind: "math-answer", answer: "16" },
 *   missing: []
 * })
 * assert.equal(sharded?.prompt, "How much is left?")
 * assert.deepEqual(sharded?.missing, ["fact 1", "fact 2", "fact 3", "fact 4"])
 * assert.deepEqual(sharded?.knowledge, {
 *   kind: "math-answer",
 *   answer: "16",
 *   statement: "Kylar buys 16 glasses. One glass costs $5, but every second one costs 60% of it. If he has $80, how much is left?",
 *   shards: [
 *     { name: "fact 1", text: "Kylar buys 16 glasses." },
 *     { name: "fact 2", text: "One glass costs $5." },
 *     { name: "fact 3", text: "Every second one costs 60% of it." },
 *     { name: "fact 4", text: "He has $80." }
 *   ]
 * })
 * ```
 */
export const shardTask = (task: Task): Task | undefined => {
  const { domain, id, knowledge, missing, prompt } = task
  if (missing.length > 0 || domain === "code" || prompt.includes("```")) return undefined
  const known = decodeObject(knowledge)
  const split = splitStatement(prompt)
  if (Result.isFailure(known) || split === undefined) return undefined
  const shards = split.facts.map((text, index) => ({ name: `fact ${index + 1}`, text }))
  const [first, ...others] = shards
  if (first === undefined) return undefined
  const held: ShardedKnowledge = { statement: prompt, shards: [first, ...others] }
  return {
    id: `${id}/sharded`,
    domain,
    prompt: split.question,
    knowledge: { ...known.success, ...held },
    missing: shards.map(({ name }) => name)
  }
}
