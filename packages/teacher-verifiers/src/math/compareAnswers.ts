/** Whether two mathematical answers are the same. */
import * as Schema from "effect/Schema"

import type { CompareOptions } from "./CompareOptions.ts"
import { compareOptions } from "./CompareOptions.ts"
import { Comparison } from "./internal/Comparison.ts"
import type { Expression } from "./internal/Expression.ts"
import { Fuel, Undecidable } from "./internal/Fuel.ts"
import type { Reading } from "./internal/readAnswer.ts"
import { longestAnswer, readAnswer } from "./internal/readAnswer.ts"
import { sideOf } from "./internal/sideOf.ts"

/** `undecided` is never equal: what cannot be settled within the bounds counts as not correct. */
export const AnswerComparison = Schema.Union([
  Schema.TaggedStruct("equal", {}),
  Schema.TaggedStruct("different", {}),
  Schema.TaggedStruct("undecided", { reason: Schema.String })
])
export type AnswerComparison = typeof AnswerComparison.Type

const equal: AnswerComparison = { _tag: "equal" }
const different: AnswerComparison = { _tag: "different" }

/** Steps of one comparison: some 30 ms. */
const fuelUnits = 60_000

/** Reads an answer; the reason when it is too long, too deep or too large. */
const read = (text: string): Reading | string => {
  try {
    return readAnswer(text, new Fuel(fuelUnits))
  } catch (error) {
    if (error instanceof Undecidable) return error.message
    throw error
  }
}

const hasShape = (reading: Reading, ...shapes: ReadonlyArray<Expression["t"]>): boolean =>
  reading.meaning !== undefined && shapes.includes(reading.meaning.t)

/** The meanings to compare: doubtful readings where the other side has their shape. */
const pairs = (
  gold: Reading,
  answer: Reading
): ReadonlyArray<readonly [Expression, Expression]> => {
  const all: Array<readonly [Expression, Expression]> = []
  const lists = ["list", "set", "relation"] as const
  const left = [gold.meaning, ...gold.others]
  const right = [answer.meaning, ...answer.others]
  if (gold.list !== undefined && answer.list === undefined && hasShape(answer, ...lists))
    left.push(gold.list)
  if (answer.list !== undefined && gold.list === undefined && hasShape(gold, ...lists))
    right.push(answer.list)
  for (const a of left) {
    for (const b of right) if (a !== undefined && b !== undefined) all.push([a, b])
  }
  return all
}

const compareReadings = (
  gold: Reading,
  answer: Reading,
  options: Required<CompareOptions>
): AnswerComparison => {
  if (gold.form === answer.form && gold.form !== "") return equal
  // x and X are two variables, "Even" and "even" one word
  const isWord = gold.isBareWords && answer.isBareWords && gold.words.length > 1
  if (isWord && gold.words === answer.words) return equal
  // (C) and C are one choice
  if (gold.bare.length === 1 && gold.bare === answer.bare) return equal
  let reason: string | undefined
  for (const [a, b] of pairs(gold, answer)) {
    try {
      if (new Comparison(options, fuelUnits).same(a, b)) {
        // letters in another order are another word
        if (isWord && gold.words.length > 2) continue
        return equal
      }
    } catch (error) {
      if (!(error instanceof Undecidable)) throw error
      reason = error.message
    }
  }
  if (reason !== undefined) return { _tag: "undecided", reason }
  const isSameWords = gold.words === answer.words && /\p{L}/u.test(gold.words)
  if (gold.meaning === undefined && answer.meaning === undefined && isSameWords) return equal
  return different
}

/**
 * Compares two answers, LaTeX or plain text. Neither side is searched for an answer: see
 * `extractAnswer` for that, and `judgeAnswer` for both in one.
 *
 * Decides in this order: the same tokens; exact rationals; structure (lists, sets, tuples, intervals,
 * unions, matrices, equations, inequalities, units, text); a canonical quotient of polynomials over
 * exact rationals and radicals; values at eight or more fixed points of the complex plane, in doubles
 * and then to 50 digits. Bounded by fuel, depth and length, never by the clock, so that a verdict is
 * always the same. Never throws.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { compareAnswers } from "@sml/teacher-verifiers/math"
 *
 * const compare = (gold: string, answer: string) => compareAnswers(gold, answer)._tag
 * assert.equal(compare("\\frac{\\sqrt{3}}{3}", "1/sqrt(3)"), "equal")
 * assert.equal(compare("x^2 - 1", "(x - 1)(x + 1)"), "equal")
 * assert.equal(compare("2x + y = 3", "4x + 2y = 6"), "equal")
 * assert.equal(compare("(0, 1]", "[0, 1]"), "different")
 * assert.equal(compare("5 cm", "5 m"), "different")
 * assert.equal(compare("\\sqrt{x^2}", "x"), "different")
 * assert.equal(compare("1/3", "0.33"), "different")
 * ```
 */
export const compareAnswers = (
  gold: string,
  answer: string,
  options: CompareOptions = {}
): AnswerComparison => {
  if (gold.trim() === answer.trim() && gold.trim() !== "") return equal
  if (gold.length > longestAnswer || answer.length > longestAnswer) {
    return { _tag: "undecided", reason: `an answer is longer than ${longestAnswer} characters` }
  }
  const left = read(gold)
  const right = read(answer)
  if (typeof left === "string" || typeof right === "string") {
    const reason = typeof left === "string" ? left : typeof right === "string" ? right : ""
    return { _tag: "undecided", reason }
  }
  return compareReadings(left, right, { ...compareOptions, ...options })
}

/** Where the answer lies from the reference, when both are real numbers that differ. */
export const sideOfAnswer = (gold: string, answer: string): "low" | "high" | undefined => {
  if (gold.length > longestAnswer || answer.length > longestAnswer) return undefined
  const left = read(gold)
  const right = read(answer)
  if (typeof left === "string" || typeof right === "string") return undefined
  if (left.meaning === undefined || right.meaning === undefined) return undefined
  return sideOf(left.meaning, right.meaning)
}
