import { wilsonInterval } from "@sml/eval-harness"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

// statsmodels 0.15.0: proportion_confint(successes, trials, 0.05, "wilson")
const golden: ReadonlyArray<readonly [number, number, number, number]> = [
  [0, 1, 0.0, 0.7934506856227627],
  [1, 1, 0.2065493143772374, 1.0],
  [0, 20, 0.0, 0.1611251580528194],
  [20, 20, 0.8388748419471804, 1.0],
  [1, 2, 0.09453120573423068, 0.9054687942657693],
  [48, 100, 0.384645517580519, 0.5768342223477604],
  [144, 300, 0.42407680086272237, 0.5364289179862594],
  [204, 300, 0.6252238889196531, 0.7302246414395104],
  [299, 300, 0.9813633063054688, 0.9994113422781488],
  [7, 1256, 0.002702269437063424, 0.011459400426853474],
  [12345, 100000, 0.12142561775452175, 0.12550331116056454]
]

const trials = fc
  .integer({ min: 1, max: 10_000 })
  .chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n)))

describe("wilsonInterval", () => {
  it.each(golden)("equals statsmodels for %i of %i", (successes, n, low, high) => {
    const interval = wilsonInterval(successes, n)
    expect(interval.low).toBeCloseTo(low, 12)
    expect(interval.high).toBeCloseTo(high, 12)
  })

  it("holds the rate, stays inside [0, 1] and always has a width", () => {
    fc.assert(
      fc.property(trials, ([successes, n]) => {
        const { high, low } = wilsonInterval(successes, n)
        expect(low).toBeGreaterThanOrEqual(0)
        expect(high).toBeLessThanOrEqual(1)
        expect(low).toBeLessThanOrEqual(successes / n)
        expect(high).toBeGreaterThanOrEqual(successes / n)
        expect(high - low).toBeGreaterThan(0)
      })
    )
  })

  it("treats success and failure alike", () => {
    fc.assert(
      fc.property(trials, ([successes, n]) => {
        const one = wilsonInterval(successes, n)
        const other = wilsonInterval(n - successes, n)
        expect(one.low).toBeCloseTo(1 - other.high, 12)
        expect(one.high).toBeCloseTo(1 - other.low, 12)
      })
    )
  })

  it("narrows with more trials of the same rate", () => {
    fc.assert(
      fc.property(trials, fc.integer({ min: 2, max: 10 }), ([successes, n], times) => {
        const one = wilsonInterval(successes, n)
        const more = wilsonInterval(times * successes, times * n)
        expect(more.high - more.low).toBeLessThan(one.high - one.low)
      })
    )
  })

  it("knows nothing without trials, and refuses what is not a rate", () => {
    expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 })
    for (const [successes, n] of [
      [-1, 3],
      [4, 3],
      [Number.NaN, 3],
      [1, Infinity]
    ] as const) {
      expect(() => wilsonInterval(successes, n)).toThrow(RangeError)
    }
  })
})
