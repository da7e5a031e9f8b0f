/** One verifier for tasks of all kinds. */
import type { Task, Verdict } from "@sml/env-pomdp"
import { Verifier, VerifierError } from "@sml/env-pomdp"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import * as CodeVerifier from "./code/CodeVerifier.ts"
import type { SandboxError } from "./code/JavaScriptSandbox.ts"
import type { JavaScriptSandbox } from "./code/JavaScriptSandbox.ts"
import type { PythonSandbox } from "./code/PythonSandbox.ts"
import type { AnswerCheckerError, AnswerCheckerOptions } from "./math/AnswerChecker.ts"
import { AnswerChecker } from "./math/AnswerChecker.ts"
import * as MathVerifier from "./math/MathVerifier.ts"
import * as NanoCodeVerifier from "./nano/NanoCodeVerifier.ts"
import * as NanoMathVerifier from "./nano/NanoMathVerifier.ts"
import { decodeKnowledgeAs } from "./TaskKnowledge.ts"

/** Judges one text for one task. */
export type TaskCheck = (task: Task, text: string) => Effect.Effect<Verdict, VerifierError>

/**
 * - `math`: how answers are compared, and for how long.
 * - `code`: limits of the sandboxes.
 * - `checks`: checks of further kinds of knowledge, by the kind.
 */
export interface DomainVerifierOptions extends CodeVerifier.CodeVerifierOptions {
  readonly math?: AnswerCheckerOptions
  readonly checks?: Readonly<Record<string, TaskCheck>>
}

const Kind = Schema.Struct({ kind: Schema.String })

/**
 * Chooses the verifier by the `kind` of a task's knowledge: `math-answer` (`MathVerifier`, in a thread of
 * its own), `program` (`CodeVerifier`), the embedded student's `math` and `code` (`NanoMathVerifier`,
 * `NanoCodeVerifier`), and what `checks` has. A task of another kind is a `VerifierError` that names the
 * known ones. Threads and processes start when they are needed. Fails on options out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { isCorrect, type Task, Verifier } from "@sml/env-pomdp"
 * import { DomainVerifier } from "@sml/teacher-verifiers"
 * import { Effect } from "effect"
 *
 * const half: Task = {
 *   id: "half",
 *   domain: "math",
 *   prompt: "What is 1/2 + 1/4?",
 *   knowledge: { kind: "math-answer", answer: "\\frac{3}{4}" },
 *   missing: []
 * }
 * const program = Effect.gen(function* () {
 *   const verifier = yield* Verifier
 *   return yield* verifier.check(half, "It is \\boxed{0.75}.")
 * })
 * const verdict = await Effect.runPromise(Effect.provide(program, DomainVerifier.layer()))
 * assert.equal(isCorrect(verdict), true)
 * ```
 */
export const layer = (
  options: DomainVerifierOptions = {}
): Layer.Layer<Verifier, SandboxError | AnswerCheckerError> =>
  Layer.effect(
    Verifier,
    Effect.gen(function* () {
      const sandboxes = yield* Effect.context<JavaScriptSandbox | PythonSandbox>()
      const math = Context.get(yield* Layer.build(MathVerifier.layerWorker), Verifier)
      const checks = new Map<string, TaskCheck>(
        Object.entries({
          "math-answer": math.check,
          program: (task, text) => Effect.provideContext(CodeVerifier.check(task, text), sandboxes),
          math: NanoMathVerifier.check,
          code: (task, text) =>
            Effect.provideContext(NanoCodeVerifier.check(task, text), sandboxes),
          ...options.checks
        })
      )
      return Verifier.of({
        check: Effect.fn("DomainVerifier.check")(function* (task: Task, text: string) {
          const knowledge = decodeKnowledgeAs(Kind, task)
          if (Result.isFailure(knowledge)) {
            return yield* new VerifierError({ reason: knowledge.failure.message })
          }
          const { kind } = knowledge.success
          const check = checks.get(kind)
          if (check !== undefined) return yield* check(task, text)
          return yield* new VerifierError({
            reason: `There is no verifier for knowledge of the kind "${kind}" of task ${task.id}; known kinds: ${[...checks.keys()].join(", ")}`
          })
        })
      })
    })
  ).pipe(
    Layer.provide(
      Layer.mergeAll(
        AnswerChecker.layer({ side: true, ...options.math }),
        CodeVerifier.sandboxes(options)
      )
    )
  )
