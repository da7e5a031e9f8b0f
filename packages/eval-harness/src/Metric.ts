/** What is counted in an episode. A metric is data: add your own to the list that is summarised. */
import {
  type Episode,
  isCorrect,
  isFailed,
  isUnderspecified,
  labelTurns,
  prematureAttempts,
  studentTurns,
  successTurn,
  type TurnLabel,
  type Verdict
} from "@sml/env-pomdp"

import type { Ratio } from "./Ratio.ts"
import { emptyRatio } from "./Ratio.ts"

/**
 * - `name`: its key in a summary and in JSON;
 * - `range`: least and greatest possible value;
 * - `measure`: what one episode contributes; the metric is the ratio of the sums;
 * - `countsFailed`: whether episodes that a party broke off are measured too (default: they are not).
 */
export interface Metric {
  readonly name: string
  readonly range: readonly [least: number, most: number]
  readonly measure: (episode: Episode) => Ratio
  readonly countsFailed?: boolean
}

const once = (yes: boolean): Ratio => ({ numerator: yes ? 1 : 0, denominator: 1 })

const isWrong = (verdict: Verdict): boolean => verdict._tag === "Attempt" && !verdict.correct

const rate = (name: string, measure: (episode: Episode) => Ratio): Metric => ({
  name,
  range: [0, 1],
  measure
})

/** `success`: dialogues that were right before they ended, at whichever turn. */
export const success: Metric = rate("success", (episode) =>
  once(successTurn(episode) !== undefined)
)

/** `success@k`: dialogues that were right by turn `k` (the student may have needed fewer). */
export const successWithin = (turns: number): Metric =>
  rate(`success@${turns}`, (episode) => once((successTurn(episode) ?? Infinity) <= turns))

/**
 * P(right within the next `within` turns | wrong attempt at turn t), over all wrong attempts that
 * have those turns left and whose dialogue went on. `lastTurn` keeps only those answered by turn
 * `lastTurn` of the dialogue.
 */
const putRight =
  (within: number, lastTurn = Infinity) =>
  (episode: Episode): Ratio => {
    const { horizon, verdicts } = episode.state
    let numerator = 0
    let denominator = 0
    for (const [index, verdict] of verdicts.entries()) {
      if (!isWrong(verdict)) continue
      if (index + 1 >= verdicts.length || index + 1 + within > Math.min(horizon, lastTurn)) continue
      denominator++
      if (verdicts.slice(index + 1, index + 1 + within).some(isCorrect)) numerator++
    }
    return { numerator, denominator }
  }

/**
 * `fix` = P(correct at t+1 | wrong attempt at t), over all transitions of a dialogue where turn t was
 * a wrong attempt and a turn t+1 was taken.
 */
export const fix: Metric = rate("fix", putRight(1))

/** `fix@k`: the same, only transitions inside the first `k` turns (t = 1 … k−1). */
export const fixWithin = (turns: number): Metric => rate(`fix@${turns}`, putRight(1, turns))

/**
 * `fix-in-2` = P(correct at t+1 or t+2 | wrong attempt at t): fair to a student that asks first and
 * answers then. Only where the horizon leaves two more turns.
 */
export const fixInTwo: Metric = rate("fix-in-2", putRight(2))

const turnShare = (name: string, label: TurnLabel): Metric =>
  rate(name, (episode) => {
    const labels = labelTurns(episode)
    return {
      numerator: labels.filter((each) => each === label).length,
      denominator: labels.length
    }
  })

/** `attempt-rate`: attempts per student turn. */
export const attemptRate: Metric = turnShare("attempt-rate", "attempt")

/** `question-rate`: questions per student turn. */
export const questionRate: Metric = turnShare("question-rate", "question")

/** `asked`: dialogues with at least one question. */
export const asked: Metric = rate("asked", (episode) =>
  once(labelTurns(episode).includes("question"))
)

/** `question@1`: dialogues that begin with a question. */
export const questionFirst: Metric = rate("question@1", (episode) =>
  once(labelTurns(episode)[0] === "question")
)

/** `questions`: questions per dialogue. */
export const questions = (horizon: number): Metric => ({
  name: "questions",
  range: [0, horizon],
  measure: (episode) => ({
    numerator: labelTurns(episode).filter((label) => label === "question").length,
    denominator: 1
  })
})

/**
 * `premature`: premature attempts per dialogue about an underspecified task. Where nothing is missing
 * no attempt can be premature, so fully specified tasks are not counted.
 */
export const premature = (horizon: number): Metric => ({
  name: "premature",
  range: [0, horizon],
  measure: (episode) =>
    isUnderspecified(episode.state.task)
      ? { numerator: prematureAttempts(episode).filter(Boolean).length, denominator: 1 }
      : emptyRatio
})

/** `premature@1`: dialogues about underspecified tasks whose first turn is a premature attempt. */
export const prematureFirst: Metric = rate("premature@1", (episode) =>
  isUnderspecified(episode.state.task) ? once(prematureAttempts(episode)[0] === true) : emptyRatio
)

/**
 * `repeated`: of the attempts that come after another attempt of the same dialogue, the share that
 * says again, word for word, what an earlier one said.
 */
export const repeated: Metric = rate("repeated", (episode) => {
  const texts = studentTurns(episode)
  const said = new Set<string>()
  let numerator = 0
  let denominator = 0
  for (const [index, verdict] of episode.state.verdicts.entries()) {
    if (verdict._tag !== "Attempt") continue
    const text = (texts[index]?.text ?? "").trim().replaceAll(/\s+/g, " ")
    if (said.size > 0) {
      denominator++
      if (said.has(text)) numerator++
    }
    said.add(text)
  }
  return { numerator, denominator }
})

/** `turns-to-success`: mean turn of the first success, over dialogues that succeeded. */
export const turnsToSuccess = (horizon: number): Metric => ({
  name: "turns-to-success",
  range: [1, horizon],
  measure: (episode) => {
    const turn = successTurn(episode)
    return turn === undefined ? emptyRatio : { numerator: turn, denominator: 1 }
  }
})

/** `failed`: dialogues that a party broke off, of all. They are left out of every other metric. */
export const failed: Metric = {
  ...rate("failed", (episode) => once(isFailed(episode))),
  countsFailed: true
}

/** All metrics for dialogues of at most `horizon` turns, in the order in which they are shown. */
export const standardMetrics = (horizon: number): ReadonlyArray<Metric> => [
  ...Array.from({ length: horizon }, (_, index) => successWithin(index + 1)),
  fix,
  ...(horizon > 4 ? [fixWithin(4)] : []),
  fixInTwo,
  turnsToSuccess(horizon),
  attemptRate,
  questionRate,
  questions(horizon),
  asked,
  questionFirst,
  premature(horizon),
  prematureFirst,
  repeated,
  failed
]
