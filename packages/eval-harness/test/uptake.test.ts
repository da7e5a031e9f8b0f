import type { Episode, Verdict } from "@sml/env-pomdp"
import { reset } from "@sml/env-pomdp"
import { type Demand, demandOf, type Informativeness, meetsDemand, uptake } from "@sml/eval-harness"
import { describe, expect, it } from "vitest"

const number = (answer: string, side: "low" | "high" | null): Verdict => ({
  _tag: "Attempt",
  correct: false,
  diagnostics: { kind: "math-answer", answer, comparison: "different", reason: null, side }
})
const program = (...verdicts: ReadonlyArray<string>): Verdict => ({
  _tag: "Attempt",
  correct: verdicts.every((each) => each === "pass"),
  diagnostics: { kind: "program", tests: verdicts.map((verdict) => ({ verdict })) }
})
const plain: Verdict = { _tag: "Attempt", correct: false, diagnostics: null }
const right: Verdict = { _tag: "Attempt", correct: true, diagnostics: null }
const none: Verdict = { _tag: "NoAttempt" }

const episodeOf = (turns: ReadonlyArray<readonly [string, Verdict]>): Episode => ({
  state: {
    ...reset(
      { id: "t", domain: "math", prompt: "?", knowledge: null, missing: [] },
      { horizon: turns.length }
    ),
    history: [
      { role: "teacher", text: "?" },
      ...turns.flatMap(([text], index) => [
        { role: "student" as const, text },
        ...(index < turns.length - 1 ? [{ role: "teacher" as const, text: "no" }] : [])
      ])
    ],
    verdicts: turns.map(([, verdict]) => verdict),
    replies: turns.slice(1).map(() => ({ text: "no", disclosed: [] }))
  },
  stop: "horizon",
  reward: 0
})

const counts = (level: Informativeness, turns: ReadonlyArray<readonly [string, Verdict]>) => {
  const { denominator, numerator } = uptake(level).measure(episodeOf(turns))
  return [numerator, denominator]
}

describe("demandOf", () => {
  it("asks for what the level lets the teacher say", () => {
    const turn = { text: "40", verdict: number("40", "low") }
    expect(demandOf(turn, "none")).toBeUndefined()
    expect(demandOf(turn, "binary")).toEqual({ _tag: "Different", answer: "40" })
    expect(demandOf(turn, "hint")).toEqual({ _tag: "Higher", than: "40" })
    expect(demandOf({ text: "9", verdict: number("9", "high") }, "diagnostic")).toEqual({
      _tag: "Lower",
      than: "9"
    })
    expect(demandOf({ text: "p", verdict: program("pass", "error") }, "diagnostic")).toEqual({
      _tag: "PassTest",
      test: 1
    })
    expect(demandOf({ text: " a  b ", verdict: plain }, "diagnostic")).toEqual({
      _tag: "Different",
      answer: "a b"
    })
    expect(demandOf({ text: "?", verdict: none }, "diagnostic")).toBeUndefined()
    expect(demandOf({ text: "x", verdict: right }, "diagnostic")).toBeUndefined()
  })

  it("reads the generated domain's diagnostics too", () => {
    const verdict: Verdict = {
      _tag: "Attempt",
      correct: false,
      diagnostics: { kind: "math", answer: "7/2", comparison: "high" }
    }
    expect(demandOf({ text: "3.5", verdict }, "hint")).toEqual({ _tag: "Lower", than: "7/2" })
  })

  it("reads what stands behind a goal that moves", () => {
    const verdict: Verdict = {
      _tag: "Attempt",
      correct: false,
      diagnostics: {
        goal: 0,
        reached: false,
        diagnostics: { kind: "math-answer", answer: "4", side: "low" }
      }
    }
    expect(demandOf({ text: "4", verdict }, "hint")).toEqual({ _tag: "Higher", than: "4" })
  })
})

describe("meetsDemand", () => {
  const higher: Demand = { _tag: "Higher", than: "\\frac{1}{2}" }
  it.each([
    [higher, number("0.75", "low"), true],
    [higher, number("2/4", "low"), false],
    [higher, number("0.25", "low"), false],
    // beyond the reference
    [higher, number("9000", "high"), true],
    [higher, number("many", null), undefined],
    [higher, plain, undefined],
    [higher, right, true],
    [{ _tag: "Lower", than: "$1,200" } as const, number("1,199.5", "high"), true],
    [{ _tag: "Lower", than: "1200" } as const, number("1,201", "high"), false],
    [{ _tag: "PassTest", test: 1 } as const, program("fail", "pass", "fail"), true],
    [{ _tag: "PassTest", test: 1 } as const, program("pass", "fail"), false],
    [{ _tag: "PassTest", test: 1 } as const, program("error"), false],
    [{ _tag: "PassTest", test: 1 } as const, plain, undefined]
  ])("%j by %j: %s", (demand, verdict, expected) => {
    expect(meetsDemand(demand, { text: "said", verdict })).toBe(expected)
  })
})

describe("uptake", () => {
  it("compares each wrong attempt with the next, across questions", () => {
    expect(
      counts("diagnostic", [
        ["40", number("40", "low")],
        ["how far off?", none],
        ["45", number("45", "high")],
        ["46", number("46", "high")],
        ["42", right]
      ])
    ).toEqual([2, 3])
  })

  it("counts only new answers under binary feedback, and nothing without feedback", () => {
    const turns = [
      ["40", number("40", "low")],
      ["so 40!", number("40", "low")],
      ["39", number("39", "low")]
    ] as const
    expect(counts("binary", turns)).toEqual([1, 2])
    expect(counts("none", turns)).toEqual([0, 0])
  })

  it("does not count what can not be told, nor an attempt that nothing follows", () => {
    expect(
      counts("diagnostic", [
        ["x", number("x", "low")],
        ["y", number("y", "low")]
      ])
    ).toEqual([0, 0])
    expect(counts("diagnostic", [["40", number("40", "low")]])).toEqual([0, 0])
  })

  it("takes the demands of a teacher that records what it said", () => {
    const metric = uptake("diagnostic", () => ({ _tag: "Different", answer: "40" }))
    const episode = episodeOf([
      ["40", number("40", "low")],
      ["39", number("39", "low")]
    ])
    expect(metric.measure(episode)).toEqual({ numerator: 1, denominator: 1 })
  })
})
