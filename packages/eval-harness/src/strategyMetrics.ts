/** What students do with their turns, and whether they answer only what can be answered. */
import type { Episode } from "@sml/env-pomdp"
import { isUnderspecified } from "@sml/env-pomdp"

import type { Metric } from "./Metric.ts"
import type { Ratio } from "./Ratio.ts"
import { emptyRatio } from "./Ratio.ts"
import { labelStrategies, ResponseStrategy } from "./ResponseStrategy.ts"

/** The strategies of an episode's turns, from rules or from a judge. */
export type ReadStrategies = (episode: Episode) => ReadonlyArray<ResponseStrategy>

const rate = (name: string, measure: (episode: Episode) => Ratio): Metric => ({
  name,
  range: [0, 1],
  measure
})

/** `turns:hedge` and so on: the share of each strategy of all student turns, one metric for each. */
export const strategyShares = (read: ReadStrategies = labelStrategies): ReadonlyArray<Metric> =>
  ResponseStrategy.literals.map((strategy) =>
    rate(`turns:${strategy}`, (episode) => {
      const strategies = read(episode)
      return {
        numerator: strategies.filter((each) => each === strategy).length,
        denominator: strategies.length
      }
    })
  )

/**
 * What a first turn decides: to `answer`, to `ask`, to `abstain` (it refuses, or names answers for
 * several cases and chooses none), or nothing of the kind.
 */
export type Decision = "answer" | "ask" | "abstain" | "other"

const decisions = {
  answer_attempt: "answer",
  clarification: "ask",
  interrogation: "ask",
  hedge: "abstain",
  refuse: "abstain",
  discussion: "other",
  missing: "other"
} as const satisfies Record<ResponseStrategy, Decision>

/** The decision of a dialogue's first turn; `undefined` without a turn. */
export const firstDecision = (
  episode: Episode,
  read: ReadStrategies = labelStrategies
): Decision | undefined => {
  const [first] = read(episode)
  return first === undefined ? undefined : decisions[first]
}

const holdsBack = (decision: Decision): boolean => decision === "ask" || decision === "abstain"

const unanswerable = (isAnswerable: boolean): boolean => !isAnswerable

/**
 * Calibration of abstention: does the first turn answer what can be answered, and only that? A task is
 * answerable when its statement leaves nothing out.
 *
 * - `hallucinated`, `asked@1`, `abstained`: unanswerable tasks that the first turn answers · asks
 *   about · declines; the rest discusses or says nothing.
 * - `held-back`: answerable tasks that the first turn asks about or declines.
 * - `abstention-precision`: of the tasks asked about or declined, those that are unanswerable.
 * - `decision-accuracy`: of the tasks that the first turn answers, asks about or declines, those where
 *   that is right. Read it beside the others: always answering is right on every answerable task.
 */
export const abstentionMetrics = (
  read: ReadStrategies = labelStrategies
): ReadonlyArray<Metric> => {
  const share = (
    name: string,
    counts: (isAnswerable: boolean, decision: Decision) => boolean,
    isRight: (isAnswerable: boolean, decision: Decision) => boolean
  ): Metric =>
    rate(name, (episode) => {
      const decision = firstDecision(episode, read)
      const isAnswerable = !isUnderspecified(episode.state.task)
      return decision === undefined || !counts(isAnswerable, decision)
        ? emptyRatio
        : { numerator: isRight(isAnswerable, decision) ? 1 : 0, denominator: 1 }
    })
  return [
    share("hallucinated", unanswerable, (_, decision) => decision === "answer"),
    share("asked@1", unanswerable, (_, decision) => decision === "ask"),
    share("abstained", unanswerable, (_, decision) => decision === "abstain"),
    share(
      "held-back",
      (isAnswerable) => isAnswerable,
      (_, decision) => holdsBack(decision)
    ),
    share("abstention-precision", (_, decision) => holdsBack(decision), unanswerable),
    share(
      "decision-accuracy",
      (_, decision) => decision !== "other",
      (isAnswerable, decision) => isAnswerable === (decision === "answer")
    )
  ]
}
