/** Sequences to train on. */
import { uniformStream } from "@sml/env-pomdp"
import type { Datum } from "@sml/policy"

/** Where the loss falls: on every target, or on a third of them in runs, as a student's turns. */
export type LossOn = "all" | "student"

/** Tokens of one turn in the data for `"student"`: every third run of so many is the student's. */
const run = 16

/**
 * `rows` sequences of `positions` + 1 random tokens: as many positions are run and have a target. The
 * runs begin elsewhere in each row.
 */
export const trainingData = (
  vocabularySize: number,
  rows: number,
  positions: number,
  lossOn: LossOn
): ReadonlyArray<Datum> => {
  const uniform = uniformStream(7)
  return Array.from({ length: rows }, (_, row) => ({
    tokens: Int32Array.from({ length: positions + 1 }, () =>
      Math.floor(uniform() * vocabularySize)
    ),
    weights: Float32Array.from({ length: positions }, (__, at) =>
      lossOn === "all" || Math.floor(at / run + row) % 3 === 0 ? 1 : 0
    )
  }))
}
