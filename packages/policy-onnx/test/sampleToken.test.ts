import { sampleToken, uniformAt } from "@sml/policy-onnx"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const draw = (logits: ReadonlyArray<number>, temperature: number, uniform: number) => {
  const result = { id: -1, logprob: NaN }
  const finite = sampleToken(
    Float32Array.from(logits),
    0,
    logits.length,
    temperature,
    uniform,
    new Float64Array(logits.length),
    result
  )
  return { ...result, finite }
}

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
