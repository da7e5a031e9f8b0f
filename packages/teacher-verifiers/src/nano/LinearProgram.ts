/**
 * Programs of the form `x => x * k op m`, judged by arithmetic. The verifier always runs programs; this
 * is for those who need very many verdicts on such programs, such as a simulated student.
 */
import type { Verdict } from "@sml/env-pomdp"

import type { CodeDiagnostics, LinearProgram, ProgramResult } from "./NanoDiagnostics.ts"
import type { CodeKnowledge } from "./NanoKnowledge.ts"

/** The inputs for which hints are prepared, besides the hidden ones. */
export const hintInputs: ReadonlyArray<number> = [0, 1, 2, 3, 4, 5, 6]

/** The inputs on which a program is run: the hidden ones and 0..6, ascending, each once. */
export const judgedInputs = (hiddenInputs: ReadonlyArray<number>): ReadonlyArray<number> =>
  Array.from(new Set([...hiddenInputs, ...hintInputs])).toSorted((left, right) => left - right)

/**
 * The constants of a program that is literally `x => x * k op m` (spaces do not matter, the parameter
 * may have any name and parentheses), or `undefined`.
 */
export const parseLinearProgram = (source: string): LinearProgram | undefined => {
  const match =
    /^\s*(?:([A-Za-z_]\w*)|\(\s*([A-Za-z_]\w*)\s*\))\s*=>\s*([A-Za-z_]\w*)\s*\*\s*(\d{1,6})\s*([+-])\s*(\d{1,6})\s*;?\s*$/.exec(
      source
    )
  if (match === null || (match[1] ?? match[2]) !== match[3]) return undefined
  // JavaScript reads a leading zero as octal, and refuses it in strict mode
  if (/^0\d/.test(match[4] ?? "") || /^0\d/.test(match[6] ?? "")) return undefined
  return { k: Number(match[4]), op: match[5] === "-" ? "-" : "+", m: Number(match[6]) }
}

/** The value of `x * k op m`. */
export const evaluateLinear = ({ k, m, op }: LinearProgram, x: number): number =>
  op === "+" ? x * k + m : x * k - m

/**
 * The verdict that `NanoCodeVerifier` gives on `x => x * k op m`, without running it. Equal to it in every
 * field.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { isCorrect } from "@sml/env-pomdp"
 * import { judgeLinearProgram, type CodeKnowledge } from "@sml/teacher-verifiers/nano"
 *
 * const knowledge: CodeKnowledge = {
 *   kind: "code",
 *   reference: "x => x * 9 + 1",
 *   k: 9,
 *   m: 1,
 *   op: "+",
 *   hiddenInputs: [0, 1, 2, 3, 5, 8, 11],
 *   entry: "f"
 * }
 * assert.equal(isCorrect(judgeLinearProgram(knowledge, { k: 9, op: "+", m: 1 })), true)
 * assert.equal(isCorrect(judgeLinearProgram(knowledge, { k: 9, op: "-", m: 1 })), false)
 * ```
 */
export const judgeLinearProgram = (knowledge: CodeKnowledge, program: LinearProgram): Verdict => {
  const results = judgedInputs(knowledge.hiddenInputs).map((input): ProgramResult => {
    const expected = evaluateLinear(knowledge, input)
    const got = evaluateLinear(program, input)
    return {
      input,
      category: expected === got ? "pass" : "fail",
      expected: { type: "number", text: String(expected) },
      got: { type: "number", text: String(got) },
      message: null
    }
  })
  const correct = results.every(
    ({ category, input }) => category === "pass" || !knowledge.hiddenInputs.includes(input)
  )
  const diagnostics: CodeDiagnostics = {
    kind: "code",
    category: correct ? "pass" : "fail",
    linear: program,
    results
  }
  return { _tag: "Attempt", correct, diagnostics }
}
