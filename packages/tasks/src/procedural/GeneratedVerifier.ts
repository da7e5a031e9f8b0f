/** The verifier port over the generators' own verifiers. */
import type { Task, Verdict } from "@sml/env-pomdp"
import { Verifier, VerifierError } from "@sml/env-pomdp"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import { verifyAnswer } from "./verifyAnswer.ts"

/**
 * The verdict of `verifyAnswer`; a text without an answer is no attempt. Of the form that a verifier
 * of several domains takes for the kind `generated`. Fails with a `VerifierError` for a task of no
 * generator, and for one that asks for a program.
 */
export const checkGenerated = Effect.fn("checkGenerated")(
  (task: Task, text: string): Effect.Effect<Verdict, VerifierError> =>
    Effect.try({
      try: () => {
        const correct = verifyAnswer(task, text)
        return correct === undefined
          ? ({ _tag: "NoAttempt", reason: "There is no line that begins with Answer:" } as const)
          : ({ _tag: "Attempt", correct, diagnostics: null } as const)
      },
      catch: (error) =>
        new VerifierError({ reason: error instanceof Error ? error.message : String(error) })
    })
)

/**
 * A verifier of generated tasks alone, see {@link checkGenerated}.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { Verifier } from "@sml/env-pomdp"
 * import { createTasks, layerGeneratedVerifier } from "@sml/tasks/procedural"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const verifier = yield* Verifier
 *   for (const task of createTasks("shortest-path", { seed: 1 })) {
 *     return yield* verifier.check(task, "What are the lengths?\nI do not know yet.")
 *   }
 * })
 * const verdict = await Effect.runPromise(Effect.provide(program, layerGeneratedVerifier))
 * assert.equal(verdict?._tag, "NoAttempt")
 * ```
 */
export const layerGeneratedVerifier: Layer.Layer<Verifier> = Layer.succeed(Verifier, {
  check: checkGenerated
})
