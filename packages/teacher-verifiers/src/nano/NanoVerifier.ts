/** One verifier for tasks of several domains. */
import type { Task, Verdict } from "@sml/env-pomdp"
import { Verifier, VerifierError } from "@sml/env-pomdp"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import type { SandboxError, SandboxLimits } from "../code/JavaScriptSandbox.ts"
import { JavaScriptSandbox } from "../code/JavaScriptSandbox.ts"
import * as NanoCodeVerifier from "./NanoCodeVerifier.ts"
import * as NanoMathVerifier from "./NanoMathVerifier.ts"

/** Judges one text for one task. */
export type Check = (task: Task, text: string) => Effect.Effect<Verdict, VerifierError>

/**
 * Chooses the check by the task's domain; a task of another domain is a `VerifierError` that names the
 * known ones.
 */
export const dispatch =
  (checks: Readonly<Record<string, Check>>): Check =>
  (task, text) => {
    const check = Object.hasOwn(checks, task.domain) ? checks[task.domain] : undefined
    return check === undefined
      ? Effect.fail(
          new VerifierError({
            reason: `There is no verifier for the domain "${task.domain}" of task ${task.id}; known domains: ${Object.keys(checks).join(", ")}`
          })
        )
      : check(task, text)
  }

/**
 * The verifier of the domains `math` and `code`. Fails on limits out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { isCorrect, type Task, Verifier } from "@sml/env-pomdp"
 * import { NanoVerifier } from "@sml/teacher-verifiers/nano"
 * import { Effect } from "effect"
 *
 * const task: Task = {
 *   id: "t",
 *   domain: "math",
 *   prompt: "a = 4 0 . b = 6 * 2 - 5 . c = a - b . find c .",
 *   knowledge: { answer: 33 },
 *   missing: []
 * }
 * const program = Effect.gen(function* () {
 *   const verifier = yield* Verifier
 *   return yield* verifier.check(task, "answer: 3 3")
 * })
 * const verdict = await Effect.runPromise(Effect.provide(program, NanoVerifier.layer()))
 * assert.equal(isCorrect(verdict), true)
 * ```
 */
export const layer = (limits: SandboxLimits = {}): Layer.Layer<Verifier, SandboxError> =>
  Layer.effect(
    Verifier,
    Effect.gen(function* () {
      const sandbox = yield* JavaScriptSandbox
      const check = dispatch({
        math: NanoMathVerifier.check,
        code: (task, text) =>
          Effect.provideService(NanoCodeVerifier.check(task, text), JavaScriptSandbox, sandbox)
      })
      return Verifier.of({ check })
    })
  ).pipe(Layer.provide(JavaScriptSandbox.layer(limits)))
