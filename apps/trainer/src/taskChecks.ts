/** Verdicts on kinds of tasks that neither the math nor the code verifier judges alone. */
import { VerifierError } from "@sml/env-pomdp"
import { labelStrategy, type ResponseStrategy } from "@sml/eval-harness"
import {
  ClarificationKnowledge,
  isSameText,
  MissingPremiseKnowledge,
  TextAnswerKnowledge,
  verifyAnswer
} from "@sml/tasks"
import {
  decodeKnowledgeAs,
  type DomainVerifier,
  extractAnswer,
  judgeAnswer
} from "@sml/teacher-verifiers"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

const failed = (error: unknown) =>
  new VerifierError({ reason: error instanceof Error ? error.message : String(error) })

/** Generated puzzles, by the verifier of their own generator. */
const generated: DomainVerifier.TaskCheck = (task, text) =>
  Effect.try({
    try: () => {
      const correct = verifyAnswer(task, text)
      return correct === undefined
        ? ({ _tag: "NoAttempt", reason: "no line that begins with Answer:" } as const)
        : ({ _tag: "Attempt", correct, diagnostics: null } as const)
    },
    catch: failed
  })

const noAnswer = { _tag: "NoAttempt", reason: "no answer" } as const

/** A question that cannot be answered as it stands: any answer to it is made up. */
const missingPremise: DomainVerifier.TaskCheck = (task, text) =>
  Effect.fromResult(
    Result.gen(function* () {
      const { answer, answerable } = yield* Result.mapError(
        decodeKnowledgeAs(MissingPremiseKnowledge, task),
        failed
      )
      if (!answerable || answer === null) {
        const found = extractAnswer(text)
        return found === undefined
          ? noAnswer
          : ({ _tag: "Attempt", correct: false, diagnostics: null } as const)
      }
      const judgement = judgeAnswer(answer, text)
      return judgement._tag === "no-attempt"
        ? noAnswer
        : ({
            _tag: "Attempt",
            correct: judgement.comparison._tag === "equal",
            diagnostics: null
          } as const)
    })
  )

const goesAhead: ReadonlySet<ResponseStrategy> = new Set(["answer_attempt", "discussion"])

/** A request without a reference answer: a turn that neither asks nor declines goes ahead with it. */
const clarification: DomainVerifier.TaskCheck = (task, text) =>
  Effect.fromResult(
    Result.gen(function* () {
      const { vague } = yield* Result.mapError(
        decodeKnowledgeAs(ClarificationKnowledge, task),
        failed
      )
      return goesAhead.has(labelStrategy(text))
        ? ({ _tag: "Attempt", correct: !vague, diagnostics: null } as const)
        : noAnswer
    })
  )

/** A name or a few words. */
const textAnswer: DomainVerifier.TaskCheck = (task, text) =>
  Effect.fromResult(
    Result.gen(function* () {
      const { answer } = yield* Result.mapError(
        decodeKnowledgeAs(TextAnswerKnowledge, task),
        failed
      )
      const found = extractAnswer(text, { expect: "text" })
      return found === undefined
        ? noAnswer
        : ({
            _tag: "Attempt",
            correct: isSameText(found.text, answer),
            diagnostics: null
          } as const)
    })
  )

/** By the kind of a task's knowledge; for `DomainVerifier.layer({ checks })`. */
export const taskChecks: Readonly<Record<string, DomainVerifier.TaskCheck>> = {
  clarification,
  generated,
  "missing-premise": missingPremise,
  "text-answer": textAnswer
}
