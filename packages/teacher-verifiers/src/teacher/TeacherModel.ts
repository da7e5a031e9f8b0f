/** The language model that speaks for a teacher, whatever serves it. */
import { TeacherError } from "@sml/env-pomdp"
import type { LanguageModel as EffectLanguageModel } from "effect/ai/LanguageModel"
import { LanguageModel } from "effect/ai/LanguageModel"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

/** One message of a prompt. */
export interface TeacherMessage {
  readonly role: "system" | "user" | "assistant"
  readonly content: string
}

/** The model can not be reached, or refuses. `isRetryable`: whether asking again can help. */
export class TeacherUnavailable extends Schema.TaggedError<TeacherUnavailable>()(
  "TeacherUnavailable",
  { reason: Schema.String, isRetryable: Schema.Boolean }
) {
  override get message(): string {
    return this.reason
  }
}

/** The model did not answer within the deadline. */
export class TeacherTimeout extends Schema.TaggedError<TeacherTimeout>()("TeacherTimeout", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

/** What the model said can not be said to a student: it is empty, or nothing but thoughts. */
export class TeacherMalformed extends Schema.TaggedError<TeacherMalformed>()("TeacherMalformed", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

/** Any of the three. */
export type TeacherFailure = TeacherUnavailable | TeacherTimeout | TeacherMalformed

const kinds = {
  TeacherUnavailable: "unavailable",
  TeacherTimeout: "timeout",
  TeacherMalformed: "malformed"
} as const

/** The failure as the dialogue records it. */
export const toTeacherError = (failure: TeacherFailure): TeacherError =>
  new TeacherError({ kind: kinds[failure._tag], reason: failure.message })

/** The function that a {@link TeacherModel} is made of. `seed`: an unsigned 32-bit integer. */
export interface TeacherModelShape {
  readonly complete: (
    messages: ReadonlyArray<TeacherMessage>,
    seed: number
  ) => Effect.Effect<string, TeacherUnavailable | TeacherMalformed>
}

/**
 * A language model as a teacher needs it: messages in, text out. Whoever has an engine of another kind
 * makes one with {@link TeacherModel.fromCompletion}.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { TeacherModel } from "@sml/teacher-verifiers/teacher"
 * import { Effect } from "effect"
 *
 * const model = TeacherModel.fromCompletion((messages) =>
 *   Effect.succeed(`I read ${messages.length} messages.`)
 * )
 * const text = Effect.runSync(model.complete([{ role: "user", content: "hi" }], 0))
 * assert.equal(text, "I read 1 messages.")
 * ```
 */
export class TeacherModel extends Context.Service<TeacherModel, TeacherModelShape>()(
  "@sml/teacher-verifiers/TeacherModel"
) {
  /** A function that completes messages; its errors count as an engine that fails for good. */
  static readonly fromCompletion = <E extends { readonly message: string }>(
    complete: (messages: ReadonlyArray<TeacherMessage>, seed: number) => Effect.Effect<string, E>
  ): TeacherModelShape => ({
    complete: (messages, seed) =>
      Effect.mapError(
        complete(messages, seed),
        ({ message }) => new TeacherUnavailable({ reason: message, isRetryable: false })
      )
  })

  /**
   * The same as a layer, from an effect that makes the function: `policyCompletion` of
   * `@sml/language-model` is one, which makes the student its own teacher.
   */
  static readonly layerCompletion = <E extends { readonly message: string }, E2, R>(
    make: Effect.Effect<
      (messages: ReadonlyArray<TeacherMessage>, seed: number) => Effect.Effect<string, E>,
      E2,
      R
    >
  ): Layer.Layer<TeacherModel, E2, R> =>
    Layer.effect(
      TeacherModel,
      Effect.map(make, (complete) => TeacherModel.of(TeacherModel.fromCompletion(complete)))
    )

  /** A model of `effect/ai`. It has no seed: the provider's own randomness decides. */
  static readonly fromLanguageModel = (model: EffectLanguageModel): TeacherModelShape => ({
    complete: Effect.fnUntraced(function* (messages) {
      const response = yield* model
        .generateText({
          prompt: messages.map(({ content, role }) =>
            role === "system"
              ? { role, content }
              : { role, content: [{ type: "text" as const, text: content }] }
          )
        })
        .pipe(
          Effect.mapError((error) =>
            error.reason._tag === "InvalidOutputError"
              ? new TeacherMalformed({ reason: error.message })
              : new TeacherUnavailable({
                  reason: `The teacher's language model failed: ${error.message}`,
                  isRetryable: error.isRetryable
                })
          )
        )
      return response.text
    })
  })

  /** The `LanguageModel` of `effect/ai` that stands around. */
  static readonly layerLanguageModel: Layer.Layer<TeacherModel, never, LanguageModel> =
    Layer.effect(
      TeacherModel,
      Effect.map(LanguageModel, (model) => TeacherModel.of(TeacherModel.fromLanguageModel(model)))
    )
}
