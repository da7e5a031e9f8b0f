/** What a student does with its turn, finer than attempt, question or other. */
import type { Episode, Verdict } from "@sml/env-pomdp"
import { studentTurns } from "@sml/env-pomdp"
import * as Schema from "effect/Schema"

import { readTurn } from "./internal/readTurn.ts"

/**
 * The seven strategies of "LLMs Get Lost In Multi-Turn Conversation" (2505.06120, appendix):
 *
 * - `answer_attempt`: commits to one complete answer, however unsure its words are;
 * - `clarification`: asks one question, or asks for one thing;
 * - `interrogation`: asks several;
 * - `discussion`: speaks of the task without an answer, a question or a refusal;
 * - `hedge`: gives several answers for several cases and chooses none;
 * - `refuse`: declines to answer and asks for nothing;
 * - `missing`: says nothing at all.
 */
export const ResponseStrategy = Schema.Literals([
  "answer_attempt",
  "clarification",
  "interrogation",
  "discussion",
  "hedge",
  "refuse",
  "missing"
])
export type ResponseStrategy = typeof ResponseStrategy.Type

/**
 * The strategy of one turn, by rules over its form: fenced code, boxed answers, sentences that ask,
 * request, decline or conclude. The verdict, where there is one, decides whether the turn holds an
 * answer; without one the rules look for it themselves. English only.
 *
 * The README says how often the rules agree with turns labelled by hand.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { labelStrategy } from "@sml/eval-harness"
 *
 * assert.equal(labelStrategy("So the total is \\boxed{12}."), "answer_attempt")
 * assert.equal(labelStrategy("How many pens are in a box?"), "clarification")
 * assert.equal(labelStrategy("Which year? Which city?"), "interrogation")
 * assert.equal(labelStrategy("There is not enough information."), "refuse")
 * ```
 */
export const labelStrategy = (text: string, verdict?: Verdict): ResponseStrategy => {
  const turn = readTurn(text)
  if (turn.isBlank) return "missing"
  const judged = verdict === undefined ? undefined : verdict._tag === "Attempt"
  if (turn.alternatives > 1 && !turn.isFinal) return "hedge"
  if (judged ?? turn.isFinal) return "answer_attempt"
  if (turn.questions > 0) return turn.questions > 1 ? "interrogation" : "clarification"
  if (turn.declines) return "refuse"
  return judged !== false && turn.concludes ? "answer_attempt" : "discussion"
}

/** The strategies of an episode's student turns, in order; a turn that was not judged has one too. */
export const labelStrategies = (episode: Episode): ReadonlyArray<ResponseStrategy> =>
  studentTurns(episode).map(({ text }, index) => labelStrategy(text, episode.state.verdicts[index]))
