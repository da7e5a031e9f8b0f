/** What the scripted teacher knows of a task: the private JSON of the two generated domains. */
import type { Task } from "@sml/env-pomdp"
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import type { KnowledgeError } from "../TaskKnowledge.ts"
import { decodeKnowledgeAs } from "../TaskKnowledge.ts"

/** `answer` = `a op b`; `b` is the hidden quantity. */
export const MathKnowledge = Schema.Struct({
  kind: Schema.Literal("math"),
  answer: Schema.Int,
  a: Schema.Int,
  b: Schema.Int,
  op: Schema.Literals(["+", "-"])
})
export type MathKnowledge = typeof MathKnowledge.Type

/**
 * `reference`: a right program, computing `x * k op m`; `entry`: the name under which a program may
 * declare its function; `hiddenInputs`: the integers on which it must agree with the reference.
 */
export const CodeKnowledge = Schema.Struct({
  kind: Schema.Literal("code"),
  reference: Schema.NonEmptyString,
  k: Schema.Int,
  m: Schema.Int,
  op: Schema.Literals(["+", "-"]),
  hiddenInputs: Schema.Array(Schema.Int),
  entry: Schema.NonEmptyString
})
export type CodeKnowledge = typeof CodeKnowledge.Type

/** Either of the two, told apart by `kind`. */
export const Knowledge = Schema.Union([MathKnowledge, CodeKnowledge])
export type Knowledge = typeof Knowledge.Type

/** Reads a task's private JSON as the scripted teacher needs it. */
export const decodeKnowledge = (task: Task): Result.Result<Knowledge, KnowledgeError> =>
  decodeKnowledgeAs(Knowledge, task)
