import { emptyRatio, sumRatios } from "@sml/eval-harness"
import * as fc from "fast-check"
import { expect, it } from "vitest"

const ratio = fc.record({
  numerator: fc.integer({ min: 0, max: 9 }),
  denominator: fc.integer({ min: 0, max: 9 })
})

it("adds like a monoid: any grouping and order, the empty ratio changes nothing", () => {
  fc.assert(
    fc.property(fc.array(ratio), fc.array(ratio), (a, b) => {
      const whole = sumRatios([...a, ...b])
      expect(sumRatios([sumRatios(b), emptyRatio, sumRatios(a)])).toEqual(whole)
    })
  )
  expect(sumRatios([])).toEqual(emptyRatio)
})
