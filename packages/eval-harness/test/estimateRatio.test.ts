import { estimateRatio, wilsonInterval } from "@sml/eval-harness"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const clusters = fc.array(
  fc.integer({ min: 0, max: 6 }).chain((denominator) =>
    fc.record({
      numerator: fc.integer({ min: 0, max: denominator }),
      denominator: fc.constant(denominator)
    })
  ),
  { minLength: 1, maxLength: 15 }
)

const alike = (count: number) =>
  estimateRatio(Array.from({ length: count }, () => ({ numerator: 2, denominator: 4 })))

describe("estimateRatio", () => {
  it("gives the ratio of sums, n, and an interval around it inside the range", () => {
    fc.assert(
      fc.property(clusters, (data) => {
        const n = data.reduce((sum, { denominator }) => sum + denominator, 0)
        const hits = data.reduce((sum, { numerator }) => sum + numerator, 0)
        fc.pre(n > 0)
        const estimate = estimateRatio(data, { resamples: 100 })
        expect(estimate?.n).toBe(n)
        expect(estimate?.value).toBe(hits / n)
        expect(estimate?.low).toBeGreaterThanOrEqual(0)
        expect(estimate?.low).toBeLessThanOrEqual(hits / n)
        expect(estimate?.high).toBeGreaterThanOrEqual(hits / n)
        expect(estimate?.high).toBeLessThanOrEqual(1)
      })
    )
  })

  it("is Wilson's interval where every task is one trial at most", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 1, undefined), { minLength: 1 }), (trials) => {
        const estimate = estimateRatio(
          trials.map((trial) => ({
            numerator: trial ?? 0,
            denominator: trial === undefined ? 0 : 1
          }))
        )
        const done = trials.filter((trial) => trial !== undefined)
        const wins = done.filter((trial) => trial === 1).length
        expect(estimate).toEqual(
          done.length === 0
            ? undefined
            : {
                value: wins / done.length,
                n: done.length,
                ...wilsonInterval(wins, done.length)
              }
        )
      })
    )
  })

  it("says nothing without any occasion", () => {
    expect(estimateRatio([{ numerator: 0, denominator: 0 }])).toBeUndefined()
    expect(estimateRatio([])).toBeUndefined()
  })

  it("does not claim certainty when all tasks are alike", () => {
    // four turns of one task are not four independent trials
    expect(alike(1)).toEqual({ value: 0.5, n: 4, ...wilsonInterval(0.5, 1) })
    expect(alike(100)).toEqual({ value: 0.5, n: 400, ...wilsonInterval(50, 100) })
  })

  it("scales the cautious interval to the range of the number", () => {
    const never = Array.from({ length: 50 }, () => ({ numerator: 0, denominator: 1 }))
    const questions = estimateRatio(never, { range: [0, 10] })
    expect(questions?.low).toBe(0)
    expect(questions?.high).toBeCloseTo(10 * wilsonInterval(0, 50).high, 12)
    const first = Array.from({ length: 50 }, () => ({ numerator: 1, denominator: 1 }))
    const turns = estimateRatio(first, { range: [1, 10] })
    expect(turns?.low).toBe(1)
    expect(turns?.high).toBeCloseTo(1 + 9 * wilsonInterval(0, 50).high, 12)
    expect(estimateRatio(first, { range: [1, 1] })).toEqual({ value: 1, low: 1, high: 1, n: 50 })
  })
})
