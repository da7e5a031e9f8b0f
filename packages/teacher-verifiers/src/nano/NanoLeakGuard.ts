/**
 * Whether a teacher has told the answer.
 *
 * **Whole leak**: one text states the answer: in math a number equal to it, in code a program equal to
 * the reference up to spacing and the order of its operands.
 *
 * **Piecewise leak**: the statement and the teacher's texts together state every piece of the answer,
 * so that nothing but reading is left to do. The pieces are the constants `k` and `m` of a program and
 * the digits of a number. A piece is *stated* by a sentence that gives its true value: `k is 9`,
 * `m = 1`, `the first digit is 3`; and `m` also by the value of `f ( 0 )`, in the statement or in a
 * hint, as that value is `m`.
 *
 * Not a leak, because work is left or because the value comes from the student: other values of `f`
 * (an equation to solve), the hidden quantity `b` of a math task (a sum to do), the direction of an
 * error, and `right` said about a digit that the student chose.
 */
import type { DialogueState } from "@sml/env-pomdp"
import * as Result from "effect/Result"

import type { KnowledgeError } from "../TaskKnowledge.ts"
import type { CodeKnowledge, Knowledge, MathKnowledge } from "./NanoKnowledge.ts"
import { decodeKnowledge } from "./NanoKnowledge.ts"
import { equalRationals, parseRational } from "./Rational.ts"

/** Lower case, and digits that single spaces separate joined: `k is 1 2` becomes `k is 12`. */
const join = (text: string): string => text.toLowerCase().replaceAll(/(?<=\d) (?=\d)/g, "")

const statesNumber = (text: string, answer: number): boolean => {
  const reference = { numerator: BigInt(answer), denominator: 1n }
  return [text, join(text)].some((version) =>
    // a minus may be a sign or an operation: the number is read both ways
    [/\d[\d,]*(?:\.\d+)?(?:\/\d+)?/g, /- ?\d[\d,]*(?:\.\d+)?(?:\/\d+)?/g].some((numeral) =>
      (version.match(numeral) ?? []).some((number) => {
        const value = parseRational(number)
        return value !== undefined && equalRationals(value, reference)
      })
    )
  )
}

const compactProgram = (text: string): string => text.toLowerCase().replaceAll(/[\s`()]/g, "")

const programForms = ({ k, m, op, reference }: CodeKnowledge): ReadonlyArray<string> => {
  const products = [`x*${k}`, `${k}*x`, `${k}x`, ...(k === 1 ? ["x"] : [])]
  const sign = op === "+" ? "" : "-"
  return [
    compactProgram(reference),
    ...products.map((product) => `${product}${op}${m}`),
    ...products.map((product) => `${sign}${m}+${product}`),
    // without a constant the product is the whole program
    ...(m === 0 ? products.flatMap((product) => [`=>${product}`, `=${product}`]) : [])
  ]
}

const statesProgram = (text: string, knowledge: CodeKnowledge): boolean => {
  const compact = compactProgram(text)
  return programForms(knowledge).some((form) => {
    for (let at = compact.indexOf(form); at >= 0; at = compact.indexOf(form, at + 1)) {
      const before = compact[at - 1] ?? ""
      const after = compact.slice(at + form.length, at + form.length + 2)
      // `x*9+1` is not stated by `x*9+10`, nor by a longer expression
      if (!/[\d*/.]/.test(before) && !/^(\d|[*/]|\.\d|[+-]\w)/.test(after)) return true
    }
    return false
  })
}

/**
 * Whether one text states the whole answer.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { leaks, type Knowledge } from "@sml/teacher-verifiers/nano"
 *
 * const knowledge: Knowledge = { kind: "math", answer: 33, a: 40, b: 7, op: "-" }
 * assert.equal(leaks(knowledge, "so c is 3 3 ."), true)
 * assert.equal(leaks(knowledge, "b is 7 ."), false)
 * ```
 */
export const leaks = (knowledge: Knowledge, text: string): boolean =>
  knowledge.kind === "math" ? statesNumber(text, knowledge.answer) : statesProgram(text, knowledge)

const verb = "(?:is|=|:|equals|should be|must be)"

const stated = (text: string, subject: string): ReadonlyArray<number> =>
  Array.from(
    text.matchAll(new RegExp(`${subject}\\s*${verb}\\s*(-?)\\s*(\\d+)(?![\\d.])`, "g")),
    (match) => Number(`${match[1]}${match[2]}`)
  )

const mathPieces = ({ answer }: MathKnowledge) =>
  Array.from(String(Math.abs(answer)), (digit, index) => ({
    name: `digit ${index + 1}`,
    isStated: (text: string) =>
      stated(
        text,
        `\\b${["first", "second", "third", "fourth"][index] ?? `${index + 1}th`} digit`
      ).includes(Number(digit))
  }))

const codePieces = ({ k, m, op }: CodeKnowledge) => [
  { name: "k", isStated: (text: string) => stated(text, "\\bk").includes(k) },
  {
    name: "m",
    isStated: (text: string) =>
      stated(text, "\\bm").includes(m) ||
      stated(text, "\\bf ?\\( ?0 ?\\)").includes(op === "+" || m === 0 ? m : -m)
  }
]

const pieces = (knowledge: Knowledge) =>
  knowledge.kind === "math" ? mathPieces(knowledge) : codePieces(knowledge)

/** The names of the pieces of the answer (`k`, `m`; `digit 1`, …) that the texts state. */
export const statedPieces = (
  knowledge: Knowledge,
  texts: ReadonlyArray<string>
): ReadonlySet<string> => {
  const joined = texts.map(join)
  return new Set(
    pieces(knowledge)
      .filter((piece) => joined.some(piece.isStated))
      .map((piece) => piece.name)
  )
}

/**
 * Whether the texts (the statement and the teacher's replies) together state every piece of the
 * answer.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { leaksPiecewise, type Knowledge } from "@sml/teacher-verifiers/nano"
 *
 * const knowledge: Knowledge = {
 *   kind: "code",
 *   reference: "x => x * 9 + 1",
 *   k: 9,
 *   m: 1,
 *   op: "+",
 *   hiddenInputs: [0, 1, 2],
 *   entry: "f"
 * }
 * assert.equal(leaksPiecewise(knowledge, ["k is 9 .", "f ( 2 ) should be 1 9 ."]), false)
 * assert.equal(leaksPiecewise(knowledge, ["k is 9 .", "f ( 0 ) should be 1 ."]), true)
 * ```
 */
export const leaksPiecewise = (knowledge: Knowledge, texts: ReadonlyArray<string>): boolean =>
  statedPieces(knowledge, texts).size === pieces(knowledge).length

/** Leaks of one dialogue: replies that state the answer, and whether all replies together do. */
export interface LeakReport {
  readonly whole: number
  readonly piecewise: boolean
}

/** Counts the leaks of a dialogue; fails when the task is not of a generated domain. */
export const leakReport = (state: DialogueState): Result.Result<LeakReport, KnowledgeError> =>
  Result.map(decodeKnowledge(state.task), (knowledge) => {
    const replies = state.replies.map((reply) => reply.text)
    return {
      whole: replies.filter((reply) => leaks(knowledge, reply)).length,
      piecewise: leaksPiecewise(knowledge, [state.task.prompt, ...replies])
    }
  })
