import { samplingFault } from "@sml/policy"
import { describe, expect, it } from "vitest"

describe("samplingFault", () => {
  it("accepts what is in range, the ends included", () => {
    for (const more of [
      {},
      { topK: 1 },
      { topK: 1e9 },
      { topP: 1 },
      { topP: 1e-9 },
      { minP: 0 },
      { minP: 0.999 }
    ]) {
      expect(samplingFault({ temperature: 0.7, ...more })).toBeUndefined()
    }
    expect(samplingFault({ temperature: 0 })).toBeUndefined()
  })

  it("refuses the rest by name, with its value and what to use", () => {
    for (const [name, values] of [
      ["temperature", [-1, NaN, Infinity, 1e-310]],
      ["topK", [0, -3, 1.5, NaN, Infinity]],
      ["topP", [0, -0.1, 1.01, NaN]],
      ["minP", [-0.1, 1, 2, NaN]]
    ] as const) {
      for (const value of values) {
        const problem = samplingFault({ temperature: 1, [name]: value })
        expect(problem).toMatch(new RegExp(`^(the )?${name} is ${value}[;,] .*use `))
      }
    }
  })
})
