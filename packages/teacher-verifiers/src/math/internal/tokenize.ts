/** Cuts an answer, LaTeX or plain, into tokens: one pass, no look-back, so linear in the length. */
import type { Command } from "./mathCommands.ts"
import { asciiMath, lookUpCommand, lookUpFunction } from "./mathCommands.ts"
import { isUnitWord } from "./units.ts"

/**
 * - `num`: digits, perhaps with a point; thousands separators are gone.
 * - `id`: one letter or symbol. `word`: several letters of plain text. `text`: words of `\text{…}`.
 * - `fn`: a function of the tables; `cmd`: a command with arguments of its own; `op`: all the rest.
 */
export interface Token {
  readonly kind: "num" | "id" | "word" | "text" | "fn" | "cmd" | "op"
  readonly v: string
  /** Whether white space stands before it. */
  readonly spaced: boolean
}

export interface Tokens {
  readonly tokens: ReadonlyArray<Token>
  /** Whether commas were taken for thousands separators that could separate a list. */
  readonly hasBareThousands: boolean
}

const isDigit = (c: string | undefined): boolean => c !== undefined && c >= "0" && c <= "9"

const isLetter = (c: string | undefined): boolean =>
  c !== undefined && ((c >= "a" && c <= "z") || (c >= "A" && c <= "Z"))

/** Longest first, so that `<=` is not read as `<`. */
const symbols: ReadonlyArray<readonly [string, string]> = [
  ["...", "dots"],
  ["<=", "<="],
  [">=", ">="],
  ["=<", "<="],
  ["!=", "!="],
  ["<>", "!="],
  ["==", "="],
  [":=", "="],
  ["**", "^"],
  ["->", "to"],
  ["||", "norm"]
]

const singles = new Set("+-*/^_!'°%,;:()[]{}|=<>&~")

/** The argument in braces behind `from`, raw, and where it ends; undefined when there is none. */
const readBraced = (
  text: string,
  from: number
): { readonly content: string; readonly end: number } | undefined => {
  let at = from
  while (text[at] === " ") at++
  if (text[at] !== "{") return undefined
  let depth = 0
  for (let i = at; i < text.length; i++) {
    const c = text[i]
    if (c === "\\") i++
    else if (c === "{") depth++
    else if (c === "}" && --depth === 0) return { content: text.slice(at + 1, i), end: i + 1 }
  }
  return { content: text.slice(at + 1), end: text.length }
}

/** Spacing inside words: commands become spaces, braces go. */
const plainWords = (content: string): string =>
  content
    .replaceAll(/\\[a-zA-Z]+|\\./g, " ")
    .replaceAll(/[{}$~]/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim()

const environments = new Map<string, string>([
  ["pmatrix", "matrix"],
  ["bmatrix", "matrix"],
  ["Bmatrix", "matrix"],
  ["matrix", "matrix"],
  ["smallmatrix", "matrix"],
  ["array", "matrix"],
  ["vmatrix", "determinant"],
  ["Vmatrix", "determinant"]
])

/** `$` that is money: one that pairs with no other, at a digit. */
const moneySign = (text: string): number => {
  let count = 0
  let candidate = -1
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\\") i++
    else if (text[i] === "$") {
      count++
      if (isDigit(text[i + 1]) || text[i + 1] === "." || isDigit(text[i - 1])) candidate = i
    }
  }
  return count % 2 === 1 ? candidate : -1
}

