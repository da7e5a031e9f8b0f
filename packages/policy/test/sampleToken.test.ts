import { type SamplingSettings, sampleToken, tokenDistribution, uniformAt } from "@sml/policy"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const drawFrom = (logits: Float32Array, settings: SamplingSettings, uniform: number) => {
  const result = { id: -1, logprob: NaN, rawLogprob: NaN }
  const size = logits.length
  const finite = sampleToken(logits, 0, size, settings, uniform, tokenDistribution(size), result)
  return { ...result, finite }
}

const draw = (logits: ReadonlyArray<number>, temperature: number, uniform: number) =>
  drawFrom(Float32Array.from(logits), { temperature }, uniform)

const logits = fc.array(fc.float({ min: -30, max: 30, noNaN: true }), {
  minLength: 1,
  maxLength: 20
})
const uniform = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })

describe("sampleToken", () => {
  it("inverts the distribution function and reports the token's log-probability", () => {
    fc.assert(
      fc.property(
        logits,
        fc.double({ min: 0.1, max: 3, noNaN: true }),
        uniform,
        (values, temperature, u) => {
          const scaled = values.map((x) => Math.fround(x) / temperature)
          const largest = Math.max(...scaled)
          const weights = scaled.map((x) => Math.exp(x - largest))
          const total = weights.reduce((a, b) => a + b, 0)
          const { finite, id, logprob } = draw(values, temperature, u)
          expect(finite).toBe(true)
          expect(logprob).toBeCloseTo(Math.log((weights[id] ?? 0) / total), 9)
          const below = weights.slice(0, id).reduce((a, b) => a + b, 0) / total
          const above = below + (weights[id] ?? 0) / total
          expect(u).toBeGreaterThanOrEqual(below - 1e-9)
          expect(u).toBeLessThanOrEqual(above + 1e-9)
        }
      )
    )
  })

  it("takes the first largest logit at temperature 0, with its log-probability at temperature 1", () => {
    fc.assert(
      fc.property(logits, uniform, (values, u) => {
        const floats = values.map(Math.fround)
        const { id, logprob } = draw(values, 0, u)
        expect(id).toBe(floats.indexOf(Math.max(...floats)))
        const total = floats.reduce((sum, x) => sum + Math.exp(x - (floats[id] ?? 0)), 0)
        expect(logprob).toBeCloseTo(-Math.log(total), 9)
      })
    )
  })

  it("never draws a token without weight", () => {
    expect(draw([-1000, 0, -1000], 1, 1 - 2 ** -53).id).toBe(1)
    expect(draw([0, -1000], 1, 1 - 2 ** -53).id).toBe(0)
  })

  it("says when a logit is not finite", () => {
    expect(draw([0, NaN], 1, 0.5).finite).toBe(false)
    expect(draw([Infinity, 0], 0, 0.5).finite).toBe(false)
  })
})

