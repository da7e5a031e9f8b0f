/** Where the answer stands in a text. */
import { announcedAnswers } from "./internal/answerPhrase.ts"
import { boxedAnswer } from "./internal/boxedAnswer.ts"
import { Fuel, Undecidable } from "./internal/Fuel.ts"
import type { MathSegment } from "./internal/mathSegments.ts"
import { displayedFormula, mathSegments } from "./internal/mathSegments.ts"
import { lastPlainAnswer } from "./internal/plainAnswer.ts"
import { readAnswer } from "./internal/readAnswer.ts"

/**
 * - `source`: "utterance" (the default), what a student says in a dialogue, where a number in passing is
 *   no attempt; or "prediction", a text that is known to end in an answer, as the files of a benchmark
 *   hold: then the last formula or number counts where nothing else marks the answer.
 * - `expect`: "choice" looks for the letter of a multiple choice, "text" takes a few plain words for an
 *   answer. Default: "math".
 * - `forms`: what a "prediction" is searched for when no mark is found: `latex` between delimiters,
 *   `plain` numbers. Default: both.
 */
export interface ExtractOptions {
  readonly source?: "utterance" | "prediction"
  readonly expect?: "math" | "text" | "choice"
  readonly forms?: ReadonlyArray<"latex" | "plain">
}

/** The answer as it stands in the text, and what marked it. */
export interface ExtractedAnswer {
  readonly text: string
  readonly found: "boxed" | "hashes" | "phrase" | "whole" | "last"
}

/** Only the end of a longer text is read. */
const longestText = 100_000

/** A whole text longer than this is no answer by itself. */
const longestWhole = 400

const fuelUnits = 100_000

/** Whether the text is nothing but an answer. */
const isAnswer = (text: string): boolean => {
  if (text === "" || text.length > longestWhole * 10) return false
  try {
    return readAnswer(text, new Fuel(fuelUnits)).meaning !== undefined
  } catch (error) {
    // too deep or too large to be read, so not prose either
    if (error instanceof Undecidable) return true
    throw error
  }
}

const connective = /^[\s,;]*(?:and|or|\\quad|\\text\{\s{0,9}(?:and|or)\s{0,9}\})?[\s,;]*$/

/** A value, a name with its value, or something longer. */
const shapeOf = (formula: string): "value" | "named" | "other" => {
  if (!/[=<>]|\\(?:le|ge|lt|gt|ne|in|approx|equiv|begin)/.test(formula)) return "value"
  return /^\s{0,9}\\?[a-zA-Z]{1,9}(?:_\{?\w\}?|\(\w\))?\s{0,9}=[^=<>]*$/.test(formula)
    ? "named"
    : "other"
}

/** The last row of aligned equations that begins with something of its own, to the end. */
const lastRow = (formula: string): string => {
  const inner = displayedFormula.exec(formula)
  if (inner === null) return formula
  const end = formula.lastIndexOf("\\end{")
  const rows = formula.slice(inner[0].length, end < 0 ? formula.length : end).split("\\\\")
  let first = rows.length - 1
  while (first > 0 && (rows[first]?.trim() ?? "") === "") first--
  while (first > 0 && /^\s{0,9}&?\s{0,9}(?:=|\\approx|\\equiv)/.test(rows[first] ?? "")) first--
  return rows.slice(first).join(" ").replaceAll("&", " ").trim()
}

/** The run of formulas that ends with the last one, joined by commas and "and". */
const lastRun = (text: string, segments: ReadonlyArray<MathSegment>): string | undefined => {
  let last = segments.length - 1
  // a lone letter explains a formula, it answers nothing
  while (last > 0 && /^\s{0,9}\\?[a-zA-Z]+\s{0,9}$/.test(segments[last]?.content ?? "")) {
    if (segments.slice(0, last).every((segment) => !/\d/.test(segment.content))) break
    last--
  }
  const end = segments[last]
  if (end === undefined) return undefined
  const parts = [end.content]
  for (let i = last - 1; i >= 0 && parts.length < 40; i--) {
    const segment = segments[i]
    const next = segments[i + 1]
    if (segment === undefined || next === undefined) break
    const gap = text.slice(segment.to, next.from)
    if (gap.trim() === "" || gap.length > 30 || !connective.test(gap)) break
    // derivations beside each other are no list
    if (shapeOf(segment.content) === "other" || shapeOf(segment.content) !== shapeOf(next.content))
      break
    parts.unshift(segment.content)
  }
  if (parts.length === 1) parts[0] = lastRow(end.content)
  // 28$ %
  const percent = /^\s{0,3}\\?%/.test(text.slice(end.to, end.to + 6)) ? "\\%" : ""
  return `${parts.join(parts.some((part) => part.includes(",")) ? " ; " : " , ")}${percent}`
}

