/** Runs a program in the sandbox of its language. */
import * as Effect from "effect/Effect"

import type { SandboxError } from "./JavaScriptSandbox.ts"
import { JavaScriptSandbox } from "./JavaScriptSandbox.ts"
import type { ProgramDiagnostics } from "./ProgramDiagnostics.ts"
import type { ProgramLanguage, ProgramTests } from "./ProgramTests.ts"
import { PythonSandbox } from "./PythonSandbox.ts"

/**
 * - `code`: the program, without fences; see `extractCode`.
 * - `preamble`: code before it, whose lines are not counted; default none.
 * - `seed`: decides the order of the tests; default 0.
 */
export interface VerifyProgramOptions {
  readonly language: ProgramLanguage
  readonly code: string
  readonly tests: ProgramTests
  readonly preamble?: string
  readonly seed?: number
}

/**
 * What became of every test. Whatever the program does is a verdict; fails with a `SandboxError` when the
 * sandbox of the language can not run, or the tests can not.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { JavaScriptSandbox, PythonSandbox, verifyProgram } from "@sml/teacher-verifiers"
 * import { Effect, Layer } from "effect"
 *
 * const program = verifyProgram({
 *   language: "javascript",
 *   code: "function add(a, b) { return a + b }",
 *   tests: { kind: "calls", calls: [{ fn: "add", args: [1, 2], expected: 3 }] }
 * })
 * const sandboxes = Layer.mergeAll(JavaScriptSandbox.layer(), PythonSandbox.layer())
 * const { verdict } = await Effect.runPromise(Effect.provide(program, sandboxes))
 * assert.equal(verdict, "pass")
 * ```
 */
export const verifyProgram = Effect.fn("verifyProgram")(function* ({
  code,
  language,
  preamble = "",
  seed = 0,
  tests
}: VerifyProgramOptions): Effect.fn.Return<
  ProgramDiagnostics,
  SandboxError,
  JavaScriptSandbox | PythonSandbox
> {
  if (language === "python") {
    const sandbox = yield* PythonSandbox
    return yield* sandbox.verify({ code, language, preamble, tests, seed })
  }
  const sandbox = yield* JavaScriptSandbox
  return yield* sandbox.verify({ code, language, preamble, tests, seed })
})
