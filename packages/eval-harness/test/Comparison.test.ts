import { comparePairs, compareStudents, fix, successWithin } from "@sml/eval-harness"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

import { episodeOf } from "./episodeOf.ts"

const pairsOf = (before: ReadonlyArray<number>, after: ReadonlyArray<number>) =>
  before.map((numerator, index) => ({
    before: { numerator, denominator: 1 },
    after: { numerator: after[index] ?? 0, denominator: 1 }
  }))

// scipy 1.17.1: stats.permutation_test((after, before), difference of means,
// permutation_type="samples", n_resamples=inf), all exchanges tried
const golden = [
  [[0, 0, 1, 0, 1, 0, 0, 1], [1, 0, 1, 1, 1, 1, 0, 1], 0.375, 0.25],
  [[2, 5, 1, 3, 8, 4, 6, 2, 1, 9], [1, 3, 1, 2, 9, 2, 3, 2, 0, 5], -1.3, 0.0390625],
  [[1, 1, 0, 0], [0, 1, 1, 0], 0, 1],
  [
    [0.31, 0.24, 0.55, 0.41, 0.62, 0.18, 0.77, 0.29, 0.5, 0.36, 0.44, 0.9],
    [0.35, 0.2, 0.61, 0.52, 0.7, 0.25, 0.71, 0.4, 0.58, 0.33, 0.49, 0.97],
    0.045,
    0.02734375
  ]
] as const

const ratio = fc.integer({ min: 0, max: 4 }).chain((denominator) =>
  fc.record({
    numerator: fc.integer({ min: 0, max: denominator }),
    denominator: fc.constant(denominator)
  })
)
const pairs = fc.array(fc.record({ before: ratio, after: ratio }), { minLength: 1, maxLength: 8 })
const few = { resamples: 50, permutations: 200 }

describe("comparePairs", () => {
  it.each(golden)("equals scipy's exact test of %j and %j", (before, after, difference, p) => {
    const result = comparePairs(pairsOf(before, after))
    expect(result?.exact).toBe(true)
    expect(result?.difference.value).toBeCloseTo(difference, 12)
    expect(result?.pValue).toBeCloseTo(p, 12)
  })

  it("comes near the exact test when it samples", () => {
    // 5 tasks of 20 differ, all in one direction: p = 2 / 2^5, as the others cannot matter
    const before = Array.from({ length: 20 }, (_, index) => (index < 5 ? 0 : 1))
    const after = before.map(() => 1)
    const result = comparePairs(pairsOf(before, after))
    expect(result?.exact).toBe(false)
    expect(result?.pValue).toBeCloseTo(2 / 32, 2)
  })

  it("counts the observed difference among those it samples, so p is never 0", () => {
    const before = Array.from({ length: 40 }, () => 0)
    const after = before.map(() => 1)
    const result = comparePairs(pairsOf(before, after), { permutations: 199, resamples: 1 })
    expect(result?.pValue).toBe(1 / 200)
  })

  it("says the same of the exchanged students, with the opposite sign", () => {
    fc.assert(
      fc.property(pairs, (data) => {
        const one = comparePairs(data, few)
        const other = comparePairs(
          data.map(({ after, before }) => ({ before: after, after: before })),
          few
        )
        fc.pre(one !== undefined && other !== undefined)
        expect(other.pValue).toBe(one.pValue)
        expect(other.difference.value).toBeCloseTo(-one.difference.value, 12)
        expect(one.difference.value).toBeCloseTo(one.after - one.before, 12)
      })
    )
  })

  it("has p in (0, 1], and 1 for equal students", () => {
    fc.assert(
      fc.property(pairs, (data) => {
        const result = comparePairs(data, few)
        fc.pre(result !== undefined)
        expect(result.pValue).toBeGreaterThan(0)
        expect(result.pValue).toBeLessThanOrEqual(1)
        expect(result.difference.low).toBeLessThanOrEqual(result.difference.value)
        expect(result.difference.high).toBeGreaterThanOrEqual(result.difference.value)
        const equal = comparePairs(
          data.map(({ before }) => ({ before, after: before })),
          few
        )
        expect(equal?.pValue ?? 1).toBe(1)
      })
    )
  })

  it("says nothing where a student had no occasion", () => {
    const none = { numerator: 0, denominator: 0 }
    expect(
      comparePairs([{ before: none, after: { numerator: 1, denominator: 1 } }])
    ).toBeUndefined()
    expect(comparePairs([])).toBeUndefined()
  })

  it("rejects at 5 % about 5 times in 100 when the students are alike", () => {
    let rejected = 0
    const rounds = 200
    for (let round = 0; round < rounds; round++) {
      // two looks at the same coin, a new coin for every task
      const data = fc.sample(fc.record({ before: fc.nat(9), after: fc.nat(9) }), {
        numRuns: 10,
        seed: round
      })
      const result = comparePairs(
        pairsOf(
          data.map((each) => each.before),
          data.map((each) => each.after)
        ),
        { resamples: 1 }
      )
      if ((result?.pValue ?? 1) <= 0.05) rejected++
    }
    expect(rejected / rounds).toBeLessThan(0.1)
    expect(rejected / rounds).toBeGreaterThan(0.01)
  })
})

describe("compareStudents", () => {
  const before = ["xxx", "xo", "xxx", "xxx"].map((each, id) => episodeOf(each, { id: `${id}` }))
  const after = ["xo", "xo", "xxo", "xo"].map((each, id) => episodeOf(each, { id: `${id}` }))

  it("pairs by task", () => {
    const result = compareStudents(before, after.toReversed(), successWithin(4))
    expect(result).toMatchObject({ before: 0.25, after: 1, exact: true })
    expect(result?.difference).toMatchObject({ value: 0.75, n: 4 })
    // three tasks differ, all in one direction
    expect(result?.pValue).toBe(2 / 8)
  })

  it("compares ratios whose occasions differ", () => {
    // before: 1 of 7 transitions; after: 4 of 5
    const result = compareStudents(before, after, fix)
    expect(result?.before).toBeCloseTo(1 / 7, 12)
    expect(result?.after).toBeCloseTo(4 / 5, 12)
  })

  it("leaves out tasks that only one of them has", () => {
    expect(compareStudents(before, after.slice(0, 2), successWithin(4))?.difference.n).toBe(2)
    expect(compareStudents(before, [], successWithin(4))).toBeUndefined()
  })
})
