/** From intervals to answers: the rules, without any data. */
import type { Contrast } from "./Contrast.ts"

/**
 * What is expected of a number.
 *
 * - `Greater`: above 0, and by at least `margin`: less than that does not count as an effect.
 * - `Similar`: within `tolerance` of 0.
 */
export type Expectation =
  | { readonly _tag: "Greater"; readonly margin: number }
  | { readonly _tag: "Similar"; readonly tolerance: number }

/** What the data say of an expectation. */
export type Outcome = "holds" | "fails" | "open"

/** The answer to a finding. */
export type Verdict = "reproduced" | "not reproduced" | "inconclusive"

/** Fewer seeds than these answer nothing. */
export const leastSeeds = 3

/**
 * `Greater` holds where the 95 % interval lies above 0, the value reaches the margin and every seed by
 * itself is above 0; it fails where the whole interval is below the margin. `Similar` holds where the
 * whole interval is within the tolerance and fails where it is wholly outside. All else, and what was
 * not measured, is open.
 */
export const decideCheck = (
  expectation: Expectation,
  measured: Omit<Contrast, "n"> | undefined
): Outcome => {
  if (measured === undefined) return "open"
  const { high, low, seeds, value } = measured
  if (expectation._tag === "Similar") {
    const { tolerance } = expectation
    if (low >= -tolerance && high <= tolerance) return "holds"
    return low > tolerance || high < -tolerance ? "fails" : "open"
  }
  if (high < expectation.margin) return "fails"
  return low > 0 && value >= expectation.margin && seeds.every((seed) => seed > 0)
    ? "holds"
    : "open"
}

/**
 * A finding is reproduced where all of its checks hold, not reproduced where one of them fails, and
 * inconclusive otherwise. With fewer than {@link leastSeeds} seeds it is inconclusive.
 */
export const decideFinding = (outcomes: ReadonlyArray<Outcome>, seeds: number): Verdict => {
  if (seeds < leastSeeds || outcomes.length === 0) return "inconclusive"
  if (outcomes.includes("fails")) return "not reproduced"
  return outcomes.every((outcome) => outcome === "holds") ? "reproduced" : "inconclusive"
}
