import { assert, describe, it } from "@effect/vitest"
import { learningClaims } from "@sml/trainer/learningClaims"

import { goodResults, summaryOf } from "./support/beforeAfter.ts"

const memory = 1.2 * 2 ** 30

const holding = (results: typeof goodResults, bytes = memory) =>
  learningClaims(results, bytes).map(({ holds }) => holds)

describe("learningClaims", () => {
  it("all hold for a run that shows what must be seen", () => {
    const claims = learningClaims(goodResults, memory)
    assert.deepStrictEqual(
      claims.map(({ value }) => value),
      [20, 23, 3.6, 13, 230, 1229]
    )
    assert.isTrue(claims.every(({ holds }) => holds))
  })

  it("a rise with meeting intervals is not enough", () => {
    const before = { math: summaryOf({ "success@4": 0.6, "success@10": 0.56, fix: 0.05 }) }
    assert.deepStrictEqual(holding({ ...goodResults, before }), [
      false,
      true,
      true,
      true,
      true,
      true
    ])
  })

  it("each limit is a limit", () => {
    const after = {
      math: summaryOf({
        "success@4": 0.68,
        "success@10": 0.75,
        fix: 0.099,
        "strict-content-free/success@4": 0.61
      })
    }
    const seconds = { total: 301 }
    assert.deepStrictEqual(holding({ ...goodResults, after, seconds }, 2 ** 31 + 1), [
      true,
      false,
      false,
      false,
      false,
      false
    ])
  })

  it("what was not measured does not hold", () => {
    const claims = learningClaims({ before: {}, after: {}, seconds: {} }, 0)
    assert.deepStrictEqual(
      claims.map(({ holds }) => holds),
      [false, false, false, false, false, true]
    )
    assert.isNull(claims[0]?.value)
  })
})
