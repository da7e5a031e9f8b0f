/** Whether a program printed what a test expects. */

/** The words of each line; empty lines at the end do not count. */
const words = (text: string): ReadonlyArray<string> =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).join(" "))

/**
 * Compares line by line, word by word: spaces around and between words and empty lines at the end do not
 * count, everything else does (`1` is not `1.0`).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { sameOutput } from "@sml/teacher-verifiers"
 *
 * assert.equal(sameOutput("1  2 \n3\n\n", "1 2\n3"), true)
 * assert.equal(sameOutput("1 2 3", "1 2\n3"), false)
 * ```
 */
export const sameOutput = (printed: string, expected: string): boolean => {
  const got = words(printed)
  const wanted = words(expected)
  return got.length === wanted.length && got.every((line, index) => line === wanted[index])
}
