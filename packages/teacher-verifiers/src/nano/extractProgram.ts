/** Where the program stands in a student's text. */

/** Longer texts hold no program. */
const maximumLength = 20_000

const fence = /```[ \t]*([A-Za-z]*)[ \t]*\n([\s\S]*?)```/g

const arrow = /^(?:answer:\s*)?(`?)((?:async\s+)?(?:\([^()]*\)|[A-Za-z_$][\w$]*)\s*=>.*)$/i

/**
 * The JavaScript that a text gives: its last fenced block (marked `js`, `javascript` or nothing), else
 * its last line that begins with an arrow function, `x => x * 9 + 1`, after an optional `answer:`.
 * `undefined` when it has neither: an arrow inside a sentence is no program.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { extractProgram } from "@sml/teacher-verifiers/nano"
 *
 * assert.equal(extractProgram("x => x * 9 + 1"), "x => x * 9 + 1")
 * assert.equal(extractProgram("what is k ?"), undefined)
 * ```
 */
export const extractProgram = (text: string): string | undefined => {
  if (text.length > maximumLength) return undefined
  const block = Array.from(text.matchAll(fence)).findLast((match) =>
    ["", "js", "javascript"].includes((match[1] ?? "").toLowerCase())
  )
  if (block !== undefined) return (block[2] ?? "").trim().replace(/;$/, "")
  const line = text
    .split("\n")
    .map((each) => arrow.exec(each.trim()))
    .findLast((match) => match !== null)
  return line?.[2]?.replace(line[1] === "" ? /\s+\.$/ : /`[^`]*$/, "").replace(/\s*;$/, "")
}
