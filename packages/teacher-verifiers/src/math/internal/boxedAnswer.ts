/** The last `\boxed{…}` of a text, and those right before it that belong to the same answer. */

interface Box {
  readonly from: number
  readonly to: number
  readonly content: string
}

const command = "\\boxed"

/** At most this many boxes make one answer. */
const mostBoxes = 40

const longestUnclosed = 500

const boxAt = (text: string, from: number): Box | undefined => {
  let at = from + command.length
  while (text[at] === " " || text[at] === "\n") at++
  if (text[at] === "{") {
    let depth = 0
    for (let i = at; i < text.length; i++) {
      const c = text[i]
      if (c === "\\") i++
      else if (c === "{") depth++
      else if (c === "}" && --depth === 0) {
        return { from, to: i + 1, content: text.slice(at + 1, i) }
      }
    }
    // never closed: to the end of the formula
    const rest = text.slice(at + 1, at + 1 + longestUnclosed)
    const end = [rest.indexOf("$"), rest.indexOf("\n\n"), rest.indexOf("\\]"), rest.indexOf("\\)")]
      .filter((i) => i >= 0)
      .reduce((a, b) => Math.min(a, b), rest.length)
    return { from, to: at + 1 + end, content: rest.slice(0, end) }
  }
  // without braces: one word
  let end = at
  while (end < text.length && end - at < longestUnclosed && !/[\s$]/.test(text[end] ?? " ")) {
    if (text.startsWith("\\]", end) || text.startsWith("\\)", end)) break
    end++
  }
  return end === at ? undefined : { from, to: end, content: text.slice(at, end) }
}

/** What may stand between the boxes of one answer: a few words, no sentence, no formula of its own. */
const isBetween = (gap: string): boolean =>
  gap.length <= 60 && !/[.!?:]\s|\n\s*\n|[=<>\d]/.test(gap)

export const boxedAnswer = (text: string): string | undefined => {
  const boxes: Array<Box> = []
  let empty = 0
  for (
    let at = text.lastIndexOf(command);
    at >= 0;
    at = at === 0 ? -1 : text.lastIndexOf(command, at - 1)
  ) {
    const box = boxAt(text, at)
    if (box === undefined || box.content.trim() === "") {
      if (boxes.length > 0 || ++empty > mostBoxes) break
      continue
    }
    const next = boxes.at(-1)
    if (next !== undefined) {
      // a box inside another one, or a box of another answer
      if (box.to > next.from || !isBetween(text.slice(box.to, next.from))) break
    }
    boxes.push(box)
    if (boxes.length >= mostBoxes) break
  }
  boxes.reverse()
  const last = boxes.at(-1)
  if (last === undefined) return undefined
  if (boxes.length === 1) {
    const percent = /^\s{0,3}\$?\s{0,3}\\?%/.test(text.slice(last.to, last.to + 10))
    return percent ? `${last.content}\\%` : last.content
  }
  const contents = boxes.map((box) => box.content.trim())
  return contents.join(contents.some((content) => content.includes(",")) ? " ; " : " , ")
}
