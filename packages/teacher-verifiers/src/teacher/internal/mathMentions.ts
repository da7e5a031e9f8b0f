/** Where a text mentions values: numerals, expressions, and arithmetic in words. */

/** One mention; `text` is an expression, `[from, to)` its place in the text that was searched. */
export interface Mention {
  readonly text: string
  readonly from: number
  readonly to: number
  /**
   * - `number`: a numeral by itself; `expression`: something to be computed;
   * - `words`: arithmetic in words, such as an order to add two numbers.
   */
  readonly kind: "number" | "expression" | "words"
  /** Of arithmetic in words: the numbers it names. */
  readonly operands?: ReadonlyArray<string>
}

const numeral = String.raw`(?:\d{1,3}(?:,\d{3})+(?![\d,])|\d+)(?:\.\d+)?(?:[eE][+-]?\d+)?|(?<![\d.])\.\d+`

const numbers = new RegExp(numeral, "g")
const signed = new RegExp(
  String.raw`(?:(?<![\d)\]}A-Za-z])(?<![\d)\]}]\s{1,2})-|(?<![\d)\]}A-Za-z]\s{0,2})-\s)(?:${numeral})(?:\s?%)?|(?:${numeral})(?:\s?%|\s?\\%|\s?/\s?(?:${numeral}))|(?:${numeral})\s\d+\s?/\s?\d+`,
  "g"
)

// letters of a word do not belong to an expression, single ones do
const expressionRun =
  /(?:\d|\\(?:[A-Za-z]+|[,;!%$(){}[\]|])|(?<![A-Za-z])[A-Za-z](?![A-Za-z])|(?<![A-Za-z])(?:sqrt|log|ln|sin|cos|tan|pi|mod|max|min|gcd|lcm)(?![A-Za-z])|[-+*/^=<>≤≥≠≈→%°√π∞∪∩!|_{}()[\],.:;$€£ \t])+/g

const relation = /=|≈|→|≠|≤|≥|<|>|:|;/

