import { spellInteger } from "./internal/spellInteger.ts"
/** The sentences by which a student of the nano language answers and asks. */
import type { LinearProgram } from "./NanoDiagnostics.ts"

/** A math attempt: `answer: 3 3`. */
export const mathAttempt = (answer: number): string => `answer: ${spellInteger(answer)}`

/** A code attempt, JavaScript: `x => x * 9 + 1`. Constants of several digits are not spaced. */
export const codeAttempt = ({ k, m, op }: LinearProgram): string => `x => x * ${k} ${op} ${m}`

/** Asks for a named quantity: `what is b ?`. */
export const askFor = (name: string): string => `what is ${name} ?`

/** Asks which part of the last attempt is wrong. */
export const askWhichDigit = "which digit is wrong ?"

/** Asks on which side of the right value the last attempt lies. */
export const askSide = (side: "low" | "high"): string => `is it too ${side} ?`

/** Neither an attempt nor a question. */
export const notSure = "i am not sure ."

/** What a student can ask. `name` may be anything, also the answer itself. */
export type StudentQuestion =
  | { readonly _tag: "WhatIs"; readonly name: string }
  | { readonly _tag: "WhichDigit" }
  | { readonly _tag: "IsToo"; readonly side: "low" | "high" }

/**
 * Reads a question, or gives `undefined` for any other text. Capitals, the amount of space and the
 * place of the question mark do not matter.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { askFor, parseQuestion } from "@sml/teacher-verifiers/nano"
 *
 * assert.deepEqual(parseQuestion(askFor("b")), { _tag: "WhatIs", name: "b" })
 * assert.deepEqual(parseQuestion("What is b?"), { _tag: "WhatIs", name: "b" })
 * assert.equal(parseQuestion("answer: 3 3"), undefined)
 * ```
 */
export const parseQuestion = (text: string): StudentQuestion | undefined => {
  const words = text.toLowerCase().replaceAll("?", " ? ").trim().split(/\s+/)
  if (words.pop() !== "?") return undefined
  const question = words.join(" ")
  if (question === "which digit is wrong") return { _tag: "WhichDigit" }
  const side = /^is it too (low|high)$/.exec(question)?.[1]
  if (side === "low" || side === "high") return { _tag: "IsToo", side }
  const name = /^what is (.+)$/.exec(question)?.[1]
  return name === undefined ? undefined : { _tag: "WhatIs", name }
}
