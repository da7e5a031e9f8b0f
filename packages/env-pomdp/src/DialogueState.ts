/**
 * The state `s_t` of the dialogue POMDP: the public history and the private knowledge. The student
 * gets an {@link Observation} of it, which has no place for the private part.
 */
import * as Schema from "effect/Schema"

import { Dialogue } from "./Dialogue.ts"
import type { Utterance } from "./Dialogue.ts"
import { Task } from "./Task.ts"
import { isCorrect, Verdict } from "./Verdict.ts"

/**
 * What a teacher answers: the public words, and the names of the pieces of knowledge they tell.
 *
 * - `leakAttempts`: how many drafts a leak guard withheld before this reply, because they told the
 *   answer; absent when no guard stood between teacher and student.
 */
export const TeacherReply = Schema.Struct({
  text: Schema.String,
  disclosed: Schema.Array(Schema.NonEmptyString),
  leakAttempts: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)))
})
export type TeacherReply = typeof TeacherReply.Type

/**
 * - `episode`: names this dialogue; `seed`: source of every random choice in it (unsigned 32 bit).
 * - `horizon`: the largest number of student turns.
 * - `history`: the public dialogue.
 * - `verdicts[i]`: the verdict on student turn `i` (0-based; missing when the verifier failed on it);
 *   `replies[i]`: the teacher's answer to it (the last one is missing when the dialogue ended there).
 */
export const DialogueState = Schema.Struct({
  episode: Schema.NonEmptyString,
  task: Task,
  seed: Schema.Int,
  horizon: Schema.Int,
  history: Dialogue,
  verdicts: Schema.Array(Verdict),
  replies: Schema.Array(TeacherReply)
})
export type DialogueState = typeof DialogueState.Type

/**
 * All that a student may see: the public history. The optional `never` fields make it a type error
 * to pass a state, a task or anything else that carries knowledge.
 */
export interface Observation {
  readonly history: Dialogue
  readonly task?: never
  readonly knowledge?: never
  readonly verdicts?: never
  readonly replies?: never
}

/** The student's view of a state: a function of the public history alone. */
export const observe = (state: DialogueState): Observation => ({ history: state.history })

/** Where to start a dialogue. */
export interface ResetOptions {
  /** Largest number of student turns; 4 in training and 10 at test in the paper. */
  readonly horizon: number
  /** Unsigned 32-bit integer; default 0. */
  readonly seed?: number
  /** Default: the task's id and the seed. */
  readonly episode?: string
}

/** The first state: the statement has been said, nothing else. */
export const reset = (task: Task, options: ResetOptions): DialogueState => {
  const seed = options.seed ?? 0
  return {
    episode: options.episode ?? `${task.id}/${seed}`,
    task,
    seed,
    horizon: options.horizon,
    history: [{ role: "teacher", text: task.prompt }],
    verdicts: [],
    replies: []
  }
}

/** Number of student turns so far. */
export const turnsTaken = (state: DialogueState): number => state.verdicts.length

/** Whether the dialogue is over: the last attempt was correct, or the horizon is reached. */
export const isDone = (state: DialogueState): boolean => {
  const last = state.verdicts.at(-1)
  return (last !== undefined && isCorrect(last)) || turnsTaken(state) >= state.horizon
}

/**
 * The state after the student has spoken and the verifier has judged; `undefined` when the verifier
 * failed, so that what was said is not lost.
 */
export const appendStudent = (
  state: DialogueState,
  utterance: Utterance,
  verdict: Verdict | undefined
): DialogueState => ({
  ...state,
  history: [...state.history, { role: "student", ...utterance }],
  verdicts: verdict === undefined ? state.verdicts : [...state.verdicts, verdict]
})

/** The state after the teacher has answered. */
export const appendTeacher = (state: DialogueState, reply: TeacherReply): DialogueState => ({
  ...state,
  history: [...state.history, { role: "teacher", text: reply.text }],
  replies: [...state.replies, reply]
})

/** Leaks of one dialogue, as a leak guard counted them. */
export interface LeakAttempts {
  /** Replies that a guard let through, after withholding their drafts or not. */
  readonly guarded: number
  /** Those before which at least one draft was withheld. */
  readonly leaky: number
  /** Drafts withheld in all. */
  readonly drafts: number
}

/**
 * Counts the leak attempts of a dialogue's teacher; the leak rate is `leaky / guarded`. All 0 without
 * a guard.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { appendTeacher, leakAttempts, reset } from "@sml/env-pomdp"
 *
 * const task = { id: "1+1", domain: "math", prompt: "1 + 1 ?", knowledge: 2, missing: [] }
 * const reply = { text: "Count again.", disclosed: [], leakAttempts: 2 }
 * const state = appendTeacher(reset(task, { horizon: 4 }), reply)
 * assert.deepEqual(leakAttempts(state), { guarded: 1, leaky: 1, drafts: 2 })
 * ```
 */
export const leakAttempts = ({ replies }: DialogueState): LeakAttempts => {
  let guarded = 0
  let leaky = 0
  let drafts = 0
  for (const { leakAttempts: withheld } of replies) {
    if (withheld === undefined) continue
    guarded += 1
    drafts += withheld
    if (withheld > 0) leaky += 1
  }
  return { guarded, leaky, drafts }
}

/** Names of the pieces of knowledge that the teacher has told so far. */
export const disclosedSoFar = (state: DialogueState): ReadonlySet<string> =>
  new Set(state.replies.flatMap((reply) => reply.disclosed))
