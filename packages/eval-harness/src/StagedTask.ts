/** How a task is told, turn by turn, and by what it is judged. */
import type { Task, TeacherReply, Verdict } from "@sml/env-pomdp"
import { MissingPremiseKnowledge } from "@sml/tasks/datasets"
import {
  announcementBefore,
  EvolvingKnowledge,
  evolvedVerdict,
  goalAt,
  protocolTask,
  protocolTurns,
  ShardedKnowledge
} from "@sml/tasks/protocols"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

import type { Staging } from "./Protocol.ts"

/** A verdict on the whole task. `shown` is what the teacher sees in its place; default the same. */
export interface StagedVerdict {
  readonly verdict: Verdict
  readonly shown?: Verdict
}

/**
 * - `task`: what the dialogue begins with, and what is kept of it.
 * - `script`: the teacher's turns, one after each student turn, whatever the student says; the dialogue
 *   ends with the student's answer to the last.
 * - `taskAt`: the task that verifier and teacher see in its place at a student turn (from 0).
 * - `judge`: from the verdict on that to the verdict on the whole.
 * - `announceBefore`: what is said in the teacher's place before a student turn (from 0).
 */
export interface StagedTask {
  readonly task: Task
  readonly script?: ReadonlyArray<TeacherReply>
  readonly taskAt?: (turn: number) => Task
  readonly judge?: (turn: number, verdict: Verdict) => StagedVerdict
  readonly announceBefore?: (turn: number) => string | undefined
}

/** Tells a task in a way; `undefined` for a task that has not got what the way needs. */
export type StageTask = (task: Task, staging: Staging) => StagedTask | undefined

const readPremise = Schema.decodeUnknownOption(MissingPremiseKnowledge)
const isSharded = Schema.is(ShardedKnowledge)
const isEvolving = Schema.is(EvolvingKnowledge)

/**
 * A question that may lack a premise, as a question with a reference answer, for the verifier and the
 * teacher of mathematics; no answer to one that can not be answered is right.
 */
const stagePremise = (task: Task, knowledge: MissingPremiseKnowledge): StagedTask | undefined => {
  const { answer, answerable, premise } = knowledge
  if (answerable && answer === null) return undefined
  const [name = "premise"] = task.missing
  const known: Task = {
    ...task,
    domain: "math",
    knowledge: {
      kind: "math-answer",
      // where no answer is right it only tells the verifier that an answer is a number, so that a
      // refusal is none
      answer: answer ?? "0",
      ...(answerable || premise === ""
        ? {}
        : { statement: `${task.prompt} ${premise}`, shards: [{ name, text: premise }] })
    }
  }
  return {
    task,
    taskAt: () => known,
    judge: (_turn, verdict) => ({
      verdict: answerable || verdict._tag === "NoAttempt" ? verdict : { ...verdict, correct: false }
    })
  }
}

const stageAsGiven = (task: Task): StagedTask | undefined => {
  if (isEvolving(task.knowledge)) {
    // the last goal, from the beginning
    const goal = goalAt(task, Infinity)
    return { task: { ...goal, id: task.id, domain: task.domain }, taskAt: () => goal }
  }
  const premise = Option.getOrUndefined(readPremise(task.knowledge))
  return premise === undefined ? { task } : stagePremise(task, premise)
}

/**
 * Tells the tasks of `@sml/tasks`: sharded ones in the five ways, evolving ones with their goals (under
 * `as-given` with the last goal from the beginning), questions with a missing premise, and any task as
 * it is.
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
 *   knowledge: {
 *     statement: "There are 4 boxes of 6 pens. How many pens are there?",
 *     shards: [{ name: "boxes", text: "There are 4 boxes of 6 pens." }]
 *   },
 *   missing: ["boxes"]
 * }
 * assert.match(stageTask(task, "full")?.task.prompt ?? "", /^There are 4 boxes/)
 * assert.deepEqual(stageTask(task, "sharded")?.script, [
 *   { text: "There are 4 boxes of 6 pens.", disclosed: ["boxes"] }
 * ])
 * assert.equal(stageTask({ ...task, knowledge: null }, "sharded"), undefined)
 * ```
 */
export const stageTask: StageTask = (task, staging) => {
  if (staging === "as-given") return stageAsGiven(task)
  if (staging === "evolving") {
    return isEvolving(task.knowledge)
      ? {
          task,
          taskAt: (turn) => goalAt(task, turn),
          // an earlier goal that is reached is a success to the teacher, and not yet one in the record
          judge: (turn, verdict) => ({
            verdict: evolvedVerdict(task, turn, verdict),
            shown: verdict
          }),
          announceBefore: (turn) => announcementBefore(task, turn)
        }
      : undefined
  }
  if (!isSharded(task.knowledge)) return undefined
  return {
    task: { ...protocolTask(task, staging), id: task.id },
    script: protocolTurns(task, staging).slice(1)
  }
}
