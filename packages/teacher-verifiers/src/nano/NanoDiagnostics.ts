/** What the verifiers find out about an attempt; it feeds the teacher, never the student. */
import * as Schema from "effect/Schema"

import { ProgramValue } from "../code/ProgramValue.ts"

/**
 * - `answer`: the attempt's value in lowest terms, `"33"` or `"7/2"`; `null` when it is no number.
 * - `comparison`: where it lies from the reference answer.
 */
export const MathDiagnostics = Schema.Struct({
  kind: Schema.Literal("math"),
  answer: Schema.NullOr(Schema.String),
  comparison: Schema.Literals(["equal", "low", "high", "unreadable"])
})
export type MathDiagnostics = typeof MathDiagnostics.Type

/**
 * - `pass` · `fail`: ran and gave the expected value · another one.
 * - `error`: did not parse, or threw (a stack overflow included).
 * - `timeout`, `memory`: went over the sandbox's limits.
 * - `unsupported`: gave something that is not a plain value (an object, a function, a promise).
 */
export const ProgramCategory = Schema.Literals([
  "pass",
  "fail",
  "error",
  "timeout",
  "memory",
  "unsupported"
])
export type ProgramCategory = typeof ProgramCategory.Type

/** What happened on one input. `got` is there for `pass` and `fail`, `message` for the others. */
export const ProgramResult = Schema.Struct({
  input: Schema.Int,
  category: ProgramCategory,
  expected: ProgramValue,
  got: Schema.NullOr(ProgramValue),
  message: Schema.NullOr(Schema.String)
})
export type ProgramResult = typeof ProgramResult.Type

/** The constants of a program `x => x * k op m`. */
export const LinearProgram = Schema.Struct({
  k: Schema.Int,
  op: Schema.Literals(["+", "-"]),
  m: Schema.Int
})
export type LinearProgram = typeof LinearProgram.Type

/**
 * - `category`: `pass` when every hidden input passes, else that of the first hidden input that does
 *   not.
 * - `linear`: the constants when the program is literally `x => x * k op m`, else `null`.
 * - `results`: one entry per input, ascending: the hidden inputs and 0..6.
 */
export const CodeDiagnostics = Schema.Struct({
  kind: Schema.Literal("code"),
  category: ProgramCategory,
  linear: Schema.NullOr(LinearProgram),
  results: Schema.Array(ProgramResult)
})
export type CodeDiagnostics = typeof CodeDiagnostics.Type

/** Either of the two, told apart by `kind`. */
export const Diagnostics = Schema.Union([MathDiagnostics, CodeDiagnostics])
export type Diagnostics = typeof Diagnostics.Type
