import { describe, expect, it } from "@effect/vitest"
import { makeDatum } from "@sml/policy/Datum"

describe("makeDatum", () => {
  const tokens = Int32Array.of(5, 6, 7)
  const weights = Float32Array.of(0, 1)

  it("returns a datum whose arrays fit", () => {
    const datum = { tokens, weights, advantages: weights, logprobs: weights, label: "a" }
    expect(makeDatum(datum)).toBe(datum)
  })

  it.each(["weights", "advantages", "logprobs"])(
    "names the label and %s of a wrong length",
    (name) => {
      const datum = { tokens, weights, label: "t/0", [name]: Float32Array.of(1) }
      expect(() => makeDatum(datum)).toThrow(`datum t/0: ${name} has 1 entries, expected 2`)
    }
  )

  it("refuses a stream with nothing to predict", () => {
    expect(() => makeDatum({ tokens: Int32Array.of(1), weights: new Float32Array() })).toThrow(
      RangeError
    )
  })
})
