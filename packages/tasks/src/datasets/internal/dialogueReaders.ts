/** Tasks that say less than they need: shards, missing premises, open details. */
import { Task } from "@sml/env-pomdp"
import * as Schema from "effect/Schema"

import type { ClarificationKnowledge } from "../Clarification.ts"
import type { MissingPremiseKnowledge } from "../MissingPremise.ts"
import {
  datasetReader,
  type DatasetReader,
  has,
  mathTask,
  numeral,
  Unfit
} from "./DatasetReader.ts"
import { parseGsm8kAnswer } from "./gsm8kAnswer.ts"

const lostInConversation = datasetReader({
  format: "lost-in-conversation",
  knows: has("task_id", "shards"),
  schema: Schema.Struct({
    task_id: Schema.NonEmptyString,
    task: Schema.String,
    question: Schema.optionalKey(Schema.NonEmptyString),
    answer: Schema.optionalKey(Schema.String),
    shards: Schema.NonEmptyArray(
      Schema.Struct({ shard_id: Schema.Int, shard: Schema.NonEmptyString })
    )
  }),
  read: ({ answer, question, shards, task, task_id }) => {
    if (task !== "math" || answer === undefined || question === undefined) {
      throw new Unfit(
        `a task of the kind ${task} has no question with a numeric answer; keep the records of the kind math`
      )
    }
    const parsed = parseGsm8kAnswer(answer)
    const [first, ...others] = shards
    const held = others.map(({ shard, shard_id }) => ({ name: `shard ${shard_id}`, text: shard }))
    const whole = mathTask(`lost-in-conversation:${task_id}`, first.shard, parsed.answer, {
      ...parsed.more,
      statement: question,
      shards: held
    })
    return { ...whole, missing: held.map(({ name }) => name) }
  }
})

const missingPremise = datasetReader({
  format: "missing-premise",
  knows: has("insufficient_question"),
  schema: Schema.Struct({
    insufficient_question: Schema.NonEmptyString,
    answer: Schema.optionalKey(Schema.NullOr(Schema.Union([Schema.Finite, Schema.String])))
  }),
  read: ({ answer, insufficient_question }, { index, stem }) => {
    const knowledge: MissingPremiseKnowledge = {
      kind: "missing-premise",
      premise: insufficient_question.startsWith("What is the value of $")
        ? "the values of the symbols in the formula"
        : "the quantities that the question asks about",
      answer: typeof answer === "number" ? numeral(answer) : (answer ?? null),
      answerable: false
    }
    return {
      id: `missing-premise:${stem}/${index}`,
      domain: "missing-premise",
      prompt: insufficient_question,
      knowledge,
      missing: ["premise"]
    }
  }
})

const in3 = datasetReader({
  format: "in3",
  knows: has("task", "vague", "missing_details"),
  schema: Schema.Struct({
    task: Schema.NonEmptyString,
    vague: Schema.Boolean,
    missing_details: Schema.Array(
      Schema.Struct({
        description: Schema.NonEmptyString,
        importance: Schema.Union([Schema.Int, Schema.String.check(Schema.isPattern(/^[1-3]$/))]),
        inquiry: Schema.String,
        options: Schema.Array(Schema.String)
      })
    )
  }),
  read: ({ missing_details, task, vague }, { index, stem }) => {
    const details = missing_details.map(({ description, importance, inquiry, options }) => ({
      description,
      importance: Number(importance),
      inquiry,
      options
    }))
    // a point that is named twice is one piece
    const shards = Array.from(
      new Map(
        details.map(({ description, options: [choice = "no preference"] }) => [
          description,
          { name: description, text: `${description}: ${choice}.` }
        ])
      ).values()
    )
    const knowledge: ClarificationKnowledge = { kind: "clarification", vague, details, shards }
    return {
      id: `in3:${stem}/${index}`,
      domain: "clarification",
      prompt: task,
      knowledge,
      missing: shards.map(({ name }) => name)
    }
  }
})

const task = datasetReader({
  format: "task",
  knows: has("id", "domain", "prompt", "knowledge", "missing"),
  schema: Task,
  read: (record) => record
})

export const dialogueReaders: ReadonlyArray<DatasetReader> = [
  lostInConversation,
  missingPremise,
  in3,
  task
]
