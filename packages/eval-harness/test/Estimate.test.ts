import { isDisjoint } from "@sml/eval-harness"
import * as fc from "fast-check"
import { expect, it } from "vitest"

const interval = fc
  .tuple(fc.integer({ min: -5, max: 5 }), fc.integer({ min: 0, max: 5 }))
  .map(([low, width]) => ({ low, high: low + width }))

it("is disjoint exactly when no number is in both intervals", () => {
  fc.assert(
    fc.property(interval, interval, (a, b) => {
      const inside = ({ high, low }: typeof a, x: number) => low <= x && x <= high
      // with whole ends a common number is a whole one
      const common = Array.from({ length: 21 }, (_, i) => i - 10).some(
        (x) => inside(a, x) && inside(b, x)
      )
      expect(isDisjoint(a, b)).toBe(!common)
      expect(isDisjoint(b, a)).toBe(isDisjoint(a, b))
    })
  )
})
