import { describe, expect, it } from "@effect/vitest"
import { clipRatios } from "@sml/grpo-core"
import { evaluateObjective, type Objective } from "@sml/policy"
import * as fc from "fast-check"

const clip: Objective = {
  _tag: "ClippedPolicyGradient",
  clipLow: 0.2,
  clipHigh: 0.3,
  normaliser: "weight"
}

/** A datum of targets given as [weight, advantage, ratio], and the learner's log-probabilities. */
const batchOf = (targets: ReadonlyArray<readonly [number, number, number]>) => ({
  data: [
    {
      tokens: new Int32Array(targets.length + 1),
      weights: Float32Array.from(targets, ([weight]) => weight),
      advantages: Float32Array.from(targets, ([, advantage]) => advantage),
      logprobs: new Float32Array(targets.length).fill(-2)
    }
  ],
  logprobs: [targets.map(([, , ratio]) => -2 + Math.log(ratio))]
})

describe("clipRatios", () => {
  it("counts bad tokens below the bounds and good ones above, among the trained", () => {
    const { data, logprobs } = batchOf([
      [1, -1, 0.5],
      [1, 1, 0.5],
      [1, 1, 2],
      [1, -1, 2],
      [1, 1, 1],
      [0, 1, 2]
    ])
    expect(clipRatios(clip, data, logprobs)).toEqual({ low: 1 / 5, high: 1 / 5, region: 2 / 5 })
  })

  it("agrees with the objective: the tokens it counts are those without a gradient", () => {
    const target = fc.tuple(
      fc.constantFrom(0, 1),
      fc.constantFrom(-1.5, -0.5, 0.5, 1.5),
      fc.double({ min: 0.1, max: 3, noNaN: true })
    )
    fc.assert(
      fc.property(fc.array(target, { minLength: 1, maxLength: 9 }), (targets) => {
        const { data, logprobs } = batchOf(targets)
        const { gradient } = evaluateObjective(clip, data, logprobs)
        const trained = targets.filter(([weight]) => weight === 1).length
        const still = targets.filter(([weight], at) => weight === 1 && gradient[0]?.[at] === 0)
        const { region } = clipRatios(clip, data, logprobs)
        expect(region).toBeCloseTo(still.length / Math.max(1, trained), 12)
      })
    )
  })

  it("is 0 for objectives that do not clip, and without data", () => {
    const { data, logprobs } = batchOf([[1, 1, 2]])
    const none = { low: 0, high: 0, region: 0 }
    const plain: Objective = { _tag: "PolicyGradient", normaliser: "weight" }
    expect(clipRatios(plain, data, logprobs)).toEqual(none)
    expect(clipRatios(clip, [], [])).toEqual(none)
  })
})
