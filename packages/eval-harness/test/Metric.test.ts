import type { Episode } from "@sml/env-pomdp"
import {
  asked,
  attemptRate,
  failed,
  fix,
  fixInTwo,
  fixWithin,
  type Metric,
  premature,
  prematureFirst,
  questionFirst,
  questionRate,
  questions,
  repeated,
  standardMetrics,
  successWithin,
  turnsToSuccess
} from "@sml/eval-harness"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

import { episodeOf } from "./episodeOf.ts"

/** Turns of a dialogue of at most `horizon` turns: it ends at the first `o`. */
const turnsOf = (horizon: number) =>
  fc
    .tuple(
      fc.array(fc.constantFrom("x", "?", "-"), { minLength: 1, maxLength: horizon }),
      fc.boolean()
    )
    .map(([turns, isRight]) => (isRight ? [...turns.slice(1), "o"] : turns).join(""))

const counts = (metric: Metric, episode: Episode) => {
  const { denominator, numerator } = metric.measure(episode)
  return [numerator, denominator]
}

/** How often a pattern occurs, overlaps counted. */
const occurrences = (text: string, pattern: RegExp): number =>
  text.split("").filter((_, index) => pattern.test(text.slice(index))).length

describe("success@k", () => {
  it("counts dialogues that were right by turn k, and never falls with k", () => {
    fc.assert(
      fc.property(turnsOf(10), (turns) => {
        for (let k = 1; k <= 10; k++) {
          const expected = turns.slice(0, k).includes("o") ? 1 : 0
          expect(counts(successWithin(k), episodeOf(turns))).toEqual([expected, 1])
        }
      })
    )
  })
})

describe("fix", () => {
  it("counts every wrong attempt that a turn followed, and those that it put right", () => {
    fc.assert(
      fc.property(turnsOf(10), (turns) => {
        expect(counts(fix, episodeOf(turns))).toEqual([
          occurrences(turns, /^xo/),
          occurrences(turns, /^x./)
        ])
      })
    )
  })

  it("counts only transitions inside the first k turns as fix@k", () => {
    fc.assert(
      fc.property(turnsOf(10), fc.integer({ min: 2, max: 10 }), (turns, k) => {
        expect(counts(fixWithin(k), episodeOf(turns))).toEqual(
          counts(fix, episodeOf(turns.slice(0, k)))
        )
      })
    )
  })

  it("does not count a question as wrong, nor the last turn, nor a turn before a failure", () => {
    expect(counts(fix, episodeOf("?o"))).toEqual([0, 0])
    expect(counts(fix, episodeOf("xxx", { horizon: 3 }))).toEqual([0, 2])
    expect(counts(fix, episodeOf("x", { horizon: 3 }))).toEqual([0, 0])
  })

  it("gives two turns to a student that asks first", () => {
    expect(counts(fix, episodeOf("x?o"))).toEqual([0, 1])
    expect(counts(fixInTwo, episodeOf("x?o"))).toEqual([1, 1])
    expect(counts(fixInTwo, episodeOf("xo"))).toEqual([1, 1])
    expect(counts(fixInTwo, episodeOf("xxx"))).toEqual([0, 2])
    // with one turn left there was no second chance, whatever happened in it
    expect(counts(fixInTwo, episodeOf("xo", { horizon: 2 }))).toEqual([0, 0])
    expect(counts(fixInTwo, episodeOf("xx", { horizon: 2 }))).toEqual([0, 0])
  })

  it("is at most fix-in-2 where both have the same occasions", () => {
    fc.assert(
      fc.property(turnsOf(10), (turns) => {
        // a horizon beyond the dialogue leaves two more turns everywhere
        const episode = episodeOf(turns, { horizon: 20 })
        const [one, two] = [counts(fix, episode), counts(fixInTwo, episode)]
        expect(one[1]).toBe(two[1])
        expect(one[0]).toBeLessThanOrEqual(two[0] ?? 0)
      })
    )
  })
})

describe("labels", () => {
  it("shares the turns among attempts, questions and the rest", () => {
    fc.assert(
      fc.property(turnsOf(10), (turns) => {
        const episode = episodeOf(turns)
        const asks = occurrences(turns, /^\?/)
        expect(counts(attemptRate, episode)).toEqual([occurrences(turns, /^[xo]/), turns.length])
        expect(counts(questionRate, episode)).toEqual([asks, turns.length])
        expect(counts(questions(10), episode)).toEqual([asks, 1])
        expect(counts(asked, episode)).toEqual([asks > 0 ? 1 : 0, 1])
        expect(counts(questionFirst, episode)).toEqual([turns.startsWith("?") ? 1 : 0, 1])
      })
    )
  })
})

describe("premature attempts", () => {
  it("counts attempts before the missing piece was told", () => {
    const settings = { missing: ["b"], toldAt: 2 }
    expect(counts(premature(10), episodeOf("xx?xo", settings))).toEqual([2, 1])
    expect(counts(prematureFirst, episodeOf("xx?xo", settings))).toEqual([1, 1])
    expect(counts(prematureFirst, episodeOf("?xo", { ...settings, toldAt: 0 }))).toEqual([0, 1])
    expect(counts(premature(10), episodeOf("?xo", { ...settings, toldAt: 0 }))).toEqual([0, 1])
  })

  it("leaves fully specified tasks out, where none can be premature", () => {
    expect(counts(premature(10), episodeOf("xxo"))).toEqual([0, 0])
    expect(counts(prematureFirst, episodeOf("xxo"))).toEqual([0, 0])
  })
})

describe("repeated answers", () => {
  it("counts later attempts that say an earlier one again", () => {
    const texts = ["answer: 1 2", "what is b ?", "answer: 1 3", " answer:  1 2 ", "answer: 1 3"]
    expect(counts(repeated, episodeOf("x?xxx", { texts }))).toEqual([2, 3])
  })

  it("has no occasion in a dialogue with one attempt", () => {
    expect(counts(repeated, episodeOf("?o"))).toEqual([0, 0])
  })
})

describe("turns to success", () => {
  it("is the turn of the first success, and leaves dialogues without one out", () => {
    expect(counts(turnsToSuccess(10), episodeOf("x?o"))).toEqual([3, 1])
    expect(counts(turnsToSuccess(10), episodeOf("x?x"))).toEqual([0, 0])
  })
})

describe("failed", () => {
  it("counts dialogues that a party broke off", () => {
    expect(counts(failed, episodeOf("x", { failure: "the engine stopped" }))).toEqual([1, 1])
    expect(counts(failed, episodeOf("x"))).toEqual([0, 1])
    expect(failed.countsFailed).toBe(true)
  })
})

describe("standardMetrics", () => {
  it("has different names, and success at every turn", () => {
    const names = standardMetrics(10).map((metric) => metric.name)
    expect(new Set(names).size).toBe(names.length)
    expect(names).toEqual(
      expect.arrayContaining(["success@1", "success@4", "success@10", "fix", "questions"])
    )
    expect(standardMetrics(3).map((metric) => metric.name)).not.toContain("success@4")
  })

  it("measures values inside the declared range", () => {
    fc.assert(
      fc.property(turnsOf(10), fc.boolean(), (turns, isMissing) => {
        const episode = episodeOf(turns, isMissing ? { missing: ["b"] } : {})
        for (const metric of standardMetrics(10)) {
          const { denominator, numerator } = metric.measure(episode)
          expect(numerator).toBeGreaterThanOrEqual(metric.range[0] * denominator)
          expect(numerator).toBeLessThanOrEqual(metric.range[1] * denominator)
        }
      })
    )
  })
})
