/**
 * A question writer for the two generated domains, for students too small to follow a prompt. A
 * deviation from the paper, where the student model itself writes the question.
 */
import type { DialogueState, Task, Utterance } from "@sml/env-pomdp"
import { disclosedSoFar, mixSeed, turnsTaken, uniformStream } from "@sml/env-pomdp"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

import { QuestionWriter, QuestionWriterError } from "./QuestionWriter.ts"

const Operator = Schema.Literals(["+", "-"])

/** The part of a task's private knowledge that chooses a question. */
const Knowledge = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("math") }),
  Schema.Struct({
    kind: Schema.Literal("code"),
    k: Schema.Int,
    m: Schema.Int,
    op: Operator
  })
])
type Knowledge = typeof Knowledge.Type

const decodeKnowledge = (task: Task) =>
  Effect.mapError(
    Schema.decodeUnknownEffect(Knowledge)(task.knowledge),
    (error) =>
      new QuestionWriterError({
        reason: `The knowledge of task ${task.id} is of no domain that the scripted question writer knows; give a writer for ${task.domain}. ${error.message}`
      })
  )

/** The constants of a program `x => x * k op m`. */
const program = /x\s*\*\s*(\d+)\s*([+-])\s*(\d+)/

/** Names of the quantities that the utterance has wrong; all of them where it gives none. */
const wrongNames = (knowledge: Knowledge, text: string): ReadonlyArray<string> => {
  if (knowledge.kind === "math") return ["b"]
  const [, k, op, m] = program.exec(text) ?? []
  const wrong = [
    ...(Number(k) === knowledge.k ? [] : ["k"]),
    ...(Number(m) === knowledge.m && op === knowledge.op ? [] : ["m"])
  ]
  return wrong.length === 0 ? ["k", "m"] : wrong
}

/** How the writer chooses. */
export interface ScriptedQuestionWriterOptions {
  /** Share of the questions that ask which digit is wrong, once there is an attempt; default 0.2. */
  readonly digitShare?: number
}

/**
 * Asks `what is b ?` about a math task and `what is k ?` or `what is m ?` about a code task, choosing
 * a constant that the student has wrong. Once the dialogue holds an attempt, a fifth of the questions
 * are `which digit is wrong ?` instead, and all of them when a quantity has been told already. A
 * function of the state and the utterance. No question holds a digit, so none can tell a value.
 */
export const layer = (options: ScriptedQuestionWriterOptions = {}): Layer.Layer<QuestionWriter> =>
  Layer.succeed(QuestionWriter, {
    write: Effect.fn("ScriptedQuestionWriter.write")(function* (
      state: DialogueState,
      { text }: Utterance
    ) {
      const { digitShare = 0.2 } = options
      const knowledge = yield* decodeKnowledge(state.task)
      const uniform = uniformStream(mixSeed(state.seed, turnsTaken(state), 8))
      const attempted = state.verdicts.some(({ _tag }) => _tag === "Attempt")
      const told = disclosedSoFar(state).size > 0
      // drawn in any case, so that the names do not depend on what was told
      const byDigit = uniform() < digitShare
      if (attempted && (told || byDigit)) return "which digit is wrong ?"
      const names = wrongNames(knowledge, text)
      return `what is ${names[Math.floor(uniform() * names.length)] ?? "b"} ?`
    })
  })
