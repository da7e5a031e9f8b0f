import { summarise, summariseConditions, Summary, wilsonInterval } from "@sml/eval-harness"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

import { episodeOf } from "./episodeOf.ts"

const turns = fc.constantFrom("o", "xo", "x?o", "xx", "??xx", "xxxxo", "-xo", "xxxxxxxxxx")
const batch = fc
  .array(turns, { minLength: 1, maxLength: 12 })
  .map((all) => all.map((each, index) => episodeOf(each, { id: `task ${index}` })))

describe("summarise", () => {
  it("has a rate per dialogue with Wilson's interval", () => {
    const episodes = ["o", "xo", "xx", "?o"].map((each, id) => episodeOf(each, { id: `${id}` }))
    const summary = summarise(episodes)
    expect(summary["success@1"]).toEqual({ value: 0.25, n: 4, ...wilsonInterval(1, 4) })
    expect(summary["success@4"]).toEqual({ value: 0.75, n: 4, ...wilsonInterval(3, 4) })
    expect(summary["fix"]).toMatchObject({ value: 0.5, n: 2 })
    expect(summary["questions"]).toMatchObject({ value: 0.25, n: 4 })
  })

  it("never falls with k", () => {
    fc.assert(
      fc.property(batch, (episodes) => {
        const summary = summarise(episodes, { resamples: 20 })
        for (let k = 1; k < 10; k++) {
          expect(summary[`success@${k + 1}`]?.value).toBeGreaterThanOrEqual(
            summary[`success@${k}`]?.value ?? 0
          )
        }
      })
    )
  })

  it("has no metric without an occasion", () => {
    const summary = summarise([episodeOf("o")])
    expect(summary["fix"]).toBeUndefined()
    expect(summary["premature"]).toBeUndefined()
    expect(summary["turns-to-success"]?.n).toBe(1)
  })

  it("does not depend on the order of the tasks, intervals of rates included", () => {
    fc.assert(
      fc.property(batch, (episodes) => {
        const one = summarise(episodes, { resamples: 20 })
        const other = summarise(episodes.toReversed(), { resamples: 20 })
        expect(Object.keys(other)).toEqual(Object.keys(one))
        for (const [key, { n, value }] of Object.entries(one)) {
          expect(other[key]).toMatchObject({ n, value })
        }
        expect(other["success@4"]).toEqual(one["success@4"])
      })
    )
  })

  it("is a function of the episodes and the seed", () => {
    fc.assert(
      fc.property(batch, fc.nat(), (episodes, seed) => {
        const options = { seed, resamples: 20 }
        expect(summarise(episodes, options)).toEqual(summarise(episodes, options))
      }),
      { numRuns: 20 }
    )
  })

  it("counts failed episodes and leaves them out of the rest", () => {
    const sound = [episodeOf("o", { id: "1" }), episodeOf("xx", { id: "2" })]
    const broken = episodeOf("x", { id: "3", failure: "the engine stopped" })
    const summary = summarise([...sound, broken])
    expect(summary["failed"]).toMatchObject({ value: 1 / 3, n: 3 })
    expect(summary["success@4"]).toEqual(summarise(sound)["success@4"])
    expect(summarise([broken])["success@1"]).toBeUndefined()
  })

  it("keeps the dialogues of one task together: repeating them does not narrow the interval", () => {
    const tasks = ["o", "xx", "xo", "xx", "o", "xxx", "xx", "o"]
    const once = tasks.map((each, id) => episodeOf(each, { id: `${id}` }))
    const five = once.flatMap((episode) => Array.from({ length: 5 }, () => episode))
    const [one, many] = [summarise(once)["success@1"], summarise(five)["success@1"]]
    expect(many?.n).toBe(40)
    expect(many?.value).toBe(one?.value)
    // 40 independent dialogues would have an interval of less than half this width
    const width = (many?.high ?? 0) - (many?.low ?? 0)
    expect(width).toBeGreaterThan(2 * (wilsonInterval(15, 40).high - 15 / 40))
    // equal ids of different domains are different tasks
    const domains = ["math", "code"].map((domain) => episodeOf("o", { domain, id: "1" }))
    expect(summarise(domains)["success@1"]).toMatchObject(wilsonInterval(2, 2))
  })

  it("goes up to the smallest horizon, and is empty without episodes", () => {
    const summary = summarise([episodeOf("o", { horizon: 4 }), episodeOf("o", { horizon: 10 })])
    expect(summary["success@4"]).toBeDefined()
    expect(summary["success@5"]).toBeUndefined()
    expect(summarise([])).toEqual({})
  })

  it("measures what it is given", () => {
    const spoken = {
      name: "spoken",
      range: [0, Infinity] as const,
      measure: () => ({ numerator: 7, denominator: 1 })
    }
    const summary = summarise([episodeOf("o"), episodeOf("xo", { id: "2" })], {
      metrics: [spoken]
    })
    expect(Object.keys(summary)).toEqual(["spoken"])
    expect(summary["spoken"]).toMatchObject({ value: 7, n: 2 })
  })
})

describe("summariseConditions", () => {
  it("puts the condition before the key, and none before the informative one", () => {
    const summary = summariseConditions({
      informative: [episodeOf("xo")],
      "content-free": [episodeOf("xx")]
    })
    expect(summary["success@4"]?.value).toBe(1)
    expect(summary["content-free/success@4"]?.value).toBe(0)
  })
})

describe("Summary", () => {
  it("goes through JSON unchanged", () => {
    fc.assert(
      fc.property(batch, (episodes) => {
        const summary = summarise(episodes, { resamples: 20 })
        const json = JSON.stringify(Schema.encodeSync(Summary)(summary))
        expect(Schema.decodeUnknownSync(Summary)(JSON.parse(json))).toEqual(summary)
      })
    )
  })

  it("refuses a number without its n", () => {
    const bad = { "success@1": { value: 0.5, low: 0.4, high: 0.6 } }
    expect(() => Schema.decodeUnknownSync(Summary)(bad)).toThrow(/n/)
  })
})
