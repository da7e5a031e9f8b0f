/** Judges tasks whose private knowledge is a `MathKnowledge`: a reference answer of any kind. */
import type { NoAttempt, Task, Verdict } from "@sml/env-pomdp"
import { Verifier, VerifierError } from "@sml/env-pomdp"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"

import { decodeKnowledgeAs } from "../TaskKnowledge.ts"
import { AnswerChecker } from "./AnswerChecker.ts"
import type { AnswerJudgement, JudgeOptions } from "./judgeAnswer.ts"
import { judgeAnswer } from "./judgeAnswer.ts"
import type { MathDiagnostics } from "./MathDiagnostics.ts"
import { MathKnowledge } from "./MathKnowledge.ts"

/** Longer answers are cut in diagnostics. */
const longestAnswer = 500

const noAttempt: NoAttempt = {
  _tag: "NoAttempt",
  reason: 'no answer in \\boxed{…}, behind #### or "the answer is", nor by itself'
}

const verdictOf = (judgement: AnswerJudgement): Verdict => {
  if (judgement._tag === "no-attempt") return noAttempt
  const { answer, comparison, side } = judgement
  const diagnostics: MathDiagnostics = {
    kind: "math-answer",
    answer: answer.length > longestAnswer ? `${answer.slice(0, longestAnswer)}…` : answer,
    comparison: comparison._tag,
    reason: comparison._tag === "undecided" ? comparison.reason : null,
    side
  }
  return { _tag: "Attempt", correct: comparison._tag === "equal", diagnostics }
}

const referenceOf = (task: Task): Result.Result<string, VerifierError> =>
  Result.mapBoth(decodeKnowledgeAs(MathKnowledge, task), {
    onFailure: (error) => new VerifierError({ reason: error.message }),
    onSuccess: (knowledge) => knowledge.answer
  })

/**
 * The verdict on a text, given the reference answer. An undecided comparison is an attempt that is not
 * correct, with the reason in its diagnostics.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { MathVerifier } from "@sml/teacher-verifiers/math"
 *
 * assert.deepEqual(MathVerifier.judge("\\frac{7}{2}", "So the answer is 3.25."), {
 *   _tag: "Attempt",
 *   correct: false,
 *   diagnostics: {
 *     kind: "math-answer",
 *     answer: "3.25",
 *     comparison: "different",
 *     reason: null,
 *     side: "low"
 *   }
 * })
 * assert.equal(MathVerifier.judge("3.5", "Is it a whole number?")._tag, "NoAttempt")
 * ```
 */
export const judge = (reference: string, text: string, options: JudgeOptions = {}): Verdict =>
  verdictOf(judgeAnswer(reference, text, { side: true, ...options }))

/** {@link judge} for a task; fails when the task's knowledge is no `MathKnowledge`. */
export const check = (
  task: Task,
  text: string,
  options: JudgeOptions = {}
): Effect.Effect<Verdict, VerifierError> =>
  Effect.fromResult(Result.map(referenceOf(task), (reference) => judge(reference, text, options)))

/** The verifier of `math-answer` tasks, in the caller's thread: every check ends by its own bounds. */
export const layer = (options: JudgeOptions = {}): Layer.Layer<Verifier> =>
  Layer.succeed(Verifier, Verifier.of({ check: (task, text) => check(task, text, options) }))

/** The same in the worker thread of an `AnswerChecker`, whose options then hold. */
export const layerWorker: Layer.Layer<Verifier, never, AnswerChecker> = Layer.effect(
  Verifier,
  Effect.map(AnswerChecker, (checker) =>
    Verifier.of({
      check: Effect.fn("MathVerifier.check")(function* (task: Task, text: string) {
        const gold = yield* Effect.fromResult(referenceOf(task))
        const [judgement] = yield* Effect.mapError(
          checker.judgeAll([{ gold, text }]),
          (error) => new VerifierError({ reason: error.message })
        )
        return judgement === undefined ? noAttempt : verdictOf(judgement)
      })
    })
  )
)
