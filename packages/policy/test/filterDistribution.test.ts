import {
  filterDistribution,
  type SamplingSettings,
  tokenDistribution,
  uniformAt
} from "@sml/policy"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

/** The definition, by sorting: the ids that are kept, and the weight of every id. */
const reference = (logits: Float32Array, settings: SamplingSettings) => {
  const { minP = 0, temperature, topK = Infinity, topP = 1 } = settings
  const largest = Math.max(...logits)
  const weights = Array.from(logits, (x) => Math.exp((x - largest) / temperature))
  const order = Array.from(logits.keys()).toSorted(
    (a, b) => (logits[b] ?? 0) - (logits[a] ?? 0) || a - b
  )
  let kept = order.slice(0, topK)
  const mass = kept.reduce((sum, id) => sum + (weights[id] ?? 0), 0)
  if (topP < 1) {
    let reached = 0
    const at = kept.findIndex((id) => (reached += weights[id] ?? 0) >= topP * mass)
    if (at >= 0) kept = kept.slice(0, at + 1)
  }
  kept = kept.filter((id) => (weights[id] ?? 0) >= minP)
  return { ids: kept.toSorted((a, b) => a - b), weights }
}

const filtered = (logits: Float32Array, settings: SamplingSettings) => {
  const into = tokenDistribution(logits.length)
  expect(filterDistribution(logits, 0, logits.length, settings, into)).toBe(true)
  const ids = into.filtered ? Array.from(into.ids.subarray(0, into.count)) : [...logits.keys()]
  return { ...into, ids, weights: Array.from(into.weights.subarray(0, into.count)) }
}

// whole numbers, so that there are ties
const ties = fc
  .array(fc.integer({ min: -4, max: 4 }), { minLength: 1, maxLength: 60 })
  .map((values) => Float32Array.from(values))
const distinct = fc
  .array(fc.float({ min: -20, max: 20, noNaN: true }), { minLength: 1, maxLength: 60 })
  .map((values) => Float32Array.from(values))
const settings: fc.Arbitrary<SamplingSettings> = fc.record(
  {
    temperature: fc.constantFrom(0.25, 0.7, 1, 1, 2.5),
    topK: fc.integer({ min: 1, max: 70 }),
    // no multiple of a round number, at which the order of a sum would decide
    topP: fc.double({ min: 0.001, max: 0.999, noNaN: true }).map((p) => p * 0.999_983_1),
    minP: fc.double({ min: 0, max: 0.999, noNaN: true }).map((p) => p * 0.999_983_1)
  },
  { requiredKeys: ["temperature"] }
)

describe("filterDistribution", () => {
  it("keeps the tokens that the definition keeps, with their weights", () => {
    fc.assert(
      fc.property(fc.oneof(ties, distinct), settings, (logits, how) => {
        const expected = reference(logits, how)
        const got = filtered(logits, how)
        expect(got.ids).toEqual(expected.ids)
        got.ids.forEach((id, i) => {
          expect(got.weights[i]).toBeCloseTo(expected.weights[id] ?? NaN, 12)
        })
        const sum = got.weights.reduce((a, b) => a + b, 0)
        expect(got.total).toBeCloseTo(sum, 9)
        expect(got.weights.reduce((a, b) => a + b / got.total, 0)).toBeCloseTo(1, 12)
      }),
      { numRuns: 1000 }
    )
  })

  it("keeps the definition on a large vocabulary", () => {
    for (const [seed, spread] of [
      [1, 0.01],
      [2, 3],
      [3, 12]
    ] as const) {
      const logits = Float32Array.from({ length: 20_000 }, (_, i) => spread * uniformAt(seed, i))
      for (const how of [
        { temperature: 1, topK: 50 },
        { temperature: 0.8, topP: 0.9 },
        { temperature: 1, topP: 0.5 },
        { temperature: 1.2, topK: 4000, topP: 0.95, minP: 0.01 },
        { temperature: 1, minP: 0.3 }
      ]) {
        expect(filtered(logits, how).ids).toEqual(reference(logits, how).ids)
      }
    }
  })

  it("keeps the smaller ids of equal tokens", () => {
    const even = new Float32Array(10)
    expect(filtered(even, { temperature: 1, topK: 3 }).ids).toEqual([0, 1, 2])
    expect(filtered(even, { temperature: 1, topP: 0.45 }).ids).toEqual([0, 1, 2, 3, 4])
    const mixed = Float32Array.of(1, 2, 1, 2, 1)
    expect(filtered(mixed, { temperature: 1, topK: 3 }).ids).toEqual([0, 1, 3])
  })

  it("always keeps the most probable token", () => {
    fc.assert(
      fc.property(ties, (logits) => {
        const { best, ids } = filtered(logits, { temperature: 1, topK: 1, topP: 1e-9, minP: 0.999 })
        expect(ids).toEqual([best])
      })
    )
  })

  it("takes its share of the mass from what top-k has left", () => {
    // 0.4, 0.3, 0.2, 0.1: of the first two, 0.4 is 57 %
    const logits = Float32Array.from([0.4, 0.3, 0.2, 0.1], Math.log)
    expect(filtered(logits, { temperature: 1, topK: 2, topP: 0.56 }).ids).toEqual([0])
    expect(filtered(logits, { temperature: 1, topP: 0.56 }).ids).toEqual([0, 1])
  })

  it("reads only its own row", () => {
    const row = [3, 1, 2, 1]
    const logits = Float32Array.from([9, 9, ...row, 9])
    const into = tokenDistribution(4)
    filterDistribution(logits, 2, 4, { temperature: 1, topK: 2 }, into)
    expect([...into.ids.subarray(0, into.count)]).toEqual([0, 2])
  })

  it("says when a logit is not finite", () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      const into = tokenDistribution(2)
      expect(filterDistribution(Float32Array.of(0, bad), 0, 2, { temperature: 1 }, into)).toBe(
        false
      )
    }
  })
})
