/** Extraction and comparison in one. */
import * as Schema from "effect/Schema"

import { AnswerComparison, compareAnswers, sideOfAnswer } from "./compareAnswers.ts"
import { CompareOptions } from "./CompareOptions.ts"
import { extractAnswer } from "./extractAnswer.ts"

/**
 * Those of `compareAnswers`; `source` and `forms` of `extractAnswer`; and `side` (false): whether to
 * say on which side of the reference a wrong number lies.
 */
export const JudgeOptions = Schema.Struct({
  ...CompareOptions.fields,
  source: Schema.optionalKey(Schema.Literals(["utterance", "prediction"])),
  forms: Schema.optionalKey(Schema.Array(Schema.Literals(["latex", "plain"]))),
  side: Schema.optionalKey(Schema.Boolean)
})
export type JudgeOptions = typeof JudgeOptions.Type

/** `no-attempt`, or the answer that was found and how it compares. */
export const AnswerJudgement = Schema.Union([
  Schema.TaggedStruct("no-attempt", {}),
  Schema.TaggedStruct("attempt", {
    answer: Schema.String,
    comparison: AnswerComparison,
    side: Schema.NullOr(Schema.Literals(["low", "high"]))
  })
])
export type AnswerJudgement = typeof AnswerJudgement.Type

/** What kind of answer the reference is. */
const expectationOf = (gold: string): "math" | "text" | "choice" => {
  const inner = gold
    .trim()
    .replace(/^\$(.*)\$$/, "$1")
    .replace(/^\\text(?:bf)?\{([^{}]*)\}$/, "$1")
    .trim()
  if (/^\(?[A-Z]\)?$/.test(inner)) return "choice"
  return /^\p{L}[\p{L}\s'-]{2,}$/u.test(inner) ? "text" : "math"
}

/**
 * Judges a whole text against a reference. The reference may itself be a worked solution that ends in
 * an answer; the text is an "utterance" of a dialogue unless `source` is "prediction".
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { judgeAnswer } from "@sml/teacher-verifiers/math"
 *
 * const right = judgeAnswer("72", "She sold 48 + 24 = 72 clips.\n#### 72")
 * assert.equal(right._tag === "attempt" && right.comparison._tag, "equal")
 * assert.equal(judgeAnswer("72", "How many did she sell in May?")._tag, "no-attempt")
 * const free = judgeAnswer("72", "so it is 72 clips", { source: "prediction" })
 * assert.equal(free._tag === "attempt" && free.comparison._tag, "equal")
 * ```
 */
export const judgeAnswer = (
  goldText: string,
  text: string,
  { forms, side, source = "utterance", ...options }: JudgeOptions = {}
): AnswerJudgement => {
  const gold = extractAnswer(goldText, { source: "prediction" })?.text ?? goldText.trim()
  const expect = expectationOf(gold)
  const found = extractAnswer(text, { source, expect, ...(forms === undefined ? {} : { forms }) })
  if (found === undefined) return { _tag: "no-attempt" }
  const comparison = compareAnswers(gold, found.text, options)
  return {
    _tag: "attempt",
    answer: found.text,
    comparison,
    side:
      side === true && comparison._tag !== "equal" ? (sideOfAnswer(gold, found.text) ?? null) : null
  }
}
