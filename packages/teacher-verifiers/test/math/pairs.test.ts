import { compareAnswers, judgeAnswer } from "@sml/teacher-verifiers/math"
import * as Schema from "effect/Schema"
import { assert, describe, it } from "vitest"

import { fixtureLines, isShared, sharedLines } from "./fixture.ts"

const Pair = Schema.Struct({
  gold: Schema.String,
  answer: Schema.String,
  verdict: Schema.Literals(["equal", "different"]),
  shows: Schema.String
})

const Text = Schema.Struct({
  gold: Schema.String,
  text: Schema.String,
  source: Schema.Literals(["utterance", "prediction"]),
  outcome: Schema.Literals(["equal", "different", "no-attempt"])
})

const Example = Schema.Struct({
  id: Schema.String,
  gold: Schema.String,
  pred: Schema.String,
  expected: Schema.Literals([0, 1])
})

describe("compareAnswers", () => {
  const pairs = fixtureLines("pairs.jsonl", Pair)

  it("agrees with people on every pair", () => {
    assert.isAtLeast(pairs.length, 250)
    for (const { answer, gold, shows, verdict } of pairs) {
      const comparison = compareAnswers(gold, answer)
      const isEqual = comparison._tag === "equal"
      assert.strictEqual(isEqual, verdict === "equal", `${shows}: ${gold} | ${answer}`)
    }
  })

  it("is symmetric, but for the form that the reference asks for", () => {
    for (const { answer, gold, shows, verdict } of pairs) {
      const isTurned = compareAnswers(answer, gold, { relationsAsSets: "always" })._tag === "equal"
      const isEqual = compareAnswers(gold, answer, { relationsAsSets: "always" })._tag === "equal"
      assert.strictEqual(isTurned, isEqual, `${shows}: ${answer} | ${gold}`)
      if (verdict === "equal") assert.isTrue(isEqual, shows)
    }
  })

  it("takes an answer as itself", () => {
    for (const { answer, gold } of pairs) {
      for (const text of [gold, answer]) {
        if (text !== "" && text !== "?") {
          assert.strictEqual(compareAnswers(text, text)._tag, "equal", text)
        }
      }
    }
  })

  it("obeys its options", () => {
    const cases = [
      ["1/3", "0.33", { precision: 2 }, "equal"],
      ["1/3", "0.333333", { decimals: "exact" }, "different"],
      ["28\\%", "28", { percent: "value" }, "different"],
      ["28\\%", "0.28", { percent: "value" }, "equal"],
      ["5 \\text{ cm}", "5", { units: "require" }, "different"],
      ["5 \\text{ cm}", "5 \\text{ m}", { units: "ignore" }, "equal"],
      ["(1,2)", "\\{1,2\\}", { strict: false }, "equal"],
      ["x+1", "y+1", { strict: false }, "equal"],
      ["x+1", "y+2", { strict: false }, "different"],
      ["x \\in [1,2]", "1 \\le x \\le 2", {}, "different"],
      ["[1,2]", "1 \\le x \\le 2", { relationsAsSets: "always" }, "equal"],
      ["x > 2", "(2,\\infty)", { relationsAsSets: "never" }, "different"]
    ] as const
    for (const [gold, answer, options, verdict] of cases) {
      assert.strictEqual(
        compareAnswers(gold, answer, options)._tag,
        verdict,
        `${gold} | ${answer} | ${JSON.stringify(options)}`
      )
    }
  })
})

describe("judgeAnswer", () => {
  it("finds the answer of a text, or none", () => {
    for (const { gold, outcome, source, text } of fixtureLines("texts.jsonl", Text)) {
      const judgement = judgeAnswer(gold, text, { source })
      const found = judgement._tag === "attempt" ? judgement.comparison._tag : "no-attempt"
      if (outcome === "different") assert.notStrictEqual(found, "equal", `${gold} | ${text}`)
      else assert.strictEqual(found, outcome, `${gold} | ${text}`)
    }
  })

  it.skipIf(!isShared("math_equivalence/examples.jsonl"))(
    "agrees with the labelled examples",
    () => {
      for (const { expected, gold, id, pred } of sharedLines(
        "math_equivalence/examples.jsonl",
        Example
      )) {
        const judgement = judgeAnswer(gold, pred, { source: "prediction" })
        const isEqual = judgement._tag === "attempt" && judgement.comparison._tag === "equal"
        assert.strictEqual(isEqual, expected === 1, id)
      }
    }
  )
})
