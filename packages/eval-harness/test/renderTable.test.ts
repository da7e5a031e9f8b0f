import type { BeforeAfter, Estimate } from "@sml/eval-harness"
import { renderSummary, renderTable, summariseConditions } from "@sml/eval-harness"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

import { episodeOf } from "./episodeOf.ts"

const estimate: fc.Arbitrary<Estimate> = fc
  .tuple(fc.float({ min: 0, max: 1, noNaN: true }), fc.nat(99_999))
  .map(([value, n]) => ({ value, low: value / 2, high: (1 + value) / 2, n }))
const key = fc.constantFrom(
  "success@1",
  "success@10",
  "fix",
  "fix-in-2",
  "premature",
  "content-free/success@4",
  "strict-content-free/fix",
  "underspecified/premature@1",
  "odd/questions"
)
const summaries = fc.dictionary(
  fc.constantFrom("math", "code"),
  fc.dictionary(key, estimate, { maxKeys: 9 })
)
const results: fc.Arbitrary<BeforeAfter> = fc.record({
  before: summaries,
  after: summaries,
  seconds: fc.constant({})
})

const at = (value: number): Estimate => ({ value, low: value - 0.05, high: value + 0.05, n: 300 })

const tableOfFailures = (value: number) =>
  renderTable({ before: { math: { failed: at(value) } }, after: {}, seconds: {} })

describe("renderTable", () => {
  it("fits 100 columns and has an n for every value", () => {
    fc.assert(
      fc.property(results, (data) => {
        for (const line of renderTable(data).split("\n")) {
          expect(line.length).toBeLessThanOrEqual(100)
          expect(line).not.toMatch(/ $/)
          expect(line.match(/n=\d+/g)?.length ?? 0).toBe(line.match(/\[\d+\./g)?.length ?? 0)
        }
      })
    )
  })

  it("aligns its columns", () => {
    const data = {
      before: { math: { "success@1": at(0.4), fix: at(0.05) } },
      after: { math: { "success@1": at(0.45), fix: at(0.2) } },
      seconds: {}
    }
    const rows = renderTable(data)
      .split("\n")
      .filter((line) => line.includes("n="))
    expect(rows).toHaveLength(2)
    expect(new Set(rows.map((row) => row.lastIndexOf("%"))).size).toBe(1)
  })

  it("marks exactly the rows whose intervals do not meet", () => {
    const data = {
      before: { math: { "success@1": at(0.4), "success@4": at(0.4), fix: at(0.4) } },
      after: { math: { "success@1": at(0.45), "success@4": at(0.6), fix: at(0.2) } },
      seconds: {}
    }
    const marked = renderTable(data)
      .split("\n")
      .filter((line) => line.endsWith("*"))
    expect(marked.map((line) => line.trim().split(" ")[0])).toEqual(["success@4", "P(correct"])
    expect(marked[0]).toContain("+20.0")
    expect(marked[1]).toContain("-20.0")
  })

  it("shows what was measured only once, and what it is asked for", () => {
    const data = { before: { math: { "success@2": at(0.4) } }, after: {}, seconds: {} }
    expect(renderTable(data)).not.toContain("success@2")
    expect(renderTable(data, { metrics: ["success@2"] })).toMatch(/success@2 +40\.0%.* -$/m)
  })

  it("shows failures only where there are any", () => {
    expect(tableOfFailures(0)).not.toContain("broken off")
    expect(tableOfFailures(0.1)).toContain("broken off")
  })
})

describe("renderSummary", () => {
  it("shows one student under each condition", () => {
    const text = renderSummary({
      math: summariseConditions({
        informative: [episodeOf("xo")],
        "content-free": [episodeOf("xx")],
        underspecified: [episodeOf("xo", { missing: ["b"] })]
      })
    })
    expect(text).toMatch(/informative feedback\n +success@1 +0\.0% \[0\.0, 79\.3\] n=1$/m)
    expect(text).toMatch(/content-free feedback\n +success@4 +0\.0%/)
    expect(text).toMatch(/first turn is premature +100\.0%/)
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(100)
  })
})
