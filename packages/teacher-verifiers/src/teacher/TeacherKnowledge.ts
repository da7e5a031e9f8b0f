/** What a teacher knows of a task that its student does not. */
import type { Task } from "@sml/env-pomdp"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import { ProgramKnowledge } from "../code/ProgramTests.ts"
import { MathKnowledge } from "../math/MathKnowledge.ts"
import { Knowledge as NanoKnowledge } from "../nano/NanoKnowledge.ts"
import { decodeKnowledgeAs, type KnowledgeError } from "../TaskKnowledge.ts"
import { Shard } from "./Shard.ts"

const extras = {
  shards: Schema.optionalKey(Schema.Array(Shard)),
  hints: Schema.optionalKey(Schema.Array(Schema.NonEmptyString))
}

/**
 * The knowledge of a general task: what its verifier reads, the shards held back, and hints that may
 * be told (the method in words). `generated` and `text-answer` tasks have verifiers of their own;
 * `answer` is one that is right.
 */
export const TeacherKnowledge = Schema.Union([
  Schema.Struct({ ...MathKnowledge.fields, ...extras }),
  Schema.Struct({ ...ProgramKnowledge.fields, ...extras }),
  Schema.Struct({
    kind: Schema.Literals(["generated", "text-answer"]),
    answer: Schema.NonEmptyString,
    ...extras
  })
])
export type TeacherKnowledge = typeof TeacherKnowledge.Type

/**
 * Reads the knowledge of a general task.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { readTeacherKnowledge } from "@sml/teacher-verifiers/teacher"
 * import { Result } from "effect"
 *
 * const knowledge = Result.getOrThrow(
 *   readTeacherKnowledge({
 *     id: "t",
 *     domain: "math",
 *     prompt: "What is 8 times 8?",
 *     knowledge: { kind: "math-answer", answer: "64" },
 *     missing: []
 *   })
 * )
 * assert.equal(knowledge.kind, "math-answer")
 * ```
 */
export const readTeacherKnowledge = (task: Task): Result.Result<TeacherKnowledge, KnowledgeError> =>
  decodeKnowledgeAs(TeacherKnowledge, task)

/**
 * The same for any task, those of the embedded student's domains included: their answer and reference
 * program, and the value that a statement left out as a shard.
 */
export const readAnyKnowledge = (task: Task): Result.Result<TeacherKnowledge, KnowledgeError> => {
  const nano = Schema.decodeUnknownResult(NanoKnowledge)(task.knowledge)
  if (Result.isFailure(nano)) return readTeacherKnowledge(task)
  const knowledge = nano.success
  if (knowledge.kind === "math") {
    return Result.succeed({
      kind: "math-answer",
      answer: String(knowledge.answer),
      shards: task.missing.map((name) => ({ name, text: `${name} is ${knowledge.b} .` }))
    })
  }
  const call = (input: number) => ({
    fn: knowledge.entry,
    args: [input],
    expected: input * knowledge.k + (knowledge.op === "+" ? knowledge.m : -knowledge.m)
  })
  const [first = 1, ...rest] = knowledge.hiddenInputs
  return Result.succeed({
    kind: "program",
    language: "javascript",
    preamble: "",
    tests: { kind: "calls", calls: [call(first), ...rest.map(call)] },
    solution: knowledge.reference
  })
}
