/** What was found out about a program; it feeds the teacher, never the student directly. */
import * as Schema from "effect/Schema"

import { ProgramLanguage } from "./ProgramTests.ts"

/**
 * - `pass` · `fail`: ran and gave what is right · something else.
 * - `error`: did not parse, threw, or broke the sandbox's protocol.
 * - `timeout`, `memory`, `output-limit`: went over the sandbox's limits.
 * - `unsupported`: gave something that can not cross as plain data.
 * - `flaky`: gave different values for one input.
 */
export const ProgramVerdict = Schema.Literals([
  "pass",
  "fail",
  "error",
  "timeout",
  "memory",
  "output-limit",
  "unsupported",
  "flaky"
])
export type ProgramVerdict = typeof ProgramVerdict.Type

/**
 * One test. All texts are capped and hold no control characters but line feeds, yet their words may be
 * the program's.
 *
 * - `call`: what was run, in the program's language: `add(1, 2)`, an assertion, or the stdin.
 * - `expected`, `got`: in the program's language; `null` where there is none.
 * - `error`: type, message and line (1-based, in the student's code without the preamble; `null` when it
 *   is elsewhere) of what was thrown.
 * - `millis`: wall-clock time.
 */
export const TestResult = Schema.Struct({
  verdict: ProgramVerdict,
  call: Schema.String,
  expected: Schema.NullOr(Schema.String),
  got: Schema.NullOr(Schema.String),
  error: Schema.NullOr(
    Schema.Struct({
      type: Schema.String,
      message: Schema.String,
      line: Schema.NullOr(Schema.Int)
    })
  ),
  millis: Schema.Finite
})
export type TestResult = typeof TestResult.Type

/**
 * - `verdict`: `pass` when every test passes, else that of the first test that does not.
 * - `tests`: in the order of the task, whatever the order in which they ran.
 * - `stdout`: what the program printed, capped.
 */
export const ProgramDiagnostics = Schema.Struct({
  kind: Schema.Literal("program"),
  language: ProgramLanguage,
  verdict: ProgramVerdict,
  tests: Schema.Array(TestResult),
  stdout: Schema.String
})
export type ProgramDiagnostics = typeof ProgramDiagnostics.Type
