import {
  aptitude,
  averageAt,
  compareStudents,
  passAt,
  passHat,
  summarise,
  unreliability
} from "@sml/eval-harness"
import { describe, expect, it } from "vitest"

import { episodeOf } from "./episodeOf.ts"

/** Repeats of a task as letters: `o` solved, `x` not, `!` broken off. */
const repeatsOf = (id: string, letters: string) =>
  letters
    .split("")
    .map((letter) =>
      letter === "!" ? episodeOf("x", { id, failure: "no voice" }) : episodeOf(letter, { id })
    )

describe("metrics over repeats", () => {
  const episodes = [...repeatsOf("a", "ooxx"), ...repeatsOf("b", "oooo"), ...repeatsOf("c", "xxxx")]

  it("average over tasks, and count tasks", () => {
    const summary = summarise(episodes, {
      metrics: [passAt(2), passHat(2), averageAt(4), aptitude(), unreliability()]
    })
    expect(summary["pass@2"]).toMatchObject({ n: 3 })
    expect(summary["pass@2"]?.value).toBeCloseTo((5 / 6 + 1 + 0) / 3, 12)
    expect(summary["pass^2"]?.value).toBeCloseTo((1 / 6 + 1 + 0) / 3, 12)
    expect(summary["avg@4"]).toMatchObject({ value: 0.5, n: 12 })
    // percentiles of 0 0 1 1 are 0 and 1
    expect(summary["aptitude"]).toMatchObject({ n: 3 })
    expect(summary["aptitude"]?.value).toBeCloseTo(2 / 3, 12)
    expect(summary["unreliability"]?.value).toBeCloseTo(1 / 3, 12)
  })

  it("leave out broken dialogues, and tasks with too few others", () => {
    const summary = summarise([...repeatsOf("a", "o!o"), ...repeatsOf("b", "x!!")], {
      metrics: [passAt(2), aptitude(), averageAt(3)]
    })
    expect(summary["pass@2"]).toMatchObject({ value: 1, n: 1 })
    expect(summary["aptitude"]).toMatchObject({ value: 1, n: 1 })
    expect(summary["avg@3"]).toBeUndefined()
  })

  it("interpolate percentiles as numpy does", () => {
    const scores = [0, 0.2, 0.4, 1]
    const some = repeatsOf("a", "xxxx")
    const score = (episode: (typeof some)[number]) => scores[some.indexOf(episode)] ?? 0
    // numpy.percentile([0, 0.2, 0.4, 1], [10, 90]) = [0.06, 0.82]
    expect(aptitude(score).measureTask(some).numerator).toBeCloseTo(0.82, 12)
    expect(unreliability(score).measureTask(some).numerator).toBeCloseTo(0.76, 12)
  })

  it("compare students", () => {
    const better = [...repeatsOf("a", "oooo"), ...repeatsOf("b", "oooo"), ...repeatsOf("c", "oooo")]
    const result = compareStudents(episodes, better, passHat(4))
    expect(result?.difference).toMatchObject({ value: 1 - 1 / 3, n: 3 })
    expect(result?.exact).toBe(true)
    expect(result?.pValue).toBe(4 / 8)
  })
})
