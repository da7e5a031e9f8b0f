import { summarise } from "@sml/bench/Measurement"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const values = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), {
  minLength: 1,
  maxLength: 9
})

describe("summarise", () => {
  it("has the median between the extremes, whatever the order", () => {
    fc.assert(
      fc.property(values, (list) => {
        const { high, low, median, repetitions } = summarise(list)
        expect(repetitions).toBe(list.length)
        expect(low).toBe(Math.min(...list))
        expect(high).toBe(Math.max(...list))
        expect(median).toBeGreaterThanOrEqual(low)
        expect(median).toBeLessThanOrEqual(high)
        // -0 and 0 are one number to Math.min
        expect(summarise(list.toReversed()).median + 0).toBe(median + 0)
      })
    )
  })

  it("takes the middle, or the mean of the two middle ones", () => {
    expect(summarise([5, 1, 3]).median).toBe(3)
    expect(summarise([5, 1, 3, 4]).median).toBe(3.5)
  })
})
