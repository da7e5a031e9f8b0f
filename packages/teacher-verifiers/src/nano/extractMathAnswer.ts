/** Where the answer stands in a student's text. */

/** Longer texts hold no answer: nobody reads them. */
const maximumLength = 20_000

const markers = ["\\boxed", "####", "answer:"] as const

/** The text between the brace at `open` and its partner, or `undefined` when it never closes. */
const braced = (text: string, open: number): string | undefined => {
  let depth = 0
  for (let index = open; index < text.length; index++) {
    if (text[index] === "{") depth++
    else if (text[index] === "}" && --depth === 0) return text.slice(open + 1, index)
  }
  return undefined
}

/**
 * The answer that a text gives: what follows its last `answer:` or `####`, up to the end of the line, or
 * stands in its last `\boxed{…}`. Dollar signs around it and a full stop after it are dropped.
 * `undefined` when the text has no such marker, or nothing behind it: a number that merely stands in
 * the text is never taken for an answer.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { extractMathAnswer } from "@sml/teacher-verifiers/nano"
 *
 * assert.equal(extractMathAnswer("answer: 3 3"), "3 3")
 * assert.equal(extractMathAnswer("so we get $\\boxed{\\frac{7}{2}}$."), "\\frac{7}{2}")
 * assert.equal(extractMathAnswer("is it 3 3 ?"), undefined)
 * ```
 */
export const extractMathAnswer = (text: string): string | undefined => {
  if (text.length > maximumLength) return undefined
  const lower = text.toLowerCase()
  const found = markers
    .map((marker) => ({ marker, at: lower.lastIndexOf(marker) }))
    .reduce((left, right) => (right.at > left.at ? right : left))
  if (found.at < 0) return undefined
  const from = found.at + found.marker.length
  const content =
    found.marker === "\\boxed" ? boxed(text, from) : text.slice(from).split("\n", 1)[0]
  const answer = (content ?? "")
    .trim()
    .replace(/\s*\.$/, "")
    .replace(/^\$+\s*/, "")
    .replace(/\s*\$+$/, "")
  return answer === "" ? undefined : answer
}

const boxed = (text: string, from: number): string | undefined => {
  const open = /^\s*\{/.exec(text.slice(from, from + 16))
  return open === null ? undefined : braced(text, from + open[0].length - 1)
}
