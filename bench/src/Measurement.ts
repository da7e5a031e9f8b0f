/** Repeated measurements of one quantity. */
import * as Schema from "effect/Schema"

/** Median, smallest and largest of `repetitions` measurements. */
export const Measurement = Schema.Struct({
  median: Schema.Finite,
  low: Schema.Finite,
  high: Schema.Finite,
  repetitions: Schema.Int
})
export type Measurement = typeof Measurement.Type

/** That of at least one value. */
export const summarise = (values: ReadonlyArray<number>): Measurement => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const at = (index: number) => sorted[index] ?? Number.NaN
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    low: at(0),
    high: at(sorted.length - 1),
    repetitions: sorted.length
  }
}
