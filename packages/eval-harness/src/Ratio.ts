/** What one episode or one task contributes to a metric: every metric here is a ratio of sums. */

/**
 * `numerator` counts (or adds up) what is looked for, `denominator` the occasions for it. A metric is
 * the sum of numerators over the sum of denominators, so that a dialogue with many occasions weighs
 * more than one with few, and one without any does not count.
 */
export interface Ratio {
  readonly numerator: number
  readonly denominator: number
}

/** The ratio that contributes nothing. */
export const emptyRatio: Ratio = { numerator: 0, denominator: 0 }

/** Adds numerators and denominators. */
export const sumRatios = (ratios: ReadonlyArray<Ratio>): Ratio => {
  let numerator = 0
  let denominator = 0
  for (const ratio of ratios) {
    numerator += ratio.numerator
    denominator += ratio.denominator
  }
  return { numerator, denominator }
}
