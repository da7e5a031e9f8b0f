import { readFileSync } from "node:fs"
import { join } from "node:path"

import type { Verdict } from "@sml/env-pomdp"
import { labelStrategies, labelStrategy, ResponseStrategy, wilsonInterval } from "@sml/eval-harness"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

import { episodeOf } from "./episodeOf.ts"

/**
 * Turns written and labelled by hand, by one person, the author of the rules. `tuning` and `held-out`
 * were written together, before the rules; the rules were then corrected on `tuning` alone. Of a third
 * batch, written after the first version of the rules with the aim of wording that they do not know,
 * every other turn went to `tuning` and the rest, `later`, was only measured. So `held-out` flatters the
 * rules (their author had read it) and `later` is harsher than what students mostly say.
 */
const LabelledTurn = Schema.Struct({
  id: Schema.String,
  split: Schema.Literals(["tuning", "held-out", "later"]),
  domain: Schema.Literals(["math", "code"]),
  label: ResponseStrategy,
  text: Schema.String
})
const turns = readFileSync(join(import.meta.dirname, "data", "turns.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => Schema.decodeUnknownSync(Schema.fromJsonString(LabelledTurn))(line))

const verdictOf = (label: ResponseStrategy): Verdict =>
  label === "answer_attempt" || label === "hedge"
    ? { _tag: "Attempt", correct: false, diagnostics: null }
    : { _tag: "NoAttempt" }

const confusion = (
  some: typeof turns,
  label: (turn: (typeof turns)[number]) => ResponseStrategy
) => {
  const rows = ResponseStrategy.literals.map((truth) => {
    const mine = some.filter((turn) => turn.label === truth)
    return [
      truth,
      ...ResponseStrategy.literals.map(
        (given) => mine.filter((turn) => label(turn) === given).length
      )
    ]
  })
  const right = some.filter((turn) => label(turn) === turn.label).length
  const table = [["by hand \\ by rule", ...ResponseStrategy.literals], ...rows]
    .map((row) => row.map((cell) => String(cell).padStart(15)).join(""))
    .join("\n")
  return { right, n: some.length, table }
}

describe("the hand-labelled turns", () => {
  it("are many, of every label, each with a name of its own", () => {
    expect(turns.length).toBeGreaterThanOrEqual(150)
    expect(new Set(turns.map(({ id }) => id)).size).toBe(turns.length)
    for (const split of ["tuning", "held-out"] as const) {
      const labels = new Set(turns.filter((turn) => turn.split === split).map(({ label }) => label))
      expect(labels.size).toBe(ResponseStrategy.literals.length)
    }
  })

  it.each([
    // floors just below what was measured when the rules were finished
    ["tuning", "words alone", 1],
    ["held-out", "words alone", 0.95],
    ["later", "words alone", 0.4],
    ["held-out", "with the verifier's verdict", 0.95],
    ["later", "with the verifier's verdict", 0.6]
  ] as const)("agreement on %s, %s, is at least %d", (split, what, floor) => {
    const { n, right, table } = confusion(
      turns.filter((turn) => turn.split === split),
      ({ label, text }) =>
        what === "words alone" ? labelStrategy(text) : labelStrategy(text, verdictOf(label))
    )
    const { high, low } = wilsonInterval(right, n)
    console.log(
      `${split}, ${what}: ${right} of ${n} agree [${low.toFixed(2)}, ${high.toFixed(2)}]\n${table}`
    )
    expect(right / n).toBeGreaterThanOrEqual(floor)
  })
})

describe("labelStrategy", () => {
  it("gives a label to any text, in time that grows with its length only", () => {
    const pieces = fc.constantFrom("if", "?", "1", " or ", "\n- ", "```", "\\boxed{", "=", ",", "a")
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces, { maxLength: 60 }).map((some) => some.join(" "))
        ),
        (text) => {
          expect(ResponseStrategy.literals).toContain(labelStrategy(text))
        }
      )
    )
    const start = performance.now()
    for (const piece of [
      "1,",
      "if 1 is ",
      "x => ",
      "- a ",
      "twenty ",
      "(",
      "please tell ",
      "``` \n"
    ]) {
      labelStrategy(piece.repeat(20_000 / piece.length))
    }
    expect(performance.now() - start).toBeLessThan(5000)
  })

  it("lets the verdict decide whether there is an answer", () => {
    const attempt: Verdict = { _tag: "Attempt", correct: false, diagnostics: null }
    expect(labelStrategy("f of three comes to nine", attempt)).toBe("answer_attempt")
    expect(labelStrategy("It takes 3 hours.", { _tag: "NoAttempt" })).toBe("discussion")
    expect(labelStrategy("If it is even, x is 4. If it is odd, x is 5.", attempt)).toBe("hedge")
  })

  it("labels every student turn of an episode, judged or not", () => {
    expect(labelStrategies(episodeOf("x?"))).toEqual(["answer_attempt", "clarification"])
    const broken = episodeOf("x?")
    const unjudged = { ...broken, state: { ...broken.state, verdicts: [] } }
    expect(labelStrategies(unjudged)).toHaveLength(2)
  })
})
