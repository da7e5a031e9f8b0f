/** Where mathematics stands in a text: `$…$`, `$$…$$`, `\(…\)`, `\[…\]`, `align` and the like. One pass. */

export interface MathSegment {
  readonly from: number
  /** Behind the closing delimiter. */
  readonly to: number
  readonly content: string
}

const isDigit = (c: string | undefined): boolean => c !== undefined && c >= "0" && c <= "9"

/** Two words beside each other, which mathematics between two `$` has not. */
const prose = /(?:^|[^\\a-zA-Z])[a-z]{2,} +[a-z]{2,}/i

/** The beginning of an environment that is a formula of its own. */
export const displayedFormula =
  /^\\begin\{((?:align|equation|gather|eqnarray|multline|flalign)\*?)\}/

/** The next `$` that is not escaped. */
const closingDollar = (text: string, from: number): number => {
  for (let i = from; i < text.length; i++) {
    if (text[i] === "\\") i++
    else if (text[i] === "$") return i
  }
  return -1
}

/** The segments in order. A `$` before a number that begins a sentence's worth of words is money. */
export const mathSegments = (text: string): ReadonlyArray<MathSegment> => {
  const segments: Array<MathSegment> = []
  // a delimiter that is never closed is looked for once
  const missing = new Set<string>()
  let i = 0
  while (i < text.length) {
    const c = text[i]
    if (c === "\\") {
      const environment = text.startsWith("\\begin{", i)
        ? displayedFormula.exec(text.slice(i, i + 30))?.[1]
        : undefined
      if (environment !== undefined) {
        const close = `\\end{${environment}}`
        const end = missing.has(close) ? -1 : text.indexOf(close, i)
        if (end >= 0) {
          const to = end + close.length
          segments.push({ from: i, to, content: text.slice(i, to) })
          i = to
          continue
        }
        missing.add(close)
      }
      const next = text[i + 1]
      if (next === "(" || next === "[") {
        const close = next === "(" ? "\\)" : "\\]"
        const end = missing.has(close) ? -1 : text.indexOf(close, i + 2)
        if (end >= 0) {
          // `\\)` closes too
          const content = text.slice(i + 2, text[end - 1] === "\\" ? end - 1 : end)
          segments.push({ from: i, to: end + 2, content })
          i = end + 2
          continue
        }
        missing.add(close)
      }
      // `\\[` and `\\(`: doubled backslashes
      i += next === "\\" && (text[i + 2] === "(" || text[i + 2] === "[") ? 1 : 2
      continue
    }
    if (c !== "$") {
      i++
      continue
    }
    if (text[i + 1] === "$") {
      const end = missing.has("$$") ? -1 : text.indexOf("$$", i + 2)
      if (end < 0) {
        missing.add("$$")
        i += 2
        continue
      }
      segments.push({ from: i, to: end + 2, content: text.slice(i + 2, end) })
      i = end + 2
      continue
    }
    const end = missing.has("$") ? -1 : closingDollar(text, i + 1)
    if (end < 0) {
      missing.add("$")
      i++
      continue
    }
    const content = text.slice(i + 1, end)
    const isMoney =
      isDigit(text[i + 1]) && content.length < 400 && !content.includes("\\") && prose.test(content)
    if (isMoney) {
      i++
      continue
    }
    segments.push({ from: i, to: end + 1, content })
    i = end + 1
  }
  return segments
}