/** The last formula or plain number. */
const lastAnswer = (text: string, forms: ReadonlyArray<"latex" | "plain">): string | undefined => {
  const segments = forms.includes("latex") ? mathSegments(text) : []
  const end = segments.at(-1)
  if (forms.includes("plain")) {
    const tail = text.slice(end?.to ?? 0)
    const isPercent = end !== undefined && /^\s{0,3}\\?%/.test(tail)
    const plain = isPercent ? undefined : lastPlainAnswer(tail)
    if (plain !== undefined) return plain.content
  }
  return lastRun(text, segments)
}

const leadingFormula = /^(?:\$|\\\(|\\\[|\\\\\(|\\\\\[)/

/** The first words, until they are no mathematics any more. */
const leadingPlain = (text: string): string | undefined => {
  if (!/^[-+(]?[\d.$\\√−]/.test(text)) return undefined
  const words = text.slice(0, 400).split(" ")
  for (let count = Math.min(words.length, 12); count > 0; count--) {
    const candidate = words
      .slice(0, count)
      .join(" ")
      .replace(/[,;:]$/, "")
    if (isAnswer(candidate)) return candidate
  }
  return undefined
}

/** Without emphasis, quotes and a leading colon. */
const undressed = (text: string): string => {
  let inner = text.trim()
  for (let i = 0; i < 6; i++) {
    const next = inner
      .replace(/^[*_"`“:]+/, "")
      .replace(/[*_"`”]{1,9}$/, "")
      .trim()
    if (next === inner) break
    inner = next
  }
  return inner.endsWith(".") && !inner.endsWith("..") ? inner.slice(0, -1) : inner
}

/** The answer in a sentence that announces one. */
const answerIn = (sentenceIn: string, expect: ExtractOptions["expect"]): string | undefined => {
  const sentence = undressed(sentenceIn)
  if (sentence === "") return undefined
  if (expect === "choice") {
    const letter = choiceIn(sentence)
    if (letter !== undefined) return letter
  }
  if (expect === "text") return wordsIn(sentence)
  if (sentence.length <= longestWhole && isAnswer(sentence)) return sentence
  if (leadingFormula.test(sentence)) {
    const segments = mathSegments(sentence)
    const run: Array<MathSegment> = []
    for (const segment of segments) {
      const before = run.at(-1)
      if (
        before === undefined
          ? segment.from > 1
          : !connective.test(sentence.slice(before.to, segment.from))
      )
        break
      run.push(segment)
    }
    const text = lastRun(sentence, run)
    if (text !== undefined) return text
  }
  return leadingPlain(sentence) ?? lastAnswer(sentence, ["latex", "plain"])
}

/** The words of a sentence that answers with words: those set as text, else all. */
const wordsIn = (sentence: string): string => {
  const segments = mathSegments(sentence)
  const only = segments.length === 1 ? segments[0]?.content : undefined
  return only !== undefined && only.includes("\\text") ? only : sentence
}

/** `B`, `(B)`, `B.`, `B) because …`: the letter of a choice at the beginning. */
const choiceIn = (text: string): string | undefined => {
  const match =
    /^(?:\\text\{|\\textbf\{|\\mathrm\{|[$({[*\s]|option |choice )*\(?([A-Za-z])(?:[)}\].:,$*]|\s+(?:because|since|as|is)\b|\s*$)/i.exec(
      text.slice(0, 200)
    )
  const letter = match?.[1]
  if (letter === undefined) return undefined
  const isMarked = /[A-Z]/.test(letter) || /\(\s{0,3}[a-z]\s{0,3}\)/.test(text.slice(0, 40))
  return isMarked ? letter.toUpperCase() : undefined
}

/** `\textbf{(B)}\ 5` is the choice B, whose value is 5. */
const withoutChoice = (text: string): string => {
  const label =
    /^\\(?:text|textbf|mathrm|mathbf)\{\([A-Z]\)\s{0,3}\}(?:\\[ ,;:!]|\\quad|[\s~]){0,5}/.exec(text)
  return label === null || label[0].length === text.length ? text : text.slice(label[0].length)
}

/** The last letter that stands alone. */
const lastChoice = (text: string): string | undefined => {
  let last: string | undefined
  for (const match of text.slice(-4000).matchAll(/(?<![\w\\])\(?([A-Z])(?![\w'])\)?/g)) {
    // I and A are words too
    const isWord = match[1] === "I" || match[1] === "A"
    if (!isWord || match[0].includes(")")) last = match[1]
  }
  return last
}

/**
 * The answer of a text; undefined when it holds none.
 *
 * Looked for in this order: the last `\boxed` (several in one sentence are one list); what follows `####`;
 * what follows "the answer is", "Answer:", "final answer"; the whole text, when it is short and nothing
 * but an answer. A "prediction" without any of these is searched for its last formula or number; an
 * "utterance" never is, so that a number in passing is no attempt. A question is no answer.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { extractAnswer } from "@sml/teacher-verifiers/math"
 *
 * assert.equal(extractAnswer("Hence $x = \\boxed{\\frac{1}{2}}$.")?.text, "\\frac{1}{2}")
 * assert.equal(extractAnswer("The answer is 5 because 2 + 3 = 5.")?.text, "5")
 * assert.equal(extractAnswer("She has 3 apples and buys 4."), undefined)
 * const prediction = extractAnswer("So she has 7.", { source: "prediction" })
 * assert.deepEqual(prediction, { text: "7", found: "last" })
 * ```
 */
export const extractAnswer = (
  textIn: string,
  options: ExtractOptions = {}
): ExtractedAnswer | undefined => {
  const { expect = "math", forms = ["latex", "plain"], source = "utterance" } = options
  const isPrediction = source === "prediction"
  const marker = textIn.indexOf("<|im_")
  const text = (marker > 0 ? textIn.slice(0, marker) : textIn).slice(-longestText)

  const boxed = boxedAnswer(text)
  if (boxed !== undefined) {
    const letter = expect === "choice" ? choiceIn(boxed) : undefined
    return { text: letter ?? withoutChoice(boxed.trim()), found: "boxed" }
  }

  const hashes = text.lastIndexOf("####")
  if (hashes >= 0) {
    const line =
      text
        .slice(hashes + 4)
        .trim()
        .split("\n", 1)[0] ?? ""
    const answer = answerIn(line, expect)
    if (answer !== undefined) return { text: answer, found: "hashes" }
  }

  for (const sentence of announcedAnswers(text)) {
    const answer = answerIn(sentence, expect)
    if (answer !== undefined) return { text: answer, found: "phrase" }
  }

  const whole = text.trim()
  if (whole.length <= longestText && whole !== "" && !whole.endsWith("?")) {
    const found = wholeAnswer(whole, expect, isPrediction)
    if (found !== undefined) return { text: found, found: "whole" }
  }
  if (!isPrediction) return undefined
  if (expect === "choice") {
    const letter = lastChoice(text)
    if (letter !== undefined) return { text: letter, found: "last" }
  }
  const last = lastAnswer(text, forms)
  return last === undefined ? undefined : { text: last.trim(), found: "last" }
}

/** A text that is nothing but an answer. */
const wholeAnswer = (
  whole: string,
  expect: "math" | "text" | "choice",
  isPrediction: boolean
): string | undefined => {
  if (expect === "choice") {
    const letter = choiceIn(whole)
    if (letter !== undefined) return letter
  }
  if (expect === "text" && whole.length <= 80 && whole.split(/\s+/).length <= 6) {
    return wordsIn(undressed(whole))
  }
  const isShort = whole.length <= longestWhole || !/\s[a-z]{3,}\s/i.test(whole)
  if (!isShort) return undefined
  const inner = undressed(whole)
  // letters alone are words of a dialogue, not an answer
  const isMarked = isPrediction || /[\d\\$=<>^π√∞]/.test(inner)
  return isMarked && (inner.length > longestWhole * 10 || isAnswer(inner))
    ? lastRow(inner)
    : undefined
}
