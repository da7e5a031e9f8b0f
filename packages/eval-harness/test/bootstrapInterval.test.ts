import { uniformStream } from "@sml/env-pomdp"
import { bootstrapInterval, drawResamples } from "@sml/eval-harness"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const cluster = fc.integer({ min: 0, max: 9 }).chain((denominator) =>
  fc.record({
    numerator: fc.integer({ min: 0, max: denominator }),
    denominator: fc.constant(denominator)
  })
)
const clusters = fc.array(cluster, { minLength: 1, maxLength: 20 })

describe("bootstrapInterval", () => {
  it("agrees with scipy's percentile bootstrap", () => {
    // scipy 1.17.1: stats.bootstrap of sum(numerators) / sum(denominators) over indices,
    // method="percentile", n_resamples=200000, default_rng(0)
    const numerators = [1, 0, 4, 2, 0, 1, 3, 0, 2, 1, 0, 5, 1, 0, 2]
    const denominators = [2, 3, 4, 5, 1, 6, 3, 2, 7, 4, 0, 8, 2, 1, 3]
    const data = numerators.map((numerator, i) => ({
      numerator,
      denominator: denominators[i] ?? 0
    }))
    const interval = bootstrapInterval(data, drawResamples(15, { resamples: 50_000 }))
    expect(interval?.low).toBeCloseTo(0.2682926829268293, 2)
    expect(interval?.high).toBeCloseTo(0.6, 2)
  })

  it("converges to the interval of all resamples, counted by hand", () => {
    // clusters 0/1 and 1/1: the four equally likely resamples have the values 0, 1/2, 1/2 and 1
    const data = [
      { numerator: 0, denominator: 1 },
      { numerator: 1, denominator: 1 }
    ]
    expect(bootstrapInterval(data, drawResamples(2))).toEqual({ low: 0, high: 1 })
  })

  it("is a function of the seed", () => {
    fc.assert(
      fc.property(clusters, fc.nat(), (data, seed) => {
        const once = bootstrapInterval(data, drawResamples(data.length, { seed, resamples: 50 }))
        const again = bootstrapInterval(data, drawResamples(data.length, { seed, resamples: 50 }))
        expect(again).toEqual(once)
      })
    )
    const first = drawResamples(10, { seed: 1 }).indices
    expect(drawResamples(10, { seed: 2 }).indices).not.toEqual(first)
  })

  it("stays between the smallest and the largest cluster", () => {
    fc.assert(
      fc.property(clusters, (data) => {
        const values = data
          .filter(({ denominator }) => denominator > 0)
          .map(({ denominator, numerator }) => numerator / denominator)
        fc.pre(values.length > 0)
        const interval = bootstrapInterval(data, drawResamples(data.length, { resamples: 50 }))
        expect(interval?.low).toBeGreaterThanOrEqual(Math.min(...values) - 1e-12)
        expect(interval?.high).toBeLessThanOrEqual(Math.max(...values) + 1e-12)
      })
    )
  })

  it("scales with the numerators", () => {
    fc.assert(
      fc.property(clusters, (data) => {
        const draw = drawResamples(data.length, { resamples: 50 })
        const one = bootstrapInterval(data, draw)
        const tripled = bootstrapInterval(
          data.map(({ denominator, numerator }) => ({ numerator: 3 * numerator, denominator })),
          draw
        )
        expect(tripled?.low ?? 0).toBeCloseTo(3 * (one?.low ?? 0), 9)
        expect(tripled?.high ?? 0).toBeCloseTo(3 * (one?.high ?? 0), 9)
      })
    )
  })

  it("covers the true value about 95 times in 100 although the parts of a cluster depend", () => {
    // each cluster has its own rate, 0.2 or 0.6; the true value is 0.4
    const random = uniformStream(7)
    const rounds = 300
    let covered = 0
    for (let round = 0; round < rounds; round++) {
      const data = Array.from({ length: 60 }, () => {
        const rate = random() < 0.5 ? 0.2 : 0.6
        const trials = Array.from({ length: 5 }, () => (random() < rate ? 1 : 0))
        return { numerator: trials.reduce<number>((sum, x) => sum + x, 0), denominator: 5 }
      })
      const interval = bootstrapInterval(data, drawResamples(60, { seed: round, resamples: 200 }))
      if (interval !== undefined && interval.low <= 0.4 && 0.4 <= interval.high) covered++
    }
    expect(covered / rounds).toBeGreaterThan(0.9)
    expect(covered / rounds).toBeLessThan(0.98)
  })

  it("says nothing without any occasion", () => {
    const none = { numerator: 0, denominator: 0 }
    expect(bootstrapInterval([none, none], drawResamples(2))).toBeUndefined()
  })

  it("refuses a draw for other clusters, and draws of nothing", () => {
    expect(() => bootstrapInterval([], drawResamples(1))).toThrow(RangeError)
    expect(() => drawResamples(0)).toThrow(RangeError)
    expect(() => drawResamples(3, { resamples: 0.5 })).toThrow(RangeError)
  })

  it("draws every cluster about equally often", () => {
    const { count, indices } = drawResamples(7, { seed: 3 })
    expect(indices.length).toBe(7 * count)
    const counts = Array.from({ length: 7 }, () => 0)
    for (const index of indices) counts[index] = (counts[index] ?? 0) + 1
    expect(counts.reduce((sum, x) => sum + x, 0)).toBe(indices.length)
    for (const each of counts) expect(Math.abs(each / count - 1)).toBeLessThan(0.1)
  })
})
