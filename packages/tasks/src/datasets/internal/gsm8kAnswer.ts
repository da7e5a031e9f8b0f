/** The answers of GSM8K: worked steps with `<<48/2=24>>` marks, then `#### 72`. */
import type * as Schema from "effect/Schema"

import { Unfit } from "./DatasetReader.ts"

export interface Gsm8kAnswer {
  readonly answer: string
  readonly more: { readonly [key: string]: Schema.Json }
}

/**
 * `more` holds `solution` (the steps without marks), `calculations` (the marks) and, for the Socratic
 * form, whose lines are `question ** step`, `hints`: the questions that lead to the steps.
 */
export const parseGsm8kAnswer = (text: string): Gsm8kAnswer => {
  const cut = text.lastIndexOf("####")
  if (cut < 0) throw new Unfit('the answer has no "#### " line with the result')
  const answer = text
    .slice(cut + 4)
    .trim()
    .replaceAll(",", "")
    .replace(/^\$/, "")
  if (answer === "" || answer.includes("\n"))
    throw new Unfit('after "####" stands no single result')
  const calculations = Array.from(text.matchAll(/<<([^<>]*)=([^<>=]*)>>/g), (match) => ({
    expression: match[1]?.trim() ?? "",
    value: match[2]?.trim() ?? ""
  }))
  const bare = text
    .slice(0, cut)
    .replaceAll(/<<[^<>]*>>/g, "")
    .trim()
  if (/<<|>>/.test(bare)) throw new Unfit("a <<…>> mark of the answer is not closed")
  const lines = bare.split("\n").map((line) => line.split(" ** "))
  const hints = lines.flatMap(([question, step]) =>
    step === undefined || question === undefined ? [] : [question.trim()]
  )
  const solution = lines.map((parts) => parts.at(-1)?.trim() ?? "").join("\n")
  return { answer, more: { solution, calculations, ...(hints.length > 0 && { hints }) } }
}
