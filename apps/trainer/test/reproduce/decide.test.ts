import { assert, describe, it } from "@effect/vitest"
import type { Expectation, Outcome } from "@sml/trainer/reproduce/decide"
import { decideCheck, decideFinding, leastSeeds } from "@sml/trainer/reproduce/decide"
import * as fc from "fast-check"

const number = fc.double({ min: -1, max: 1, noNaN: true })

const measured = fc
  .tuple(number, number, number, fc.array(number, { minLength: 1, maxLength: 5 }))
  .map(([a, b, c, seeds]) => {
    const [low = 0, value = 0, high = 0] = [a, b, c].toSorted((x, y) => x - y)
    return { low, value, high, seeds }
  })

const size = fc.double({ min: 0.001, max: 0.5, noNaN: true })

const expectation: fc.Arbitrary<Expectation> = fc.oneof(
  size.map((margin): Expectation => ({ _tag: "Greater", margin })),
  size.map((tolerance): Expectation => ({ _tag: "Similar", tolerance }))
)

const outcome = fc.constantFrom<Outcome>("holds", "fails", "open")

describe("decideCheck", () => {
  it("never says anything of what was not measured", () => {
    assert.strictEqual(decideCheck({ _tag: "Greater", margin: 0.1 }, undefined), "open")
  })

  it("says that a large, certain effect holds, a small one fails, and a vague one is open", () => {
    const greater: Expectation = { _tag: "Greater", margin: 0.03 }
    const seeds = [0.1, 0.2]
    assert.strictEqual(decideCheck(greater, { low: 0.05, value: 0.15, high: 0.25, seeds }), "holds")
    assert.strictEqual(
      decideCheck(greater, { low: 0.001, value: 0.01, high: 0.02, seeds }),
      "fails"
    )
    assert.strictEqual(decideCheck(greater, { low: -0.05, value: 0.1, high: 0.2, seeds }), "open")
  })

  it("does not hold where one seed goes the other way", () => {
    const interval = { low: 0.05, value: 0.15, high: 0.25, seeds: [0.3, 0.2, -0.01] }
    assert.strictEqual(decideCheck({ _tag: "Greater", margin: 0.03 }, interval), "open")
  })

  it("neither holds nor fails where the interval spans both sides of the threshold", () => {
    fc.assert(
      fc.property(expectation, measured, (expected, { seeds, value }) => {
        const wide = { low: -2, value, high: 2, seeds }
        assert.strictEqual(decideCheck(expected, wide), "open")
      })
    )
  })

  it("never goes from holding to failing, or back, where the interval only widens", () => {
    fc.assert(
      fc.property(expectation, measured, size, (expected, given, more) => {
        const before = decideCheck(expected, given)
        const after = decideCheck(expected, {
          ...given,
          low: given.low - more,
          high: given.high + more
        })
        assert.ok(after === before || after === "open", `${before} → ${after}`)
      })
    )
  })

  it("never loses a greater effect by its growing", () => {
    fc.assert(
      fc.property(size, measured, size, (margin, given, more) => {
        const order: ReadonlyArray<Outcome> = ["fails", "open", "holds"]
        const rank = (shift: number) =>
          order.indexOf(
            decideCheck(
              { _tag: "Greater", margin },
              {
                low: given.low + shift,
                value: given.value + shift,
                high: given.high + shift,
                seeds: given.seeds.map((seed) => seed + shift)
              }
            )
          )
        assert.ok(rank(more) >= rank(0))
      })
    )
  })

  it("calls similar what is similar from either side", () => {
    fc.assert(
      fc.property(size, measured, (tolerance, { high, low, seeds, value }) => {
        const expected: Expectation = { _tag: "Similar", tolerance }
        assert.strictEqual(
          decideCheck(expected, { low, value, high, seeds }),
          decideCheck(expected, {
            low: -high,
            value: -value,
            high: -low,
            seeds: seeds.map((seed) => -seed)
          })
        )
      })
    )
  })
})

describe("decideFinding", () => {
  it("is reproduced where all checks hold, and only there", () => {
    fc.assert(
      fc.property(fc.array(outcome, { minLength: 1 }), (outcomes) => {
        const verdict = decideFinding(outcomes, leastSeeds)
        assert.strictEqual(
          verdict === "reproduced",
          outcomes.every((each) => each === "holds")
        )
        assert.strictEqual(verdict === "not reproduced", outcomes.includes("fails"))
      })
    )
  })

  it("does not depend on the order of the checks", () => {
    fc.assert(
      fc.property(fc.array(outcome), (outcomes) => {
        assert.strictEqual(decideFinding(outcomes, 3), decideFinding(outcomes.toReversed(), 3))
      })
    )
  })

  it("answers nothing with too few seeds or without checks", () => {
    fc.assert(
      fc.property(
        fc.array(outcome),
        fc.integer({ min: 0, max: leastSeeds - 1 }),
        (outcomes, few) => {
          assert.strictEqual(decideFinding(outcomes, few), "inconclusive")
        }
      )
    )
    assert.strictEqual(decideFinding([], leastSeeds), "inconclusive")
  })
})