export const tokenize = (raw: string, options: { readonly thousands: boolean }): Tokens => {
  const text = asciiMath(raw)
  const money = text.includes("$") ? moneySign(text) : -1
  const out: Array<Token> = []
  let spaced = false
  let environmentDepth = 0
  const push = (kind: Token["kind"], v: string) => {
    out.push({ kind, v, spaced })
    spaced = false
  }

  const command = (found: Command, at: number): number => {
    switch (found.as) {
      case "skip":
        return at
      case "space":
        spaced = true
        return at
      case "wide":
        push("op", "quad")
        return at
      case "op":
      case "id":
      case "fn":
        push(found.as, found.v)
        return at
      case "drop": {
        const argument = readBraced(text, at)
        return argument === undefined ? at : argument.end
      }
      case "text": {
        const argument = readBraced(text, at)
        if (argument === undefined) return at
        const words = plainWords(argument.content)
        const known = lookUpCommand(words)
        if (known?.as === "fn") push("fn", known.v)
        else if (
          words.length === 1 &&
          isLetter(words) &&
          !(out.at(-1)?.kind === "num" && isUnitWord(words))
        ) {
          push("id", words)
        }
        // a number in a text font, `\textbf{12}`, is a number
        else if (/^[-+]?[\d.,]+%?$/.test(words)) {
          for (const token of tokenize(words, options).tokens) out.push(token)
        } else if (words !== "") push("text", words)
        else spaced = true
        return argument.end
      }
      default: {
        if (found.v === "begin" || found.v === "end") {
          const argument = readBraced(text, at)
          if (argument === undefined) return at
          const name = argument.content.trim()
          const environment = environments.get(name) ?? "rows"
          let end = argument.end
          if (found.v === "begin") {
            environmentDepth++
            // the columns of an array
            if (name === "array") end = readBraced(text, end)?.end ?? end
          } else environmentDepth--
          push("cmd", `${found.v} ${environment}`)
          return end
        }
        if (found.v === "mathbb") {
          const argument = readBraced(text, at)
          const letter = (argument?.content ?? text[at] ?? "").trim()
          if (letter === "R") push("op", "reals")
          else push("id", `mathbb ${letter}`)
          return argument?.end ?? at + 1
        }
        push("cmd", found.v)
        return at
      }
    }
  }

  let i = 0
  while (i < text.length) {
    const c = text[i] ?? ""
    if (c === " " || c === "\n" || c === "\t" || c === "\r") {
      spaced = true
      i++
      continue
    }
    if (isDigit(c) || (c === "." && isDigit(text[i + 1]))) {
      let end = i
      let points = 0
      while (isDigit(text[end]) || (text[end] === "." && points === 0 && isDigit(text[end + 1]))) {
        if (text[end] === ".") points++
        end++
      }
      // 1.000.000 and 1.000,99: dots between groups of three
      const dotted = readDottedThousands(text, i)
      if (dotted !== undefined) {
        push("num", dotted.digits)
        i = dotted.end
        continue
      }
      push("num", text.slice(i, end))
      i = end
      // 1.5e3
      const exponent = /^[eE]([-+]?\d{1,6})(?![\d.a-zA-Z])/.exec(text.slice(i, i + 9))
      if (exponent?.[1] !== undefined) {
        push("op", "*")
        push("num", "10")
        push("op", "^")
        push("op", "{")
        if (exponent[1].startsWith("-")) push("op", "-")
        push("num", exponent[1].replace(/^[-+]/, ""))
        push("op", "}")
        i += exponent[0].length
      }
      continue
    }
    if (isLetter(c)) {
      let end = i
      while (isLetter(text[end]) || (text[end] === "'" && isLetter(text[end + 1]) && end - i > 1)) {
        end++
      }
      i = pushWord(text, i, end, push, out)
      continue
    }
    if (c === "\\") {
      const next = text[i + 1]
      if (next === undefined) {
        i++
        continue
      }
      if (isLetter(next)) {
        let end = i + 1
        while (isLetter(text[end])) end++
        i = readCommand(text, i + 1, end, command, push)
        continue
      }
      if (next === "\\") {
        let end = i
        while (text[end] === "\\") end++
        const name = /^[a-zA-Z]+/.exec(text.slice(end, end + 20))?.[0]
        const isCommand =
          name !== undefined && name !== "" && knownPrefix(name) !== undefined && name.length > 1
        const run = end - i
        if (isCommand && (run === 2 || environmentDepth <= 0)) {
          // `\\frac`: a backslash doubled by a writer of JSON
          i = end - 1
          continue
        }
        if (
          !isCommand &&
          run === 2 &&
          /[{}[\]()!,;:%$]/.test(text[end] ?? "") &&
          environmentDepth <= 0
        ) {
          i = end - 1
          continue
        }
        push("op", "newline")
        i = run % 2 === 1 ? end - 1 : end
        continue
      }
      i += 2
      if (next === "{" || next === "}") push("op", `\\${next}`)
      else if (next === "%") push("op", "%")
      else if (next === "$") push("op", "$")
      else if (next === "|") push("op", "norm")
      else if (next === "!") push("op", "tight")
      else if (next === "&" || next === "#" || next === "_") push("op", next)
      else if (next === "(" || next === ")" || next === "[" || next === "]") spaced = true
      else spaced = true
      continue
    }
    if (c === "$") {
      if (i === money) push("op", "$")
      else spaced = true
      i++
      continue
    }
    if (c === "€" || c === "£" || c === "¥") {
      push("op", c)
      i++
      continue
    }
    if (c === "{" && text[i + 1] === "," && text[i + 2] === "}") {
      push("op", "{,}")
      i += 3
      continue
    }
    const long = symbols.find(([symbol]) => text.startsWith(symbol, i))
    if (long !== undefined) {
      // 5!=120 is a factorial, x != 5 is none
      if (long[0] === "!=" && !spaced && out.at(-1)?.kind === "num" && !text.startsWith("!==", i)) {
        push("op", "!")
        i++
        continue
      }
      push("op", long[1])
      i += long[0].length
      continue
    }
    i++
    if (c === "~") spaced = true
    else if (singles.has(c)) push("op", c)
    else if (c === "." || c === "?" || c === '"' || c === "`") {
      // the end of a sentence says nothing; a point in the middle of an answer can not be read
      if (/\S/.test(text.slice(i, i + 40)) && c === ".") push("op", ".")
    } else push("id", c)
  }
  return groupDigits(out, options.thousands)
}

