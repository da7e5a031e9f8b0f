import { describe, expect, it } from "@effect/vitest"
import type { Datum } from "@sml/policy/Datum"
import { evaluateObjective } from "@sml/policy/evaluateObjective"
import type { Normaliser, Objective } from "@sml/policy/Objective"
import * as fc from "fast-check"

const normaliser = fc.constantFrom<Array<Normaliser>>("weight", "none")
const objective: fc.Arbitrary<Objective> = fc.oneof(
  normaliser.map((value): Objective => ({ _tag: "CrossEntropy", normaliser: value })),
  normaliser.map((value): Objective => ({ _tag: "PolicyGradient", normaliser: value })),
  fc.record({
    _tag: fc.constant("ClippedPolicyGradient" as const),
    clipLow: fc.double({ min: 0.05, max: 0.5, noNaN: true }),
    clipHigh: fc.double({ min: 0.05, max: 0.5, noNaN: true }),
    normaliser
  })
)

/** Targets as [weight, advantage, sampling log-probability, current log-probability]. */
const targets = fc.array(
  fc.tuple(
    fc.constantFrom(0, 0.3, 1),
    fc.double({ min: -3, max: 3, noNaN: true }),
    fc.double({ min: -5, max: -0.1, noNaN: true }),
    fc.double({ min: -5, max: -0.1, noNaN: true })
  ),
  { minLength: 1, maxLength: 6 }
)

const datumOf = (rows: ReadonlyArray<readonly [number, number, number, number]>): Datum => ({
  tokens: new Int32Array(rows.length + 1),
  weights: Float32Array.from(rows, ([weight]) => weight),
  advantages: Float32Array.from(rows, ([, advantage]) => advantage),
  logprobs: Float32Array.from(rows, ([, , sampled]) => sampled)
})

const clip = {
  _tag: "ClippedPolicyGradient",
  clipLow: 0.2,
  clipHigh: 0.3,
  normaliser: "none"
} as const

/** Loss and slope of one target of weight 1, sampled at log-probability −1. */
const single = (description: Objective, advantage: number, logprob: number) => {
  const { gradient, loss } = evaluateObjective(
    description,
    [datumOf([[1, advantage, -1, 0]])],
    [[logprob]]
  )
  return [loss, gradient[0]?.[0]]
}

describe("evaluateObjective", () => {
  it("has the derivative that finite differences find", () => {
    fc.assert(
      fc.property(
        objective,
        fc.array(targets, { minLength: 1, maxLength: 3 }),
        (description, rows) => {
          const data = rows.map(datumOf)
          const logprobs = rows.map((row) => row.map(([, , , current]) => current))
          if (description._tag === "ClippedPolicyGradient") {
            // the objective has a kink at each bound
            const away = data.every(({ logprobs: sampled }, index) =>
              (logprobs[index] ?? []).every((logprob, at) => {
                const ratio = Math.exp(logprob - (sampled?.[at] ?? 0))
                return [1 - description.clipLow, 1 + description.clipHigh].every(
                  (bound) => Math.abs(ratio - bound) > 1e-3
                )
              })
            )
            fc.pre(away)
          }
          const { gradient } = evaluateObjective(description, data, logprobs)
          const step = 1e-6
          for (const [index, row] of logprobs.entries()) {
            for (const [at, centre] of row.entries()) {
              const moved = (by: number) => {
                const copy = structuredClone(logprobs)
                copy[index]?.splice(at, 1, centre + by)
                return evaluateObjective(description, data, copy).loss
              }
              const slope = (moved(step) - moved(-step)) / (2 * step)
              const exact = gradient[index]?.[at] ?? Number.NaN
              expect(Math.abs(slope - exact)).toBeLessThan(1e-5 * Math.max(1, Math.abs(exact)))
            }
          }
        }
      )
    )
  })

  it("on policy, clipping changes nothing: the gradient is that of REINFORCE", () => {
    fc.assert(
      fc.property(targets, (rows) => {
        const datum = datumOf(rows)
        const onPolicy = [datum.logprobs ?? new Float32Array()]
        const clipped = evaluateObjective(clip, [datum], onPolicy)
        const plain = evaluateObjective(
          { _tag: "PolicyGradient", normaliser: "none" },
          [datum],
          onPolicy
        )
        expect(clipped.gradient).toEqual(plain.gradient)
      })
    )
  })

  it("clips a good token from above and a bad one from below, never the other way", () => {
    const [up, down] = [-1 + Math.log(2), -1 + Math.log(0.5)]
    expect(single(clip, 1, up)).toEqual([-1.3, 0])
    expect(single(clip, -1, down)).toEqual([0.8, 0])
    expect(single(clip, 1, down)[1]).toBeCloseTo(-0.5, 12)
    expect(single(clip, -1, up)[1]).toBeCloseTo(2, 12)
  })

  it("divides by the sum of the weights, over all data of the call", () => {
    const data = [
      datumOf([[1, 0, 0, 0]]),
      datumOf([
        [1, 0, 0, 0],
        [0, 0, 0, 0]
      ])
    ]
    const value = evaluateObjective({ _tag: "CrossEntropy", normaliser: "weight" }, data, [
      [-1],
      [-3, -100]
    ])
    expect(value.loss).toBe(2)
    expect(value.gradient).toEqual([Float64Array.of(-0.5), Float64Array.of(-0.5, 0)])
  })

  it("is 0 where no target has a weight", () => {
    const value = evaluateObjective(
      { _tag: "CrossEntropy", normaliser: "weight" },
      [datumOf([[0, 1, 0, 0]])],
      [[-1]]
    )
    expect([value.loss, ...(value.gradient[0] ?? [])]).toEqual([0, 0])
  })
})
