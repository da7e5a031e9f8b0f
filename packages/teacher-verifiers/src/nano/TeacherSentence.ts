/** The sentences of the scripted teacher, as data and functions of what is to be said. */
import { spellInteger } from "./internal/spellInteger.ts"

/** How an attempted digit compares with the right one: the attempt is right, too low or too high. */
export type DigitComparison = "right" | "low" | "high"

/** The beginnings of a reply to a wrong attempt; one is drawn. */
export const wrongOpeners = ["wrong .", "no .", "not quite ."] as const

/** A reply, or the end of one, that says nothing about the answer. */
export const tryAgain = "try again ."

/** The content-free reply to a wrong attempt. */
export const contentFree = "wrong . try again ."

/** The reply to a question that the teacher may not, or can not, answer. */
export const refusal = "i can not tell you that ."

/** The reply to a text that is neither an attempt nor a question. */
export const pleaseAnswerOrAsk = "please answer or ask ."

/** The reply to a correct attempt; a rollout ends before it is said. */
export const correct = "right ."

/**
 * Compares two equally long lists of digits, attempt first. In math they are the digits of the number,
 * in code the constants `k` and `m`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { compareDigits, digitHint } from "@sml/teacher-verifiers/nano"
 *
 * const comparisons = compareDigits([3, 1], [3, 3])
 * assert.deepEqual(comparisons, ["right", "low"])
 * assert.equal(digitHint(comparisons, [0, 1]), "the first digit is right . the second digit is too low .")
 * ```
 */
export const compareDigits = (
  attempt: readonly [number, number],
  answer: readonly [number, number]
): readonly [DigitComparison, DigitComparison] => [
  compareDigit(attempt[0], answer[0]),
  compareDigit(attempt[1], answer[1])
]

const compareDigit = (attempt: number, answer: number): DigitComparison =>
  attempt === answer ? "right" : attempt < answer ? "low" : "high"

const digitNames = ["the first digit", "the second digit"] as const

/** Says how the digits at the given positions (0 or 1) compare. */
export const digitHint = (
  comparisons: readonly [DigitComparison, DigitComparison],
  positions: ReadonlyArray<0 | 1>
): string =>
  positions
    .map((position) => {
      const comparison = comparisons[position]
      return `${digitNames[position]} is ${comparison === "right" ? "right" : `too ${comparison}`} .`
    })
    .join(" ")

/** Says which digits are wrong, or `undefined` when none is. */
export const wrongDigits = (
  comparisons: readonly [DigitComparison, DigitComparison]
): string | undefined => {
  const [first, second] = comparisons
  if (first === "right") return second === "right" ? undefined : `${digitNames[1]} .`
  return second === "right" ? `${digitNames[0]} .` : "both ."
}

/** Says on which side of the right value the attempt lies. */
export const sideHint = (side: "low" | "high"): string => `it is too ${side} .`

/** Answers `is it too low ?` (`asked` = low) or `is it too high ?`. */
export const sideAnswer = (asked: "low" | "high", side: "low" | "high"): string =>
  `${asked === side ? "yes" : "no"} . ${sideHint(side)}`

/** Tells a named quantity. */
export const tell = (name: string, value: number): string => `${name} is ${spellInteger(value)} .`

/** Tells what a program should give at `input`, and what it gives when that can be said. */
export const shouldBe = (input: number, expected: number, got: number | undefined): string => {
  const should = `f ( ${spellInteger(input)} ) should be ${spellInteger(expected)}`
  return got === undefined ? `${should} .` : `${should} but gives ${spellInteger(got)} .`
}
