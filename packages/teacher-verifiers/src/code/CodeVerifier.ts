/** Judges programs by running them; for tasks whose knowledge is a `ProgramKnowledge`. */
import type { NoAttempt, Task, Verdict } from "@sml/env-pomdp"
import { textSeed, Verifier, VerifierError } from "@sml/env-pomdp"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import { decodeKnowledgeAs } from "../TaskKnowledge.ts"
import { extractCode } from "./extractCode.ts"
import type { SandboxError, SandboxLimits } from "./JavaScriptSandbox.ts"
import { JavaScriptSandbox } from "./JavaScriptSandbox.ts"
import { ProgramKnowledge } from "./ProgramTests.ts"
import type { PythonSandboxOptions } from "./PythonSandbox.ts"
import { PythonSandbox } from "./PythonSandbox.ts"
import { verifyProgram } from "./verifyProgram.ts"

const fail = (error: { readonly message: string }) => new VerifierError({ reason: error.message })

/**
 * The verdict on a text: takes the program out of it (`extractCode`) and runs the task's tests, in an order
 * that depends on the task alone. A text without a program is no attempt. Diagnostics are
 * `ProgramDiagnostics`. Fails when the task's knowledge can not be read, or its language or tests can not
 * be run here: Python without bubblewrap is never run some other way.
 */
export const check = Effect.fn("CodeVerifier.check")(function* (
  task: Task,
  text: string
): Effect.fn.Return<Verdict, VerifierError, JavaScriptSandbox | PythonSandbox> {
  const { language, preamble, tests } = yield* Effect.mapError(
    Effect.fromResult(decodeKnowledgeAs(ProgramKnowledge, task)),
    fail
  )
  const code = extractCode(text, language)
  if (code === undefined) {
    const noAttempt: NoAttempt = { _tag: "NoAttempt", reason: `no ${language} program` }
    return noAttempt
  }
  const seed = textSeed(task.id)
  const diagnostics = yield* Effect.mapError(
    verifyProgram({ language, code, preamble, tests, seed }),
    fail
  )
  return { _tag: "Attempt", correct: diagnostics.verdict === "pass", diagnostics }
})

/** Limits of the sandboxes. */
export interface CodeVerifierOptions {
  readonly javascript?: SandboxLimits
  readonly python?: PythonSandboxOptions
}

/** The sandboxes of all languages. Fails on limits out of range. */
export const sandboxes = ({ javascript, python }: CodeVerifierOptions = {}): Layer.Layer<
  JavaScriptSandbox | PythonSandbox,
  SandboxError
> => Layer.mergeAll(JavaScriptSandbox.layer(javascript), PythonSandbox.layer(python))

/**
 * The verifier as a service, with sandboxes of its own. Fails on limits out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { isCorrect, type Task, Verifier } from "@sml/env-pomdp"
 * import { CodeVerifier } from "@sml/teacher-verifiers"
 * import { Effect } from "effect"
 *
 * const task: Task = {
 *   id: "double",
 *   domain: "code",
 *   prompt: "Write a JavaScript function double(x).",
 *   knowledge: {
 *     kind: "program",
 *     language: "javascript",
 *     preamble: "",
 *     tests: { kind: "calls", calls: [{ fn: "double", args: [4], expected: 8 }] }
 *   },
 *   missing: []
 * }
 * const program = Effect.gen(function* () {
 *   const verifier = yield* Verifier
 *   return yield* verifier.check(task, "```js\nconst double = (x) => x * 2\n```")
 * })
 * const verdict = await Effect.runPromise(Effect.provide(program, CodeVerifier.layer()))
 * assert.equal(isCorrect(verdict), true)
 * ```
 */
export const layer = (options: CodeVerifierOptions = {}): Layer.Layer<Verifier, SandboxError> =>
  Layer.effect(
    Verifier,
    Effect.gen(function* () {
      const services = yield* Effect.context<JavaScriptSandbox | PythonSandbox>()
      return Verifier.of({
        check: (task, text) => Effect.provideContext(check(task, text), services)
      })
    })
  ).pipe(Layer.provide(sandboxes(options)))
