import { tensorShapes } from "@sml/language-model"
import { freshWeights } from "@sml/policy-onnx"
import { describe, expect, it } from "vitest"

import { tinyConfig } from "./fixture.ts"

const config = { ...tinyConfig, hiddenSize: 64, intermediateSize: 128, layers: 8 }

describe("freshWeights", () => {
  it("depends on the configuration and the seed alone", () => {
    expect(freshWeights(config, 3)).toEqual(freshWeights(config, 3))
    expect(freshWeights(config, 3)).not.toEqual(freshWeights(config, 4))
    expect([...freshWeights(config, 3).keys()]).toEqual([...tensorShapes(config).keys()])
  })

  it("is normal with the stated deviations", () => {
    const deviation = (name: string) => {
      const data = freshWeights(config, 1).get(name)?.data ?? new Float32Array(0)
      const mean = data.reduce((sum, x) => sum + x, 0) / data.length
      expect(Math.abs(mean)).toBeLessThan(0.001)
      return Math.sqrt(data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / data.length)
    }
    expect(deviation("model.layers.3.mlp.gate_proj.weight") / 0.02).toBeCloseTo(1, 1)
    // 8 layers write twice each into the residual stream
    expect(deviation("model.layers.3.mlp.down_proj.weight") / (0.02 / 4)).toBeCloseTo(1, 1)
    expect(
      freshWeights(config, 1)
        .get("model.norm.weight")
        ?.data.every((x) => x === 1)
    ).toBe(true)
  })
})