/** `1.234.567`, `1.234,56`: unmistakable European numbers. */
const readDottedThousands = (
  text: string,
  from: number
): { readonly digits: string; readonly end: number } | undefined => {
  let i = from
  while (isDigit(text[i])) i++
  if (i - from > 3 || text[i] !== ".") return undefined
  let digits = text.slice(from, i)
  let groups = 0
  while (
    text[i] === "." &&
    isDigit(text[i + 1]) &&
    isDigit(text[i + 2]) &&
    isDigit(text[i + 3]) &&
    !isDigit(text[i + 4])
  ) {
    digits += text.slice(i + 1, i + 4)
    i += 4
    groups++
  }
  if (groups === 0) return undefined
  if (text[i] === "," && isDigit(text[i + 1])) {
    let end = i + 1
    while (isDigit(text[end])) end++
    if (text[end] !== ",") return { digits: `${digits}.${text.slice(i + 1, end)}`, end }
  }
  return groups >= 2 && text[i] !== "." ? { digits, end: i } : undefined
}

/** The longest beginning of a name that is a known command. */
const knownPrefix = (name: string): string | undefined => {
  for (let length = Math.min(name.length, 20); length > 0; length--) {
    const prefix = name.slice(0, length)
    if (lookUpCommand(prefix) !== undefined && (length > 1 || name.length === 1)) return prefix
  }
  return undefined
}

const readCommand = (
  text: string,
  from: number,
  end: number,
  run: (command: Command, at: number) => number,
  push: (kind: Token["kind"], v: string) => void
): number => {
  const name = text.slice(from, end)
  const prefix = knownPrefix(name)
  const command = prefix === undefined ? undefined : lookUpCommand(prefix)
  if (prefix === undefined || command === undefined) {
    push("id", `\\${name.slice(0, 40)}`)
    return end
  }
  let at = from + prefix.length
  // `\left.` and `\right.` are no brackets
  if ((prefix === "left" || prefix === "right") && text[at] === ".") at++
  return run(command, at)
}

/** A run of letters: a word, or what stands before or behind it without a space. */
const pushWord = (
  text: string,
  from: number,
  end: number,
  push: (kind: Token["kind"], v: string) => void,
  out: ReadonlyArray<Token>
): number => {
  const word = text.slice(from, end)
  if (word.length === 1) {
    push("id", word)
    return end
  }
  const previous = out.at(-1)
  const closes =
    previous !== undefined && (previous.kind === "num" || previous.v === ")" || previous.v === "}")
  if (closes) {
    // 1orW(x)=-1
    for (const connective of ["or", "and"]) {
      if (word.startsWith(connective) && word.length === connective.length + 1) {
        push("word", connective)
        push("id", word.slice(connective.length))
        return end
      }
    }
  }
  // sinx, pir
  const last = word.slice(-1)
  if ("xyztnabkri".includes(last)) {
    const head = word.slice(0, -1)
    if (lookUpFunction(head) !== undefined && lookUpFunction(word) === undefined) {
      push("word", head)
      push("id", last)
      return end
    }
  }
  push("word", word)
  return end
}

