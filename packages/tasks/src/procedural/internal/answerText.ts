/** Reading the forms in which an answer may be written. */

const marks = /^[\s*_`"'$]+|[\s*_`"'$]+$/g

/**
 * The answer that a text ends with: what follows the last `Answer:`, else what stands in the last
 * `\boxed{}`, else the text itself when it is a single line; `undefined` when there is none.
 */
export const finalAnswer = (text: string): string | undefined => {
  const labelled = Array.from(text.matchAll(/answer[*_\s]*(?:is\b[*_\s:=]*|[:=])(.*)/gi)).at(
    -1
  )?.[1]
  const boxed = Array.from(text.matchAll(/\\boxed\{([^{}]*)\}/g)).at(-1)?.[1]
  const whole = text.trim().includes("\n") ? undefined : text
  const found = (labelled ?? boxed ?? whole)?.replace(/\\boxed\{([^{}]*)\}/, "$1")
  const bare = found?.replaceAll(marks, "").replace(/\.$/, "").replaceAll(marks, "")
  return bare === "" ? undefined : bare
}

/** A list of integers, with or without brackets; `undefined` when anything else stands in it. */
export const parseIntegers = (text: string): Array<number> | undefined => {
  const inside = text.trim().replace(/^[[({]\s*([^[\](){}]*?)\s*[\])}]$/, "$1")
  if (inside.trim() === "") return []
  const parts = inside.trim().split(/\s*,\s*|\s+/)
  const numbers = parts.map((part) => (/^[+-]?\d{1,15}$/.test(part) ? Number(part) : Number.NaN))
  return numbers.some(Number.isNaN) ? undefined : numbers
}

/** Names between commas, blanks or arrows. */
export const parseNames = (text: string): Array<string> =>
  text.split(/[\s,;[\]()]+|->|→|>/).filter((name) => name !== "")

/** `name = value` or `name: value` pairs; `undefined` when a name comes twice or something is left. */
export const parsePairs = (text: string): Map<string, string> | undefined => {
  const pairs = new Map<string, string>()
  for (const part of text.split(/[,;\n]+/)) {
    const [, name, value] =
      /^\s*([A-Za-z]\w*)\s*(?:=|:|is\s+(?:an?\s+)?)\s*(\S+)\s*$/.exec(part) ?? []
    if (name === undefined || value === undefined || pairs.has(name)) return undefined
    pairs.set(name, value)
  }
  return pairs
}
