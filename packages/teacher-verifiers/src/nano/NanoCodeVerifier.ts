/**
 * Judges programs by running them, on inputs that the student never sees. The sandbox gives values; the
 * comparison happens outside it, and the expected values never go in.
 *
 * Two values are equal when they have the same type and the same value: `10` is not `"10"` nor `10n`;
 * NaN equals NaN, and 0 equals -0.
 */
import type { NoAttempt, Task, Verdict } from "@sml/env-pomdp"
import { Verifier, VerifierError } from "@sml/env-pomdp"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

import type { SandboxError, SandboxLimits } from "../code/JavaScriptSandbox.ts"
import { JavaScriptSandbox } from "../code/JavaScriptSandbox.ts"
import type { ProgramValue } from "../code/ProgramValue.ts"
import { decodeKnowledgeAs } from "../TaskKnowledge.ts"
import { extractProgram } from "./extractProgram.ts"
import { judgedInputs, parseLinearProgram } from "./LinearProgram.ts"
import type { CodeDiagnostics, ProgramResult } from "./NanoDiagnostics.ts"

/** The part of a code task's knowledge that this verifier reads. */
export const Knowledge = Schema.Struct({
  reference: Schema.NonEmptyString,
  hiddenInputs: Schema.NonEmptyArray(Schema.Int),
  entry: Schema.NonEmptyString
})

const noAttempt: NoAttempt = {
  _tag: "NoAttempt",
  reason: "no fenced block and no line that begins with an arrow function"
}

const fail = (error: { readonly message: string }) => new VerifierError({ reason: error.message })

/** The values of the reference program, which a task must have for every input. */
const runReference = Effect.fnUntraced(function* (
  task: Task,
  program: {
    readonly source: string
    readonly entry: string
    readonly inputs: ReadonlyArray<number>
  }
) {
  const sandbox = yield* JavaScriptSandbox
  const outcomes = yield* Effect.mapError(sandbox.run(program), fail)
  const values: Array<ProgramValue> = []
  for (const outcome of outcomes) {
    if (outcome._tag === "Failure") {
      return yield* new VerifierError({
        reason: `The reference program of task ${task.id} does not run: ${outcome.message}`
      })
    }
    values.push(outcome.value)
  }
  return values
})

const sameValue = (left: ProgramValue, right: ProgramValue): boolean =>
  left.type === right.type && left.text === right.text

/**
 * The verdict on a text: extracts the program, runs it on the hidden inputs and on 0..6 (for hints) and
 * compares with the reference program's values. Correct means: right on every hidden input. Diagnostics
 * are `CodeDiagnostics`; whatever a program does is a verdict. Fails when the task's own knowledge or
 * reference program can not be used, or the sandbox does not start.
 */
export const check = Effect.fn("NanoCodeVerifier.check")(function* (
  task: Task,
  text: string
): Effect.fn.Return<Verdict, VerifierError, JavaScriptSandbox> {
  const { entry, hiddenInputs, reference } = yield* Effect.mapError(
    Effect.fromResult(decodeKnowledgeAs(Knowledge, task)),
    fail
  )
  const source = extractProgram(text)
  if (source === undefined) return noAttempt
  const inputs = judgedInputs(hiddenInputs)
  const expectedValues = yield* runReference(task, { source: reference, entry, inputs })
  const sandbox = yield* JavaScriptSandbox
  const outcomes = yield* Effect.mapError(sandbox.run({ source, entry, inputs }), fail)

  const results: Array<ProgramResult> = []
  for (const [index, input] of inputs.entries()) {
    const expected = expectedValues[index]
    const outcome = outcomes[index]
    if (expected === undefined || outcome === undefined) {
      return yield* new VerifierError({
        reason: `The sandbox gave ${outcomes.length} outcomes for ${inputs.length} inputs of task ${task.id}`
      })
    }
    results.push(
      outcome._tag === "Value"
        ? {
            input,
            category: sameValue(outcome.value, expected) ? "pass" : "fail",
            expected,
            got: outcome.value,
            message: null
          }
        : { input, category: outcome.category, expected, got: null, message: outcome.message }
    )
  }
  const category =
    results.find((result) => hiddenInputs.includes(result.input) && result.category !== "pass")
      ?.category ?? "pass"
  const diagnostics: CodeDiagnostics = {
    kind: "code",
    category,
    linear: parseLinearProgram(source) ?? null,
    results
  }
  return { _tag: "Attempt", correct: category === "pass", diagnostics }
})

/**
 * The code verifier as a service, with a sandbox of its own. Fails on limits out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { isCorrect, type Task, Verifier } from "@sml/env-pomdp"
 * import { NanoCodeVerifier } from "@sml/teacher-verifiers/nano"
 * import { Effect } from "effect"
 *
 * const task: Task = {
 *   id: "t",
 *   domain: "code",
 *   prompt: "write f ( x ) = x * k + m . f ( 1 ) = 1 0 . f ( 3 ) = 2 8 .",
 *   knowledge: { reference: "x => x * 9 + 1", hiddenInputs: [0, 1, 2, 3, 5, 8, 11], entry: "f" },
 *   missing: []
 * }
 * const program = Effect.gen(function* () {
 *   const verifier = yield* Verifier
 *   return yield* verifier.check(task, "x => 1 + 9 * x")
 * })
 * const verdict = await Effect.runPromise(Effect.provide(program, NanoCodeVerifier.layer()))
 * assert.equal(isCorrect(verdict), true)
 * ```
 */
export const layer = (limits: SandboxLimits = {}): Layer.Layer<Verifier, SandboxError> =>
  Layer.effect(
    Verifier,
    Effect.gen(function* () {
      const sandbox = yield* JavaScriptSandbox
      return Verifier.of({
        check: (task, text) => Effect.provideService(check(task, text), JavaScriptSandbox, sandbox)
      })
    })
  ).pipe(Layer.provide(JavaScriptSandbox.layer(limits)))
