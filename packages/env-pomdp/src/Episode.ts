/** One finished dialogue with its reward. */
import * as Schema from "effect/Schema"

import type { StudentTurn } from "./Dialogue.ts"
import { DialogueState } from "./DialogueState.ts"
import { Task } from "./Task.ts"
import { isCorrect } from "./Verdict.ts"

/** Why a dialogue ended. The last three carry a `failure`. */
export const StopReason = Schema.Literals([
  "correct",
  "horizon",
  "context-overflow",
  "student-failed",
  "teacher-failed",
  "verifier-failed"
])
export type StopReason = typeof StopReason.Type

/**
 * The last state, why it ended, and the reward: 1 if the student ended up right, else 0. A failure of
 * a party is data: `failure` holds its message, and the reward is 0.
 */
export const Episode = Schema.Struct({
  state: DialogueState,
  stop: StopReason,
  reward: Schema.Literals([0, 1]),
  failure: Schema.optionalKey(Schema.String)
})
export type Episode = typeof Episode.Type

/** The episodes of ONE task, to be compared with each other. */
export const Group = Schema.Struct({ task: Task, episodes: Schema.Array(Episode) })
export type Group = typeof Group.Type

/** The student's turns, in order; `verdicts[i]` of the state belongs to entry `i`. */
export const studentTurns = (episode: Episode): ReadonlyArray<StudentTurn> =>
  episode.state.history.filter((turn): turn is StudentTurn => turn.role === "student")

/** The 1-based turn of the first correct attempt, or `undefined`. */
export const successTurn = (episode: Episode): number | undefined => {
  const index = episode.state.verdicts.findIndex(isCorrect)
  return index < 0 ? undefined : index + 1
}

/** Whether a party failed, so that the reward says nothing about the student. */
export const isFailed = (episode: Episode): boolean => episode.failure !== undefined

/**
 * `γ^(t*−1)` when the first correct attempt was at student turn `t*`, else 0: an earlier success is
 * worth more (arXiv:2602.16488 uses γ = 0.7).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { discountedReturn, type Episode, reset } from "@sml/env-pomdp"
 *
 * const task = { id: "1+1", domain: "math", prompt: "1 + 1 ?", knowledge: 2, missing: [] }
 * const wrong = { _tag: "Attempt", correct: false, diagnostics: null } as const
 * const right = { _tag: "Attempt", correct: true, diagnostics: null } as const
 * const state = { ...reset(task, { horizon: 4 }), verdicts: [wrong, right] }
 * const episode: Episode = { state, stop: "correct", reward: 1 }
 * assert.equal(discountedReturn(episode, 0.7), 0.7)
 * ```
 */
export const discountedReturn = (episode: Episode, discount: number): number => {
  const turn = successTurn(episode)
  return episode.reward === 0 || turn === undefined ? 0 : discount ** (turn - 1)
}
