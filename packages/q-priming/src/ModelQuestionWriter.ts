/**
 * The question writer of the paper (arXiv:2602.16488): the student model itself, shown its attempt and
 * the teacher's private knowledge.
 */
import type { DialogueState, Utterance } from "@sml/env-pomdp"
import { mixSeed, turnsTaken } from "@sml/env-pomdp"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import { questionPrompt, type WriterMessage } from "./questionPrompt.ts"
import { QuestionWriter, QuestionWriterError } from "./QuestionWriter.ts"
import { tellsPrivate } from "./tellsPrivate.ts"

/** Completes messages; `policyCompletion` of `@sml/language-model` makes one of the student's weights. */
export type CompleteQuestion = (
  messages: ReadonlyArray<WriterMessage>,
  seed: number
) => Effect.Effect<string, { readonly message: string }>

/** How the model is asked. */
export interface ModelQuestionWriterOptions {
  /** The messages for a draft; default {@link questionPrompt}. */
  readonly prompt?: (
    state: DialogueState,
    utterance: Utterance,
    isRefused: boolean
  ) => ReadonlyArray<WriterMessage>
  /** Drafts at most, each with a seed of its own; default 3. */
  readonly drafts?: number
  /** Whether a draft tells something private, so that another one is asked for; default `tellsPrivate`. */
  readonly isLeak?: (state: DialogueState, question: string) => boolean
}

/** Keeps the seeds of drafts apart from the other uses of a dialogue's seed. */
const draftStream = 0x9e57

/**
 * The first question of what a model wrote: without thoughts, without what stands before and after it;
 * `undefined` where it asks nothing.
 */
export const readQuestion = (raw: string): string | undefined => {
  const spoken = raw.replaceAll(/<think(?:ing)?>[^]*?(?:<\/think(?:ing)?>|$)/gi, "")
  // some servers leave out the opening mark
  const words = spoken.split(/<\/think(?:ing)?>/i).at(-1) ?? ""
  return words
    .match(/(?:[^.!?\n]|[.!](?!\s|$))+\?/)?.[0]
    .replace(/^[\s"'*>|-]*(?:(?:my )?question\s*:)?[\s"'*]*/i, "")
    .trim()
}

/**
 * A writer of a model. Asks until a draft is a question that tells nothing private; when none is, the
 * last one is given back, and `questionInjection` refuses and counts it.
 */
export const make = (
  complete: CompleteQuestion,
  { drafts = 3, isLeak = tellsPrivate, prompt = questionPrompt }: ModelQuestionWriterOptions = {}
): QuestionWriter["Service"] => ({
  write: Effect.fn("ModelQuestionWriter.write")(function* (
    state: DialogueState,
    utterance: Utterance
  ) {
    let last = ""
    for (let draft = 0; draft < drafts; draft++) {
      const seed = mixSeed(state.seed, turnsTaken(state), draft, draftStream)
      const raw = yield* Effect.mapError(
        complete(prompt(state, utterance, draft > 0), seed),
        ({ message }) => new QuestionWriterError({ reason: message })
      )
      const question = readQuestion(raw)
      last = question ?? ""
      if (question !== undefined && !isLeak(state, question)) return question
    }
    return last
  })
})

/**
 * The writer as a layer, from an effect that makes the function that completes messages.
 *
 * @example
 * ```ts no-run
 * import { ChatTokenizer, policyCompletion } from "@sml/language-model"
 * import { OnnxPolicy } from "@sml/policy-onnx"
 * import { ModelQuestionWriter } from "@sml/q-priming"
 * import { Layer } from "effect"
 *
 * const checkpoint = "models/my-student"
 * // the same weights that speak as the student
 * const writer = ModelQuestionWriter.layer(policyCompletion({ maxTokens: 60 })).pipe(
 *   Layer.provide([OnnxPolicy.layer({ checkpoint }), ChatTokenizer.layer(checkpoint)])
 * )
 * ```
 */
export const layer = <E, R>(
  complete: Effect.Effect<CompleteQuestion, E, R>,
  options: ModelQuestionWriterOptions = {}
): Layer.Layer<QuestionWriter, E, R> =>
  Layer.effect(
    QuestionWriter,
    Effect.map(complete, (function_) => QuestionWriter.of(make(function_, options)))
  )
