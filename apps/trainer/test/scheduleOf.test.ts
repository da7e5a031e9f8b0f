import { assert, describe, it } from "@effect/vitest"
import { learningRateAt } from "@sml/policy"
import { scheduleOf } from "@sml/trainer/scheduleOf"

const ratesOf = (schedule: "constant" | "linear" | "cosine") =>
  [0, 1, 2, 3, 4, 5].map((step) =>
    learningRateAt(scheduleOf({ schedule, warmup: 2 }), { learningRate: 1, step, steps: 6 })
  )

describe("scheduleOf", () => {
  it("warms up, then stays or falls to 0 by the step after the last", () => {
    assert.deepStrictEqual(ratesOf("constant"), [0.5, 1, 1, 1, 1, 1])
    assert.deepStrictEqual(ratesOf("linear"), [0.5, 1, 1, 0.75, 0.5, 0.25])
    const cosine = [0.5, 1, 1, 0.5 + Math.SQRT1_2 / 2, 0.5, 0.5 - Math.SQRT1_2 / 2]
    ratesOf("cosine").forEach((rate, step) => assert.closeTo(rate, cosine[step] ?? NaN, 1e-12))
  })
})
