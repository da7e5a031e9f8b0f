/** What kind of turn a student took. */
import * as Schema from "effect/Schema"

import type { Episode } from "./Episode.ts"
import { studentTurns } from "./Episode.ts"
import type { Verdict } from "./Verdict.ts"

/**
 * - `attempt`: an utterance with an extractable answer;
 * - `question`: an utterance that asks (holds a question mark) and does not attempt;
 * - `other`: anything else.
 */
export const TurnLabel = Schema.Literals(["attempt", "question", "other"])
export type TurnLabel = typeof TurnLabel.Type

/** The label of one utterance. */
export const labelTurn = (text: string, verdict: Verdict): TurnLabel =>
  verdict._tag === "Attempt" ? "attempt" : text.includes("?") ? "question" : "other"

/** The labels of all judged student turns of an episode, in order. */
export const labelTurns = (episode: Episode): ReadonlyArray<TurnLabel> =>
  studentTurns(episode).flatMap((turn, index) => {
    const verdict = episode.state.verdicts[index]
    return verdict === undefined ? [] : [labelTurn(turn.text, verdict)]
  })

/**
 * For each judged student turn, whether it was a *premature attempt*: an attempt made while a piece
 * that the statement leaves out had not been told yet. Never true on fully specified tasks.
 */
export const prematureAttempts = (episode: Episode): ReadonlyArray<boolean> => {
  const { task, replies } = episode.state
  const told = new Set<string>()
  return labelTurns(episode).map((label, index) => {
    const premature = label === "attempt" && task.missing.some((name) => !told.has(name))
    for (const name of replies[index]?.disclosed ?? []) told.add(name)
    return premature
  })
}
