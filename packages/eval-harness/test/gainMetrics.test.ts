import { gainAfter, gainAt, gainPerTurn, successWithin, summarise } from "@sml/eval-harness"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

import { episodeOf } from "./episodeOf.ts"

const horizon = 6
/** A dialogue that is right at the given turn; after the horizon: never. */
const solvedAt = (turn: number, id: string) =>
  episodeOf(turn > horizon ? "x".repeat(horizon) : `${"x".repeat(turn - 1)}o`, { id, horizon })
const dialogues = fc
  .array(fc.integer({ min: 1, max: horizon + 1 }), { minLength: 2, maxLength: 12 })
  .map((turns) => turns.map((turn, index) => solvedAt(turn, `task ${index}`)))
const cheap = { resamples: 10 }

const mean = (list: ReadonlyArray<number>) => list.reduce((a, b) => a + b, 0) / list.length

describe("gain", () => {
  it("adds up to what success@k grows by", () => {
    fc.assert(
      fc.property(dialogues, fc.integer({ min: 2, max: horizon }), (episodes, k) => {
        const summary = summarise(episodes, {
          ...cheap,
          metrics: [
            successWithin(k - 1),
            successWithin(k),
            successWithin(horizon),
            gainAt(k),
            gainAfter(k)
          ]
        })
        const value = (name: string) => summary[name]?.value ?? Number.NaN
        expect(value(`gain@${k}`)).toBeCloseTo(
          value(`success@${k}`) - value(`success@${k - 1}`),
          12
        )
        expect(value(`gain-after@${k}`)).toBeCloseTo(
          value(`success@${horizon}`) - value(`success@${k}`),
          12
        )
      })
    )
  })

  it("per turn is the least-squares slope of the curve", () => {
    const metric = gainPerTurn(horizon)
    expect(metric).toBeDefined()
    if (metric === undefined) return
    fc.assert(
      fc.property(dialogues, (episodes) => {
        const turns = Array.from({ length: horizon }, (_, index) => index + 1)
        const summary = summarise(episodes, {
          ...cheap,
          metrics: [metric, ...turns.map(successWithin)]
        })
        const curve = turns.map((k) => summary[`success@${k}`]?.value ?? Number.NaN)
        const [x, y] = [mean(turns), mean(curve)]
        const slope =
          turns.reduce((sum, k, index) => sum + (k - x) * ((curve[index] ?? 0) - y), 0) /
          turns.reduce((sum, k) => sum + (k - x) ** 2, 0)
        const measured = summary["gain-per-turn"]
        expect(measured?.value).toBeCloseTo(slope, 12)
        expect(measured?.value).toBeGreaterThanOrEqual(-1e-12)
        expect(measured?.value).toBeLessThanOrEqual(metric.range[1] + 1e-12)
      })
    )
    expect(gainPerTurn(1)).toBeUndefined()
  })
})
