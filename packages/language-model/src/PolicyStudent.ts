/** The student of a dialogue, made of a policy. */
import type { Observation, SpeakContext, Utterance } from "@sml/env-pomdp"
import { ContextOverflow, Student, StudentError } from "@sml/env-pomdp"
import { Sampler } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import { ChatTokenizer } from "./ChatTokenizer.ts"
import { dialogueStream } from "./DialogueStream.ts"

/** How the student speaks. */
export interface PolicyStudentOptions {
  /** 0 is greedy; default 1. */
  readonly temperature?: number
  /** Longest utterance in tokens, the end of the turn included. */
  readonly maxTokens: number
}

const failed = (error: { readonly message: string }) => new StudentError({ reason: error.message })

/**
 * A student that speaks by sampling. Utterances carry the trace of their ids; an utterance whose
 * dialogue would outgrow the sampler's context is a `ContextOverflow`.
 *
 * @example
 * ```ts no-run
 * import { ChatTokenizer, PolicyStudent } from "@sml/language-model"
 * import { OnnxPolicy } from "@sml/policy-onnx"
 * import { Layer } from "effect"
 *
 * const checkpoint = "models/my-student"
 * const student = PolicyStudent.layer({ maxTokens: 12 }).pipe(
 *   Layer.provide([OnnxPolicy.layer({ checkpoint }), ChatTokenizer.layer(checkpoint)])
 * )
 * ```
 */
export const layer = ({
  maxTokens,
  temperature = 1
}: PolicyStudentOptions): Layer.Layer<Student, never, Sampler | ChatTokenizer> =>
  Layer.effect(
    Student,
    Effect.gen(function* () {
      const sampler = yield* Sampler
      const chat = yield* ChatTokenizer
      const { vocabularySize } = chat.tokenizer
      const speak = Effect.fn("PolicyStudent.speak")(function* (
        { history }: Observation,
        { episode, seed }: SpeakContext
      ) {
        if (vocabularySize > sampler.vocabularySize) {
          return yield* new StudentError({
            reason: `The tokenizer has ${vocabularySize} tokens, the model ${sampler.vocabularySize}; use the tokenizer that belongs to the checkpoint.`
          })
        }
        const { context, tokens } = yield* Effect.mapError(
          Effect.fromResult(dialogueStream(chat, history)),
          failed
        )
        if (tokens.length + maxTokens > sampler.contextLength) {
          return yield* new ContextOverflow({
            reason: `The dialogue ${episode} has ${tokens.length} tokens; with an utterance of up to ${maxTokens} it outgrows the context of ${sampler.contextLength}.`
          })
        }
        const { ids, logprobs } = yield* Effect.mapError(
          sampler.generate({
            tokens: Int32Array.from(tokens),
            maxTokens,
            temperature,
            stop: chat.stop,
            seed,
            cacheKey: episode
          }),
          failed
        )
        const sampled = Array.from(ids)
        const utterance: Utterance = {
          text: chat.decode(sampled),
          trace: { context, ids: sampled, logprobs: Array.from(logprobs) }
        }
        return utterance
      })
      return Student.of({ speak })
    })
  )
