import { assert, describe, it } from "@effect/vitest"
import { learningClaims } from "@sml/trainer/learningClaims"
import { renderBenchmark } from "@sml/trainer/renderBenchmark"

import { goodResults, summaryOf } from "./support/beforeAfter.ts"

const weak = {
  ...goodResults,
  after: { math: { ...goodResults.after["math"], ...summaryOf({ "success@4": 0.5 }) } }
}

const page = renderBenchmark({
  machine: "linux x64, 2 cores",
  node: "v24.0.0",
  config: { steps: 120 },
  seeds: [goodResults, weak].map((results, index) => ({
    seed: index + 1,
    results,
    claims: [...learningClaims(results, 2 ** 30)],
    memory: 2 ** 30
  }))
})

describe("renderBenchmark", () => {
  it("says for every seed whether each claim holds", () => {
    assert.include(
      page,
      "| math success@4 rises, intervals disjoint (points) | ≥ 15 | 20 holds | 2 **FAILS** |"
    )
  })

  it("shows every number with its interval, and the mean over the seeds", () => {
    assert.include(
      page,
      "| informative feedback | success@4 | 48.0% → 59.0% (+11.0) | 48.0% [43.0, 53.0] → 68.0% [63.0, 73.0] | 48.0% [43.0, 53.0] → 50.0% [45.0, 55.0] |"
    )
  })

  it("keeps a bar in a metric's name from ending its cell", () => {
    const rows = page.split("\n").filter((line) => line.includes("wrong at t)"))
    assert.isNotEmpty(rows)
    for (const row of rows) assert.include(row, String.raw`P(correct at t+1 \| wrong at t)`)
  })

  it("leaves a gap where something was measured only once", () => {
    assert.match(page, /\| strictly content-free feedback \| success@4 \| – \| – → 55\.0%/)
  })
})
