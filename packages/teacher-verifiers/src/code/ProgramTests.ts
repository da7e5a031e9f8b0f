/** What a program must do to be right, in the forms in which public data sets say it. */
import * as Schema from "effect/Schema"

/** The languages in which a student may write. */
export const ProgramLanguage = Schema.Literals(["python", "javascript", "typescript"])
export type ProgramLanguage = typeof ProgramLanguage.Type

/** One call and its value: `fn(...args)` must give `expected`; both as JSON. */
export const CallTest = Schema.Struct({
  fn: Schema.NonEmptyString,
  args: Schema.Array(Schema.Json),
  expected: Schema.Json
})
export type CallTest = typeof CallTest.Type

/** One run of a whole program: text in on stdin, text out on stdout. */
export const StdioTest = Schema.Struct({ input: Schema.String, output: Schema.String })
export type StdioTest = typeof StdioTest.Type

/**
 * - `calls`: calls with their values (LiveCodeBench and APPS "functional", the `sml verify` format).
 * - `check`: source that declares `check(candidate)`, and the name of the candidate (HumanEval); for
 *   JavaScript and TypeScript a source that asserts on the entry's name itself.
 * - `asserts`: one assertion a line, after set-up code (MBPP).
 * - `stdio`: whole programs (LiveCodeBench, APPS).
 */
export const ProgramTests = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("calls"), calls: Schema.NonEmptyArray(CallTest) }),
  Schema.Struct({
    kind: Schema.Literal("check"),
    source: Schema.NonEmptyString,
    entry: Schema.NonEmptyString
  }),
  Schema.Struct({
    kind: Schema.Literal("asserts"),
    setup: Schema.String,
    asserts: Schema.NonEmptyArray(Schema.NonEmptyString)
  }),
  Schema.Struct({ kind: Schema.Literal("stdio"), cases: Schema.NonEmptyArray(StdioTest) })
])
export type ProgramTests = typeof ProgramTests.Type

/**
 * What only teacher and verifier know of a programming task.
 *
 * - `preamble`: code that stands before the student's (imports and helper functions of the statement);
 *   may be empty.
 * - `solution`: a right program, without the preamble.
 */
export const ProgramKnowledge = Schema.Struct({
  kind: Schema.Literal("program"),
  language: ProgramLanguage,
  preamble: Schema.String,
  tests: ProgramTests,
  solution: Schema.optionalKey(Schema.String)
})
export type ProgramKnowledge = typeof ProgramKnowledge.Type
