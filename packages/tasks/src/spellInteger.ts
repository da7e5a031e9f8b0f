/**
 * An integer as the nano language writes it: one token per digit, single spaces between tokens, a
 * minus sign as a token of its own.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { spellInteger } from "@sml/tasks"
 *
 * assert.equal(spellInteger(40), "4 0")
 * assert.equal(spellInteger(-7), "- 7")
 * ```
 */
export const spellInteger = (value: number): string => {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a safe integer to spell`)
  return Array.from(String(value)).join(" ")
}