const trimmed = (piece: string): string =>
  piece
    .trim()
    .replace(/^(?:[\s,.:;=)\]}*/^+|%!$€£]|\\[,;!)\]])+/, "")
    .replace(/(?:[\s,.:;=([{*/^+|_$-]|\\[,;!([])+$/, "")

const operators = /[-+*/^!√]|\\|sqrt|log|gcd|lcm|mod|max|min/

const ordinals = "first second third fourth fifth sixth seventh eighth ninth tenth".split(" ")

const wordForms: ReadonlyArray<readonly [RegExp, string]> = [
  [/\bone(?=\s+(?:more|less|fewer|greater|higher|bigger|larger|lower|smaller)\s+than)/gi, "1"],
  ...ordinals.map(
    (word, index) =>
      [new RegExp(`\\s+to\\s+the\\s+${word}(?:\\s+power)?\\b`, "gi"), ` ^ ${index + 1}`] as const
  ),
  [/\s+plus\s+/gi, " + "],
  [/\s+minus\s+/gi, " - "],
  [/\s+(?:times|multiplied\s+by)\s+/gi, " * "],
  [/(?<=[1-9]|\d\d)\s*x\s*(?=\d)/gi, " * "],
  [/\s+divided\s+by\s+/gi, " / "],
  [
    /\s+(?:raised\s+)?to\s+the\s+(?:power\s+(?:of\s+)?)?(\d+)(?:st|nd|rd|th)?(?:\s+power)?/gi,
    " ^ $1"
  ],
  [/(?<=\d)\s+squared\b/gi, "^2"],
  [/(?<=\d)\s+cubed\b/gi, "^3"],
  [/(?<=\d)\s+percent\b/gi, "%"],
  [/\b(?:the\s+)?square\s+root\s+of\s+(\d+(?:\.\d+)?)/gi, String.raw`\sqrt{$1}`],
  [/\b(?:the\s+)?cube\s+root\s+of\s+(\d+)/gi, String.raw`\sqrt[3]{$1}`],
  [/\b(?:the\s+)?square\s+of\s+(\d+(?:\.\d+)?)/gi, "$1^2"],
  [/\b(?:the\s+)?cube\s+of\s+(\d+(?:\.\d+)?)/gi, "$1^3"],
  [/\b(?:twice|double)\s+(\d+(?:\.\d+)?)/gi, "2*$1"],
  [/\b(?:thrice|triple)\s+(\d+(?:\.\d+)?)/gi, "3*$1"],
  [/\b(?:half|1\/2)\s+(?:of\s+)?(\d+(?:\.\d+)?)/gi, "$1/2"]
]

/** Words of arithmetic as signs: `65 minus 1` is `65 - 1`. */
export const arithmeticWordsToSigns = (text: string): string =>
  wordForms.reduce((out, [pattern, sign]) => out.replaceAll(pattern, sign), text)

const number = String.raw`(-?\d[\d,]*(?:\.\d+)?)`
const gap = String.raw`[^\d.?!\n]{0,24}?`
const orders: ReadonlyArray<readonly [RegExp, (a: string, b: string) => string]> = [
  [
    new RegExp(`${number}\\s+(?:more|greater|higher|bigger|larger)\\s+than${gap}${number}`, "gi"),
    (a, b) => `${b}+${a}`
  ],
  [
    new RegExp(`${number}\\s+(?:less|fewer|lower|smaller)\\s+than${gap}${number}`, "gi"),
    (a, b) => `${b}-${a}`
  ],
  [
    new RegExp(
      `\\b(?:sum\\s+of|add|adding)\\s+${gap}${number}${gap}\\b(?:and|to|with)\\b${gap}${number}`,
      "gi"
    ),
    (a, b) => `${a}+${b}`
  ],
  [
    new RegExp(
      `\\b(?:product\\s+of|multiply|multiplying)\\s+${gap}${number}${gap}\\b(?:and|by|with)\\b${gap}${number}`,
      "gi"
    ),
    (a, b) => `${a}*${b}`
  ],
  [
    new RegExp(
      `\\b(?:difference\\s+(?:of|between))\\s+${gap}${number}${gap}\\band\\b${gap}${number}`,
      "gi"
    ),
    (a, b) => `${a}-${b}`
  ],
  [
    new RegExp(
      `\\b(?:subtract|subtracting|take)\\s+${gap}${number}${gap}\\b(?:from|away\\s+from)\\b${gap}${number}`,
      "gi"
    ),
    (a, b) => `${b}-${a}`
  ],
  [
    new RegExp(
      `\\b(?:quotient\\s+of|divide|dividing)\\s+${gap}${number}${gap}\\b(?:by|and|into)\\b${gap}${number}`,
      "gi"
    ),
    (a, b) => `${a}/${b}`
  ]
]
const neighbours: ReadonlyArray<readonly [RegExp, number]> = [
  [
    new RegExp(`\\b(?:just|right|directly|immediately|comes|next)\\s+after${gap}${number}`, "gi"),
    1
  ],
  [new RegExp(`\\b(?:just|right|directly|immediately|comes)\\s+before${gap}${number}`, "gi"), -1],
  [new RegExp(`\\b(?:number|integer)\\s+(?:that\\s+\\w+\\s+)?after${gap}${number}`, "gi"), 1],
  [new RegExp(`\\b(?:number|integer)\\s+(?:that\\s+\\w+\\s+)?before${gap}${number}`, "gi"), -1]
]
const between = new RegExp(`\\bbetween${gap}${number}\\s+and\\s+${number}`, "gi")

const plainNumber = (text: string): string => text.replaceAll(",", "")

/** Mentions in a text whose number words and arithmetic words are already written in signs. */
export const mathMentions = (text: string): ReadonlyArray<Mention> => {
  const mentions: Array<Mention> = []
  const seen = new Set<string>()
  const add = (
    piece: string,
    from: number,
    to: number,
    kind: Mention["kind"],
    operands?: ReadonlyArray<string>
  ) => {
    const key = `${piece}|${from}`
    if (piece === "" || piece.length > 200 || seen.has(key)) return
    seen.add(key)
    mentions.push({
      text: piece,
      from,
      to,
      kind,
      ...(operands !== undefined && { operands })
    })
  }
  for (const match of text.matchAll(numbers)) {
    add(match[0], match.index, match.index + match[0].length, "number")
  }
  for (const match of text.matchAll(signed)) {
    add(match[0], match.index, match.index + match[0].length, "number")
  }
  for (const run of text.matchAll(expressionRun)) {
    const whole = trimmed(run[0])
    if (whole.length < 2) continue
    const pieces = new Set([whole, ...run[0].split(relation).map(trimmed)])
    for (const piece of Array.from(pieces)) {
      // an exclamation mark is a factorial or none
      if (piece.endsWith("!")) pieces.add(trimmed(piece.replace(/!+$/, "")))
      if (/[,.]\s/.test(piece)) for (const part of piece.split(/[,.]\s+/)) pieces.add(trimmed(part))
      for (const group of piece.matchAll(
        /\$([^$]+)\$|\\boxed\s*\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}|\\\((.+?)\\\)|\(([^()]+)\)/g
      )) {
        pieces.add(trimmed(group[1] ?? group[2] ?? group[3] ?? group[4] ?? ""))
      }
    }
    for (const piece of pieces) {
      const at = run.index + Math.max(0, run[0].indexOf(piece))
      if (piece.length >= 2 && operators.test(piece))
        add(piece, at, at + piece.length, "expression")
      else if (/[a-zA-Z([{]/.test(piece)) add(piece, at, at + piece.length, "number")
    }
  }
  for (const [pattern, join] of orders) {
    for (const match of text.matchAll(pattern)) {
      const operands = [plainNumber(match[1] ?? ""), plainNumber(match[2] ?? "")] as const
      add(join(...operands), match.index, match.index + match[0].length, "words", operands)
    }
  }
  for (const [pattern, step] of neighbours) {
    for (const match of text.matchAll(pattern)) {
      const value = Number(plainNumber(match[1] ?? ""))
      add(String(value + step), match.index, match.index + match[0].length, "words", [
        String(value)
      ])
    }
  }
  for (const match of text.matchAll(between)) {
    const low = Number(plainNumber(match[1] ?? ""))
    const high = Number(plainNumber(match[2] ?? ""))
    // one whole number lies between them
    if (high - low === 2) {
      const operands = [String(low), String(high)]
      add(String(low + 1), match.index, match.index + match[0].length, "words", operands)
    }
  }
  return mentions
}
