import { readFileSync } from "node:fs"
import { join } from "node:path"

import { adamWStep, globalNorm, initialAdamWState } from "@sml/policy-onnx"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"

import { adamW } from "./fixture.ts"

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

const floats = (arrays: ReadonlyArray<ReadonlyArray<number>>) =>
  arrays.map((array) => Float32Array.from(array))

describe("adamWStep", () => {
  it("does what torch.optim.AdamW does after clip_grad_norm_", () => {
    const file = join(import.meta.dirname, "golden/adamw.json")
    const golden = Schema.decodeUnknownSync(Schema.fromJsonString(Golden))(
      readFileSync(file, "utf8")
    )
    const weights = floats(golden.weights)
    const state = initialAdamWState(weights.map((array) => array.length))
    for (const { gradients, norm, weights: expected } of golden.steps) {
      const got = adamWStep(weights, floats(gradients), state, golden.settings, golden.decayed)
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
      const state = initialAdamWState([2])
      const norm = adamWStep(weights, [Float32Array.of(1, bad)], state, adamW, [true])
      expect(Number.isFinite(norm)).toBe(false)
      expect(weights).toEqual([Float32Array.of(1, 2)])
      expect(state).toEqual(initialAdamWState([2]))
    }
  })

  it("sums the norm in float64", () => {
    const many = new Float32Array(1 << 20).fill(0.1)
    expect(globalNorm([many, Float32Array.of(3)])).toBeCloseTo(
      Math.sqrt((1 << 20) * Math.fround(0.1) ** 2 + 9),
      9
    )
  })
})
