/** Turns one answer, LaTeX or plain, into what it may mean. */
import type { Expression } from "./Expression.ts"
import { numberNode } from "./Expression.ts"
import { fromDigits } from "./Fraction.ts"
import type { Fuel } from "./Fuel.ts"
import { Parser, Unreadable } from "./Parser.ts"
import { tokenize } from "./tokenize.ts"

/**
 * - `form`: the tokens joined, the same for answers that differ in spacing and in the names of commands.
 * - `bare`: the answer without text commands and brackets around.
 * - `words`: the letters and digits, lower case, as a text answer is compared.
 * - `meaning`: the mathematical reading; undefined when there is none.
 * - `others`: readings that are taken when the other side has that shape: `100,200` as a list, `3,5` as
 *   a decimal, `1/2x` as (1/2)x.
 */
export interface Reading {
  readonly form: string
  readonly bare: string
  readonly words: string
  readonly isBareWords: boolean
  readonly meaning: Expression | undefined
  readonly others: ReadonlyArray<Expression>
  readonly list: Expression | undefined
}

/** Longer answers are not read. */
export const longestAnswer = 20_000

const bareWords = /^[\p{L}][\p{L}\s'.-]*$/u

/** The content of text commands, without braces and brackets around. */
const wordsOf = (text: string): string =>
  text
    .replaceAll(/\\[a-zA-Z]+/g, " ")
    .replaceAll(/[^\p{L}\p{N}.+/-]+/gu, " ")
    .split(" ")
    .map((word) => (word.endsWith(".") ? word.slice(0, -1) : word))
    .filter((word) => word !== "")
    .join(" ")
    .toLowerCase()

const unwrapText = (text: string): string => {
  let inner = text.trim()
  for (let i = 0; i < 4; i++) {
    const match =
      /^\\(?:text|textbf|mathrm|mbox|textit|textrm|mathbf|operatorname|boxed)\s*\{([^{}\\]*)\}$/.exec(
        inner
      )
    const bracket = /^\(([^()\\]*)\)$/.exec(inner)
    const next =
      match?.[1] ??
      bracket?.[1] ??
      (inner.startsWith("$") && inner.endsWith("$") && inner.length > 1
        ? inner.slice(1, -1)
        : undefined)
    if (next === undefined) break
    inner = next.trim()
  }
  return inner
}

export const readAnswer = (raw: string, fuel: Fuel): Reading => {
  fuel.spend(raw.length >> 3)
  const { hasBareThousands, tokens } = tokenize(raw, { thousands: true })
  fuel.spend(tokens.length)
  const form = tokens.map((token) => (token.kind === "text" ? `"${token.v}"` : token.v)).join(" ")
  const bare = unwrapText(raw)
  const isBareWords = bareWords.test(bare)
  const parse = (slash: "tight" | "loose", thousands: boolean) => {
    const parser = new Parser(thousands ? tokens : tokenize(raw, { thousands }).tokens, fuel, {
      slash
    })
    try {
      return { meaning: parser.answer(), isDoubtful: parser.hasDoubtfulSlash }
    } catch (error) {
      if (error instanceof Unreadable) return undefined
      throw error
    }
  }
  const read = parse("tight", true)
  const others: Array<Expression> = []
  if (read?.isDoubtful === true) {
    const loose = parse("loose", true)
    if (loose !== undefined) others.push(loose.meaning)
  }
  const comma = raw.length < 60 ? /^(-?)(\d+),(\d+)$/.exec(raw.trim()) : null
  if (comma !== null && !hasBareThousands) {
    const value = fromDigits(`${comma[2] ?? ""}.${comma[3] ?? ""}`)
    const n = comma[1] === "-" ? -value.n : value.n
    others.push(numberNode({ n, d: value.d }, (comma[3] ?? "").length))
  }
  const list = hasBareThousands ? parse("tight", false)?.meaning : undefined
  return { form, bare, words: wordsOf(raw), isBareWords, meaning: read?.meaning, others, list }
}
