import { readFileSync } from "node:fs"
import { join } from "node:path"

import {
  adamW,
  adamWStep,
  globalNorm,
  initialAdamWState,
  type ParameterSettings,
  resolveParameterGroups
} from "@sml/policy"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"

const Arrays = Schema.Array(Schema.Array(Schema.Number))
const Golden = Schema.Struct({
  settings: Schema.Struct({
    learningRate: Schema.Number,
    beta1: Schema.Number,
    beta2: Schema.Number,
    epsilon: Schema.Number,
    weightDecay: Schema.Number,
    maxGradNorm: Schema.Number
  }),
  decayed: Schema.Array(Schema.Boolean),
  weights: Arrays,
  steps: Schema.Array(Schema.Struct({ gradients: Arrays, norm: Schema.Number, weights: Arrays }))
})

const still = { learningRate: 0.1, weightDecay: 0 }

const floats = (arrays: ReadonlyArray<ReadonlyArray<number>>) =>
  arrays.map((array) => Float32Array.from(array))

/** Weights after one step from equal weights and gradients, an array for each of the settings. */
const oneStep = (parameters: ReadonlyArray<ParameterSettings>) => {
  const weights = parameters.map(() => Float32Array.of(1, -2, 3))
  const gradients = parameters.map(() => Float32Array.of(0.1, 0.2, -0.3))
  const settings = adamW({ maxGradNorm: 100 })
  adamWStep(weights, gradients, initialAdamWState(weights), settings, parameters)
  return weights
}

describe("adamWStep", () => {
  it("does what torch.optim.AdamW does after clip_grad_norm_", () => {
    const file = join(import.meta.dirname, "golden/adamw.json")
    const golden = Schema.decodeUnknownSync(Schema.fromJsonString(Golden))(
      readFileSync(file, "utf8")
    )
    const weights = floats(golden.weights)
    const state = initialAdamWState(weights)
    const names = golden.weights.map((_array, index) => `${index}`)
    const parameters = Result.getOrThrow(
      resolveParameterGroups(golden.settings, names, golden.decayed)
    )
    for (const { gradients, norm, weights: expected } of golden.steps) {
      const got = adamWStep(weights, floats(gradients), state, golden.settings, parameters)
      expect(got).toBeCloseTo(norm, 5)
      expected.flat().forEach((x, i) => {
        expect(weights.flatMap((array) => Array.from(array))[i]).toBeCloseTo(x, 6)
      })
    }
    expect(state.step).toBe(3)
  })

  it("changes nothing when the gradient is not finite", () => {
    for (const bad of [NaN, Infinity]) {
      const weights = [Float32Array.of(1, 2)]
      const state = initialAdamWState(weights)
      const norm = adamWStep(weights, [Float32Array.of(1, bad)], state, adamW(), [still])
      expect(Number.isFinite(norm)).toBe(false)
      expect(weights).toEqual([Float32Array.of(1, 2)])
      expect(state).toEqual(initialAdamWState(weights))
    }
  })

  it("gives every array its own learning rate and weight decay", () => {
    const one = { learningRate: 0.1, weightDecay: 0.5 }
    const other = { learningRate: 0.01, weightDecay: 0 }
    const none = { learningRate: 0, weightDecay: 3 }
    const [first, second, third] = oneStep([one, other, none])
    expect(first).toEqual(oneStep([one])[0])
    expect(second).toEqual(oneStep([other])[0])
    expect(third).toEqual(Float32Array.of(1, -2, 3))
  })

  it("refuses lists of different lengths", () => {
    const weights = [Float32Array.of(1), Float32Array.of(2)]
    expect(() => adamWStep(weights, weights, initialAdamWState(weights), adamW(), [still])).toThrow(
      /2 weight arrays, 1 others/
    )
  })

  it("sums the norm in float64", () => {
    const many = new Float32Array(1 << 20).fill(0.1)
    expect(globalNorm([many, Float32Array.of(3)])).toBeCloseTo(
      Math.sqrt((1 << 20) * Math.fround(0.1) ** 2 + 9),
      9
    )
  })
})
