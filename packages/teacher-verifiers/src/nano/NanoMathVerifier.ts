/** Judges math answers exactly: integers and rationals over BigInt, no floating point. */
import type { Attempt, NoAttempt, Task, Verdict } from "@sml/env-pomdp"
import { Verifier, VerifierError } from "@sml/env-pomdp"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import { decodeKnowledgeAs } from "../TaskKnowledge.ts"
import { extractMathAnswer } from "./extractMathAnswer.ts"
import type { MathDiagnostics } from "./NanoDiagnostics.ts"
import type { Rational } from "./Rational.ts"
import { compareRationals, parseRational, showRational } from "./Rational.ts"

/** The part of a math task's knowledge that this verifier reads. */
export const Knowledge = Schema.Struct({
  answer: Schema.Union([Schema.Int, Schema.NonEmptyString])
})

const noAttempt: NoAttempt = {
  _tag: "NoAttempt",
  reason: "no answer behind answer:, #### or \\boxed"
}

const attempt = (diagnostics: MathDiagnostics): Attempt => ({
  _tag: "Attempt",
  correct: diagnostics.comparison === "equal",
  diagnostics
})

const orders = { "-1": "low", "0": "equal", "1": "high" } as const

/**
 * The verdict on a text, given the reference answer. Diagnostics are `MathDiagnostics`. An answer that
 * is not one number is a wrong attempt, with the comparison `unreadable`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { NanoMathVerifier } from "@sml/teacher-verifiers/nano"
 *
 * const verdict = NanoMathVerifier.judge(33, "answer: 3 8")
 * assert.deepEqual(verdict, {
 *   _tag: "Attempt",
 *   correct: false,
 *   diagnostics: { kind: "math", answer: "38", comparison: "high" }
 * })
 * assert.equal(NanoMathVerifier.judge(33, "what is b ?")._tag, "NoAttempt")
 * ```
 */
export const judge = (answer: number | bigint | Rational, text: string): Verdict => {
  const extracted = extractMathAnswer(text)
  if (extracted === undefined) return noAttempt
  const value = parseRational(extracted)
  if (value === undefined) return attempt({ kind: "math", answer: null, comparison: "unreadable" })
  const reference =
    typeof answer === "object" ? answer : { numerator: BigInt(answer), denominator: 1n }
  const comparison = orders[`${compareRationals(value, reference)}`]
  return attempt({ kind: "math", answer: showRational(value), comparison })
}

/** {@link judge} for a task; fails when the task's reference answer cannot be read. */
export const check = (task: Task, text: string): Effect.Effect<Verdict, VerifierError> =>
  Effect.fromResult(
    Result.gen(function* () {
      const { answer } = yield* Result.mapError(
        decodeKnowledgeAs(Knowledge, task),
        (error) => new VerifierError({ reason: error.message })
      )
      const reference = parseRational(String(answer))
      if (reference === undefined) {
        return yield* Result.fail(
          new VerifierError({
            reason: `The reference answer of task ${task.id} is not a number: ${answer}`
          })
        )
      }
      return judge(reference, text)
    })
  )

/** The math verifier as a service, for tasks of every domain whose knowledge has an `answer`. */
export const layer: Layer.Layer<Verifier> = Layer.succeed(Verifier, Verifier.of({ check }))