describe("sampleToken with filters", () => {
  const few = fc
    .array(fc.integer({ min: -6, max: 6 }), { minLength: 1, maxLength: 30 })
    .map((values) => Float32Array.from(values, (x) => x / 2))
  const settings = fc.record({
    temperature: fc.constantFrom(0.3, 0.7, 1, 2),
    topK: fc.integer({ min: 1, max: 35 }),
    topP: fc.double({ min: 0.01, max: 1, noNaN: true }),
    minP: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })
  })

  it("never draws a smaller id for a larger number", () => {
    fc.assert(
      fc.property(few, settings, uniform, uniform, (values, how, u, v) => {
        const low = drawFrom(values, how, Math.min(u, v))
        const high = drawFrom(values, how, Math.max(u, v))
        expect(low.id).toBeLessThanOrEqual(high.id)
      })
    )
  })

  it("draws as often as the log-probabilities that it reports say", () => {
    const values = Float32Array.of(0.3, 2, -1, 1.5, 0.3, 1.9, -3)
    for (const how of [
      { temperature: 1 },
      { temperature: 0.7, topK: 4 },
      { temperature: 1.3, topP: 0.8 },
      { temperature: 1, topK: 5, topP: 0.95, minP: 0.2 }
    ]) {
      const n = 20_000
      const seen = new Map<number, { count: number; logprob: number }>()
      for (let i = 0; i < n; i++) {
        const { id, logprob } = drawFrom(values, how, uniformAt(11, i))
        seen.set(id, { count: (seen.get(id)?.count ?? 0) + 1, logprob })
      }
      let mass = 0
      for (const { count, logprob } of seen.values()) {
        mass += Math.exp(logprob)
        // 4.5 standard deviations
        expect(Math.abs(count / n - Math.exp(logprob))).toBeLessThan(4.5 * Math.sqrt(0.25 / n))
      }
      expect(mass).toBeCloseTo(1, 9)
    }
  })

  it("reports the log-probability of softmax(logits) beside that of the draw", () => {
    fc.assert(
      fc.property(logits, settings, uniform, (values, how, u) => {
        const floats = Float32Array.from(values)
        const { id, logprob, rawLogprob } = drawFrom(floats, how, u)
        const total = floats.reduce((sum, x) => sum + Math.exp(x - (floats[id] ?? 0)), 0)
        expect(rawLogprob).toBeCloseTo(-Math.log(total), 9)
        // filtering only takes competitors away
        const tempered = floats.reduce(
          (sum, x) => sum + Math.exp((x - (floats[id] ?? 0)) / how.temperature),
          0
        )
        expect(logprob).toBeGreaterThanOrEqual(-Math.log(tempered) - 1e-9)
      })
    )
  })

  it("has equal log-probabilities at temperature 1 without filters, bit for bit", () => {
    fc.assert(
      fc.property(logits, uniform, (values, u) => {
        const { logprob, rawLogprob } = draw(values, 1, u)
        expect(rawLogprob).toBe(logprob)
      })
    )
  })

  it("is greedy at temperature 0 whatever the filters", () => {
    fc.assert(
      fc.property(few, settings, uniform, (values, how, u) => {
        const greedy = drawFrom(values, { temperature: 0 }, 0)
        expect(drawFrom(values, { ...how, temperature: 0 }, u)).toEqual(greedy)
        expect(greedy.logprob).toBe(greedy.rawLogprob)
      })
    )
  })

  it("changes no bit where no filter can act", () => {
    fc.assert(
      fc.property(logits, fc.constantFrom(0.7, 1, 1.9), uniform, (values, temperature, u) => {
        const floats = Float32Array.from(values)
        const plain = drawFrom(floats, { temperature }, u)
        const idle = { temperature, topK: values.length, topP: 1, minP: 0 }
        expect(drawFrom(floats, idle, u)).toEqual(plain)
        expect(drawFrom(floats, { temperature, topK: 2 ** 31 }, u)).toEqual(plain)
      })
    )
  })
})

describe("uniformAt", () => {
  it("is uniform over positions and over seeds", () => {
    const bins = 20
    for (const at of [
      (i: number) => uniformAt(123, i),
      (i: number) => uniformAt(i, 40),
      (i: number) => uniformAt(i * 65_537, i % 7)
    ]) {
      const counts = Array.from({ length: bins }, () => 0)
      const n = 20_000
      for (let i = 0; i < n; i++) {
        const u = at(i)
        expect(u >= 0 && u < 1).toBe(true)
        const bin = Math.floor(u * bins)
        counts[bin] = (counts[bin] ?? 0) + 1
      }
      const chi = counts.reduce((sum, count) => sum + (count - n / bins) ** 2 / (n / bins), 0)
      // 19 degrees of freedom: exceeded once in a million
      expect(chi).toBeLessThan(62)
    }
  })

  it("does not repeat itself between neighbours", () => {
    const seen = new Set<number>()
    for (let seed = 0; seed < 100; seed++) {
      for (let position = 0; position < 100; position++) seen.add(uniformAt(seed, position))
    }
    expect(seen.size).toBe(10_000)
  })
})
