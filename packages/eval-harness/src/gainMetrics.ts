/** How much a further turn brings. */
import { successTurn } from "@sml/env-pomdp"

import type { Metric } from "./Metric.ts"

/** `gain@k`: dialogues that were put right by turn `k` exactly: success@k − success@(k−1). */
export const gainAt = (turn: number): Metric => ({
  name: `gain@${turn}`,
  range: [0, 1],
  measure: (episode) => ({ numerator: successTurn(episode) === turn ? 1 : 0, denominator: 1 })
})

/**
 * `gain-after@k`: dialogues that were put right after turn `k`: success at the horizon − success@k.
 * Whether a student that was trained on `k` turns goes on gaining in longer dialogues.
 */
export const gainAfter = (turns: number): Metric => ({
  name: `gain-after@${turns}`,
  range: [0, 1],
  measure: (episode) => ({
    numerator: (successTurn(episode) ?? 0) > turns ? 1 : 0,
    denominator: 1
  })
})

/**
 * `gain-per-turn`: the slope of success@k over k = 1 … horizon by least squares, the improvement rate
 * of MINT (2309.10691, section 3.1). The slope of a mean is the mean of slopes, so every dialogue
 * contributes its own. `undefined` for one turn, where there is no slope.
 */
export const gainPerTurn = (horizon: number): Metric | undefined => {
  if (horizon < 2) return undefined
  const centre = (horizon + 1) / 2
  let square = 0
  for (let k = 1; k <= horizon; k++) square += (k - centre) ** 2
  /** Slope of a dialogue that is right from turn `first` on. */
  const slope = (first: number): number => {
    let sum = 0
    for (let k = first; k <= horizon; k++) sum += k - centre
    return sum / square
  }
  // the steepest step is the one in the middle
  const most = slope(Math.ceil(centre))
  return {
    name: "gain-per-turn",
    range: [0, most],
    measure: (episode) => ({
      // right from the first turn on, or never: level
      numerator: slope(successTurn(episode) ?? horizon + 1),
      denominator: 1
    })
  }
}