const isGroup = (token: Token | undefined): boolean =>
  token !== undefined && token.kind === "num" && token.v.length === 3 && !token.v.includes(".")

/** Three digits, or three digits and a decimal part. */
const isLastGroup = (token: Token | undefined): boolean =>
  token !== undefined && token.kind === "num" && /^\d{3}(?:\.\d+)?$/.test(token.v)

const isHead = (token: Token): boolean =>
  token.kind === "num" && token.v.length <= 3 && !token.v.includes(".")

/**
 * Joins the groups of a long number. Commas between groups count outside of brackets only, where they
 * do not separate the parts of a tuple; `{,}`, `,\!` and spaces count everywhere.
 */
const groupDigits = (tokens: ReadonlyArray<Token>, thousands: boolean): Tokens => {
  let hasBareThousands = false
  let depth = 0
  const out: Array<Token> = []
  let i = 0
  while (i < tokens.length) {
    const token = tokens[i]
    if (token === undefined) break
    if (token.kind === "op") {
      if (token.v === "(" || token.v === "[" || token.v === "\\{" || token.v === "{") depth++
      else if (token.v === ")" || token.v === "]" || token.v === "\\}" || token.v === "}") depth--
    }
    if (!isHead(token)) {
      if (token.v !== "tight" || token.kind !== "op") {
        // a decimal comma in braces: 0{,}5
        const comma = tokens[i + 1]
        const rest = tokens[i + 2]
        if (
          token.kind === "num" &&
          comma?.v === "{,}" &&
          rest?.kind === "num" &&
          !token.v.includes(".")
        ) {
          out.push({ ...token, v: `${token.v}.${rest.v}` })
          i += 3
          continue
        }
        out.push(token)
      }
      i++
      continue
    }
    let digits = token.v
    let at = i + 1
    let style: "bare" | "tight" | "space" | undefined
    for (;;) {
      const separator = tokens[at]
      if (separator === undefined || digits.includes(".")) break
      let next = at
      let found: typeof style
      if (separator.v === "{,}") {
        found = "tight"
        next = at + 1
      } else if (separator.v === "," && tokens[at + 1]?.v === "tight") {
        found = "tight"
        next = at + 2
      } else if (separator.v === "," && separator.kind === "op" && thousands && depth <= 0) {
        if (separator.spaced || tokens[at + 1]?.spaced === true) break
        found = "bare"
        next = at + 1
      } else if (separator.kind === "num" && separator.spaced) found = "space"
      else if (separator.v === "tight") {
        found = "space"
        next = at + 1
      } else break
      const group = tokens[next]
      if (!isLastGroup(group) || group === undefined || (style !== undefined && style !== found))
        break
      // 10 000 000, but not 2 100 beside another number
      style = found
      digits += group.v
      at = next + 1
    }
    if (style === "bare") {
      hasBareThousands = true
      // 1,234,56 is a list
      const after = tokens[at]
      if (
        after?.v === "," &&
        tokens[at + 1]?.kind === "num" &&
        !after.spaced &&
        tokens[at + 1]?.spaced === false
      ) {
        out.push(token)
        i++
        hasBareThousands = false
        continue
      }
    }
    // 1 000,99
    const comma = tokens[at]
    const decimals = tokens[at + 1]
    if (
      style === "space" &&
      comma?.v === "," &&
      !comma.spaced &&
      decimals?.kind === "num" &&
      !decimals.spaced &&
      !decimals.v.includes(".") &&
      depth <= 0
    ) {
      digits = `${digits}.${decimals.v}`
      at += 2
    } else if (
      comma?.v === "{,}" &&
      decimals?.kind === "num" &&
      !isGroup(decimals) &&
      !digits.includes(".")
    ) {
      digits = `${digits}.${decimals.v}`
      at += 2
    }
    out.push({ ...token, v: digits })
    i = at
  }
  return { tokens: out, hasBareThousands }
}
