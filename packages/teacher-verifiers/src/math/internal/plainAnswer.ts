/** Numbers and short formulas in plain text. */
import { asciiMath } from "./mathCommands.ts"
import { isUnitWord } from "./units.ts"

const hasDigit = (chunk: string): boolean => /\d/.test(chunk)

const isOperator = (chunk: string): boolean => /^(?:[-+*/^=<>]|<=|>=|!=)$/.test(chunk)

/** `x`, `2x`, `(x+1)^2`, `f(x)`: no words. */
const isMathematical = (chunk: string): boolean =>
  hasDigit(chunk) ||
  isOperator(chunk) ||
  /^[a-zA-Z]$/.test(chunk) ||
  /^[a-zA-Z]?\([a-zA-Z,]\)$/.test(chunk)

const opening = new Set("([{*_\"'`")
const closing = new Set(")]}*_\"'`.,;:!?")

/** Without quotes, emphasis and stops around; brackets go only where they do not pair. */
const trimmed = (chunk: string): string => {
  let from = 0
  let to = chunk.length
  const count = (c: string) => {
    let n = 0
    for (let i = from; i < to; i++) if (chunk[i] === c) n++
    return n
  }
  const pairs = new Map([
    ["(", ")"],
    ["[", "]"],
    ["{", "}"]
  ])
  let steps = 0
  while (from < to && opening.has(chunk[from] ?? "") && steps++ < 20) {
    const close = pairs.get(chunk[from] ?? "")
    if (close !== undefined && count(chunk[from] ?? "") <= count(close)) break
    from++
  }
  while (to > from && closing.has(chunk[to - 1] ?? "") && steps++ < 40) {
    const c = chunk[to - 1] ?? ""
    const open = c === ")" ? "(" : c === "]" ? "[" : c === "}" ? "{" : undefined
    if (open !== undefined && count(c) <= count(open)) break
    to--
  }
  return chunk.slice(from, to)
}

/** A unit written to a number becomes text, so that `99m^2` is no product. */
const withUnit = (chunk: string): string => {
  const match = /^(.{0,200}\d)([a-zA-Z]{1,12})((?:\^\{?\d\}?)?)((?:\/[a-zA-Z]{1,12})?)$/.exec(chunk)
  const unit = match?.[2] ?? ""
  if (match === null || !isUnitWord(unit)) return chunk
  const power = (match[3] ?? "").replaceAll(/[{}]/g, "")
  return `${match[1] ?? ""} \\text{${unit}${power}${match[4] ?? ""}}`
}

/** `m^2` has a digit and is no number. */
const isUnit = (chunk: string): boolean => {
  const match = /^([a-zA-Z]{1,12})\^\{?\d\}?[.,;:!?)]{0,3}$/.exec(chunk)
  return match !== null && isUnitWord(match[1] ?? "")
}

/** Closing brackets without an opening one. */
const isOpenOnTheLeft = (text: string): boolean => {
  let depth = 0
  for (const c of text) {
    if (c === "(" || c === "[" || c === "{") depth++
    else if ((c === ")" || c === "]" || c === "}") && --depth < 0) return true
  }
  return false
}

/** The last chunks when they end in a bracket that an earlier one opens: `(1, 2)`, `{1, 2}`. */
const bracketed = (chunks: ReadonlyArray<string>): string | undefined => {
  const last = chunks.at(-1) ?? ""
  let joined = last.replace(/[.,;:!?*"'`]{1,6}$/, "")
  if (!isOpenOnTheLeft(joined)) return undefined
  for (let i = chunks.length - 2; i >= 0; i--) {
    const chunk = chunks[i] ?? ""
    joined = `${chunk} ${joined}`
    if (isOpenOnTheLeft(joined)) continue
    const from = joined.search(/[([{]/)
    const inside = joined.slice(from)
    // words in brackets are no tuple
    if (/[a-zA-Z]{2,}/.test(inside)) return undefined
    return inside.startsWith("{") ? `\\{${inside.slice(1, -1)}\\}` : inside
  }
  return undefined
}

/**
 * The last number or formula of a plain text, with the unit behind it, and where it ends. `end` counts
 * characters of the text.
 */
export const lastPlainAnswer = (
  text: string
): { readonly content: string; readonly end: number } | undefined => {
  const chunks: Array<{ readonly text: string; readonly end: number }> = []
  // only the end of a text is searched
  const start = Math.max(0, text.length - 20_000)
  let from = start
  for (let i = start; i <= text.length; i++) {
    const c = text[i]
    if (c === undefined || c === " " || c === "\n" || c === "\t" || c === "\r" || c === "\u00a0") {
      if (i > from) chunks.push({ text: asciiMath(text.slice(from, i)), end: i })
      from = i + 1
    }
  }
  let last = chunks.length - 1
  while (last >= 0 && (!hasDigit(chunks[last]?.text ?? "") || isUnit(chunks[last]?.text ?? "")))
    last--
  if (last < 0) return undefined
  const tuple = bracketed(chunks.slice(Math.max(0, last - 12), last + 1).map((chunk) => chunk.text))
  if (tuple !== undefined) return { content: tuple, end: chunks[last]?.end ?? 0 }
  const pieces = [trimmed(chunks[last]?.text ?? "")]
  let first = last
  while (first > 0 && last - first < 40) {
    const before = chunks[first - 1]?.text ?? ""
    const head = pieces[0] ?? ""
    const isGroup = /^\d{3}(?:[.,]\d+)?$/.test(head) && /^[-$(]?\d{1,3}$/.test(before)
    const isMixed = /^\d+\/\d+$/.test(head) && /^-?\d+$/.test(before)
    const isJoined =
      (isOperator(before) ||
        /[-+*/^=<>]$/.test(before) ||
        isOperator(head) ||
        /^[=<>*/^]/.test(head)) &&
      isMathematical(before)
    // 1.5 x 10^3
    const isScientific = (before === "x" || before === "X") && head.startsWith("10^")
    if (isScientific) {
      pieces.unshift("*")
      first--
      continue
    }
    if (!isGroup && !isMixed && !isJoined) break
    pieces.unshift(before)
    first--
  }
  // operators that begin nothing
  while (pieces.length > 1 && isOperator(pieces[0] ?? "") && pieces[0] !== "-") pieces.shift()
  const joined = trimmed(pieces.join(" "))
  const behind = chunks[last + 1]?.text ?? ""
  const word = trimmed(behind)
  const isEnded = /[.,;:!?]$/.test(chunks[last]?.text ?? "")
  if (!isEnded && (word === "percent" || word === "%" || word === "\\%")) {
    return { content: `${joined}\\%`, end: chunks[last]?.end ?? 0 }
  }
  if (!isEnded && isUnitWord(word.replace(/\^.*$/, "")) && word !== "L" && word !== "N") {
    return {
      content: `${joined} \\text{${word.replaceAll(/[{}]/g, "")}}`,
      end: chunks[last]?.end ?? 0
    }
  }
  return { content: withUnit(joined), end: chunks[last]?.end ?? 0 }
}
