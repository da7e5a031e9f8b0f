import { assert, describe, it } from "@effect/vitest"
import type { Evaluation } from "@sml/eval-harness"
import { underBound } from "@sml/trainer/runSuite"
import { readBound } from "@sml/trainer/suiteFlags"
import * as Effect from "effect/Effect"

const estimate = (value: number) => ({ value, low: 0, high: 1, n: 20 })

const evaluation: Pick<Evaluation, "results"> = {
  results: {
    math: {
      "none/success@1": estimate(0.1),
      "none/success@10": estimate(0.3),
      "hint/success@1": estimate(0.2),
      "hint/success@10": estimate(0.6)
    }
  }
}

const under = (text: string) => {
  const { least, metric } = Effect.runSync(readBound(text))
  return underBound(evaluation, metric, least)
}

describe("--fail-under", () => {
  it("is about one number, a number at every level, or success by the last turn", () => {
    assert.isUndefined(under("hint/success@10=0.6"))
    assert.match(
      under("hint/success@10=0.61") ?? "",
      /^math hint\/success@10 is 0\.6000 \(n = 20\)/
    )
    assert.isUndefined(under("success@1=0.1"))
    assert.match(under("success@1=0.15") ?? "", /^math none\/success@1 is 0\.1000/)
    assert.isUndefined(under("0.3"))
    assert.match(under("0.4") ?? "", /^math none\/success@10 is 0\.3000/)
  })

  it("names what there is when there is no such number", () => {
    assert.match(under("success@4=0.1") ?? "", /^There is no number success@4 .* hint\/success@10/)
  })
})
