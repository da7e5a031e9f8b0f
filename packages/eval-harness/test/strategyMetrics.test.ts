import { abstentionMetrics, firstDecision, strategyShares, summarise } from "@sml/eval-harness"
import { describe, expect, it } from "vitest"

import { episodeOf } from "./episodeOf.ts"

const said = (text: string, id: string, missing: ReadonlyArray<string> = []) =>
  episodeOf("-", { id, missing, texts: [text] })

const attempted = (turn: "o" | "x", id: string, missing: ReadonlyArray<string> = []) =>
  episodeOf(turn, { id, missing })

describe("abstention", () => {
  const price = ["price"]
  const episodes = [
    attempted("x", "u1", price),
    said("What is the price?", "u2", price),
    said("There is not enough information.", "u3", price),
    said("Interesting problem.", "u4", price),
    attempted("o", "a1"),
    attempted("x", "a2"),
    said("I don't know.", "a3"),
    said("", "a4")
  ]
  const summary = summarise(episodes, { metrics: abstentionMetrics() })
  it.each([
    ["hallucinated", 1 / 4, 4],
    ["asked@1", 1 / 4, 4],
    ["abstained", 1 / 4, 4],
    ["held-back", 1 / 4, 4],
    ["abstention-precision", 2 / 3, 3],
    ["decision-accuracy", 4 / 6, 6]
  ])("%s is %d of %d", (name, value, n) => {
    expect(summary[name]?.value).toBeCloseTo(value, 12)
    expect(summary[name]?.n).toBe(n)
  })

  it("takes a judge's labels instead of the rules'", () => {
    const [first] = episodes
    if (first === undefined) throw new Error("no episode")
    expect(firstDecision(first)).toBe("answer")
    expect(firstDecision(first, () => ["refuse"])).toBe("abstain")
    expect(firstDecision(first, () => [])).toBeUndefined()
  })
})

describe("shares of strategies", () => {
  it("add up to one over all turns", () => {
    const summary = summarise([episodeOf("x?-o"), episodeOf("?", { id: "b", horizon: 1 })], {
      metrics: strategyShares()
    })
    const values = Object.values(summary)
    expect(values.reduce((sum, { value }) => sum + value, 0)).toBeCloseTo(1, 12)
    expect(values.every(({ n }) => n === 5)).toBe(true)
    expect(summary["turns:answer_attempt"]?.value).toBe(2 / 5)
    expect(summary["turns:clarification"]?.value).toBe(2 / 5)
  })
})
