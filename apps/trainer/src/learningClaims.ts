/** What a training run must show, checked on its results. */
import type { BeforeAfter, Estimate } from "@sml/eval-harness"
import { isDisjoint } from "@sml/eval-harness"
import * as Schema from "effect/Schema"

/** A claim, the number it is about, and whether it holds. `value` is null where it was not measured. */
export const Claim = Schema.Struct({
  claim: Schema.String,
  value: Schema.NullOr(Schema.Finite),
  needed: Schema.String,
  holds: Schema.Boolean
})
export type Claim = typeof Claim.Type

/** Longest a whole run may take, in seconds, and the most memory that it may use, in bytes. */
export const limits = { seconds: 300, memory: 2 * 2 ** 30 } as const

const points = (change: number): number => Math.round(change * 1000) / 10

interface Measured {
  readonly value: number
  readonly holds: boolean
}

const claim = (text: string, needed: string, measured: Measured | undefined): Claim => ({
  claim: text,
  value: measured?.value ?? null,
  needed,
  holds: measured?.holds ?? false
})

/** Both numbers, or nothing. */
const both = (
  left: Estimate | undefined,
  right: Estimate | undefined,
  measure: (left: Estimate, right: Estimate) => Measured
): Measured | undefined =>
  left === undefined || right === undefined ? undefined : measure(left, right)

const rise =
  (least: number, disjoint: boolean) =>
  (before: Estimate, after: Estimate): Measured => {
    const value = points(after.value - before.value)
    return { value, holds: value >= least && (!disjoint || isDisjoint(before, after)) }
  }

/**
 * The claims about one run that trained on math: higher success within 4 and 10 turns, mistakes put
 * right twice as often, and a gain that needs the feedback. `memory` is the peak in bytes.
 */
export const learningClaims = (results: BeforeAfter, memory: number): ReadonlyArray<Claim> => {
  const before = results.before["math"] ?? {}
  const after = results.after["math"] ?? {}
  const total = results.seconds["total"]
  return [
    claim(
      "math success@4 rises, intervals disjoint (points)",
      "≥ 15",
      both(before["success@4"], after["success@4"], rise(15, true))
    ),
    claim(
      "math success@10 rises (points)",
      "≥ 20",
      both(before["success@10"], after["success@10"], rise(20, false))
    ),
    claim(
      "P(correct at t+1 | wrong at t), after / before",
      "≥ 2",
      both(before["fix"], after["fix"], (one, two) => {
        const value = one.value === 0 ? 0 : Math.round((two.value / one.value) * 100) / 100
        return { value, holds: value >= 2 }
      })
    ),
    claim(
      "strictly content-free feedback costs the trained student (points of success@4)",
      "≥ 8",
      both(after["strict-content-free/success@4"], after["success@4"], rise(8, false))
    ),
    claim(
      "seconds for the whole run",
      `≤ ${limits.seconds}`,
      total === undefined ? undefined : { value: Math.round(total), holds: total <= limits.seconds }
    ),
    claim("peak memory (MiB)", `≤ ${limits.memory / 2 ** 20}`, {
      value: Math.round(memory / 2 ** 20),
      holds: memory <= limits.memory
    })
  ]
}
