/** What dialogues cost in tokens and money. */
import type { Episode, Usage } from "@sml/env-pomdp"
import { studentTurns, successTurn } from "@sml/env-pomdp"

import type { Metric } from "./Metric.ts"
import type { Ratio } from "./Ratio.ts"
import { emptyRatio } from "./Ratio.ts"

/** Money per million tokens; the currency is the caller's. */
export interface Prices {
  readonly input: number
  readonly output: number
}

/**
 * What the student's turns of an episode used: as the server counted, else from the token traces,
 * where each turn reads the whole stream before it. `undefined` when a turn has neither. `cost` is
 * there when every turn has one, or when prices are given.
 */
export const episodeUsage = (episode: Episode, prices?: Prices): Usage | undefined => {
  let inputTokens = 0
  let outputTokens = 0
  let stream = 0
  let told: number | undefined = 0
  for (const { trace, usage } of studentTurns(episode)) {
    if (trace !== undefined) stream += trace.context.length
    if (usage !== undefined) {
      inputTokens += usage.inputTokens
      outputTokens += usage.outputTokens
    } else if (trace !== undefined) {
      inputTokens += stream
      outputTokens += trace.ids.length
    } else return undefined
    if (trace !== undefined) stream += trace.ids.length
    told = told === undefined || usage?.cost === undefined ? undefined : told + usage.cost
  }
  const turns = studentTurns(episode).length
  if (turns === 0) return undefined
  const cost =
    prices === undefined
      ? told
      : (inputTokens * prices.input + outputTokens * prices.output) / 1_000_000
  return cost === undefined ? { inputTokens, outputTokens } : { inputTokens, outputTokens, cost }
}

const perDialogue = (name: string, of: (episode: Episode) => number | undefined): Metric => ({
  name,
  range: [0, Infinity],
  measure: (episode): Ratio => {
    const numerator = of(episode)
    return numerator === undefined ? emptyRatio : { numerator, denominator: 1 }
  }
})

/** `input-tokens`: tokens that the student read, per dialogue whose usage is known. */
export const inputTokens: Metric = perDialogue(
  "input-tokens",
  (episode) => episodeUsage(episode)?.inputTokens
)

/** `output-tokens`: tokens that the student wrote, per dialogue whose usage is known. */
export const outputTokens: Metric = perDialogue(
  "output-tokens",
  (episode) => episodeUsage(episode)?.outputTokens
)

/**
 * `tokens-per-success`: all tokens that the student wrote, in successes and failures, for each
 * success; n = successes.
 */
export const tokensPerSuccess: Metric = {
  name: "tokens-per-success",
  range: [0, Infinity],
  measure: (episode) => {
    const usage = episodeUsage(episode)
    return usage === undefined
      ? emptyRatio
      : {
          numerator: usage.outputTokens,
          denominator: successTurn(episode) === undefined ? 0 : 1
        }
  }
}

/** `cost`: money per dialogue, from given prices or from what the server told. */
export const cost = (prices?: Prices): Metric =>
  perDialogue("cost", (episode) => episodeUsage(episode, prices)?.cost)
