/** What follows "the answer is", "Answer:", "final answer". */
import { mathSegments } from "./mathSegments.ts"

const isSpace = (c: string | undefined): boolean =>
  c === " " || c === "\n" || c === "\t" || c === "\r" || c === "*" || c === "_" || c === "\u00a0"

/** Behind `is`, `are`, `:`, `=` or directly at a formula; undefined when no answer is announced. */
const announced = (text: string, from: number): number | undefined => {
  let at = from
  while (isSpace(text[at])) at++
  const rest = text.slice(at, at + 80)
  const direct =
    /^(?:(?:is|are|was|were|would be|will be|must be|should be)\b(?: (?:therefore|thus|simply|just|then|now|equal to)\b)?\s*:?|:|=|\u{ff1a})/u.exec(
      rest
    )
  if (direct !== null) return at + direct[0].length
  if (/^(?:\$|\\\(|\\\[|\\\\\(|\\\\\[)/.test(rest)) return at
  // "the answer to the problem is", "the answer (in cm) is"
  const far = /^(?:to|of|for|in|\()[^.\n$:=?!\\]{0,50}?(?: (?:is|are)\b|:)/.exec(rest)
  return far === null ? undefined : at + far[0].length
}

/** The end of the sentence or line that begins at `from`; formulas are passed over. */
const sentenceEnd = (text: string, from: number): number => {
  const segments = mathSegments(text.slice(from, from + 4000))
  let next = 0
  let isBegun = false
  for (let i = from; i < text.length && i < from + 4000; i++) {
    const segment = segments[next]
    if (segment !== undefined && i - from === segment.from) {
      i = from + segment.to - 1
      next++
      isBegun = true
      continue
    }
    const c = text[i]
    if (c === "\n") {
      if (isBegun) return i
    } else if (!isSpace(c)) isBegun = true
    if ((c === "." || c === "!" || c === "?") && isBegun) {
      const after = text[i + 1]
      if (after === undefined || after === "\n" || after === "*" || after === "<") return i
      if (after === " ") return i
    }
  }
  return Math.min(text.length, from + 4000)
}

/** The last sentences that announce an answer, the last one first. */
export const announcedAnswers = (text: string): ReadonlyArray<string> => {
  const lower = text.toLowerCase()
  const found: Array<string> = []
  let at = lower.length
  let tries = 0
  while (found.length < 3 && tries++ < 50) {
    at = at <= 0 ? -1 : lower.lastIndexOf("answer", at - 1)
    if (at < 0) break
    const before = lower[at - 1]
    if (before !== undefined && before >= "a" && before <= "z") continue
    const behind = lower[at + 6] === "s" ? at + 7 : at + 6
    const from = announced(text, behind)
    if (from !== undefined) found.push(text.slice(from, sentenceEnd(text, from)).trim())
  }
  return found
}
