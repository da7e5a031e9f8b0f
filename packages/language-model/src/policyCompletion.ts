/** Messages in, text out, spoken by a policy: the same weights that speak as the student. */
import { Sampler } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import type { ChatMessage } from "./ChatTemplate.ts"
import { ChatTokenizer } from "./ChatTokenizer.ts"
import { knowsSystem } from "./knowsSystem.ts"

/** The policy could not complete the messages. `reason` is a whole sentence. */
export class CompletionError extends Schema.TaggedError<CompletionError>()("CompletionError", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

/** One message; `system` is put before the first user message where the template has no such role. */
export interface CompletionMessage {
  readonly role: "system" | "user" | "assistant"
  readonly content: string
}

/** How the policy speaks. */
export interface PolicyCompletionOptions {
  /** Longest text in tokens, the end of the turn included. */
  readonly maxTokens: number
  /** 0 is greedy; default 0.7. */
  readonly temperature?: number
  /** Default 1: all tokens. */
  readonly topP?: number
}

/**
 * Completes messages; `seed` is an unsigned 32-bit integer. Calls with the same `dialogue` are taken to
 * extend one another: what of a prompt has been read in an earlier one is not computed again. The text does
 * not depend on it.
 */
export type PolicyCompletion = (
  messages: ReadonlyArray<CompletionMessage>,
  seed: number,
  dialogue?: string
) => Effect.Effect<string, CompletionError>

/** The messages that any template takes: the system's words stand before the user's first ones. */
const withoutSystem = (messages: ReadonlyArray<CompletionMessage>): ReadonlyArray<ChatMessage> => {
  const rules: Array<string> = []
  const out: Array<ChatMessage> = []
  for (const { content, role } of messages) {
    if (role === "system") rules.push(content)
    else out.push({ role, content: [...rules.splice(0), content].join("\n\n") })
  }
  return rules.length === 0 ? out : [...out, { role: "user", content: rules.join("\n\n") }]
}

const failed = (error: { readonly message: string }) =>
  new CompletionError({ reason: error.message })

/**
 * A function that completes messages with whatever `Sampler` and `ChatTokenizer` are at hand. Nothing
 * that is said is remembered: every call has the whole conversation. Fails when the messages outgrow the context.
 *
 * The teacher that is the student itself with privileged information (arXiv:2602.16488) is made of it:
 *
 * @example
 * ```ts no-run
 * import { ChatTokenizer, policyCompletion } from "@sml/language-model"
 * import { OnnxPolicy } from "@sml/policy-onnx"
 * import { LanguageModelTeacher, TeacherModel } from "@sml/teacher-verifiers/teacher"
 * import { Layer } from "effect"
 *
 * const checkpoint = "models/my-student"
 * const teacher = LanguageModelTeacher.layer().pipe(
 *   Layer.provide(TeacherModel.layerCompletion(policyCompletion({ maxTokens: 200 }))),
 *   Layer.provide([OnnxPolicy.layer({ checkpoint }), ChatTokenizer.layer(checkpoint)])
 * )
 * ```
 */
export const policyCompletion = Effect.fn("language-model.policyCompletion")(function* ({
  maxTokens,
  temperature = 0.7,
  topP = 1
}: PolicyCompletionOptions) {
  const sampler = yield* Sampler
  const chat = yield* ChatTokenizer
  const isSystemKnown = knowsSystem(chat.template)
  const complete: PolicyCompletion = Effect.fnUntraced(function* (messages, seed, dialogue) {
    // elsewhere than first, templates leave it out or refuse it
    const isSystemFirst = !messages.slice(1).some(({ role }) => role === "system")
    const isReadable = isSystemKnown && isSystemFirst && messages.length > 1
    const text = yield* Effect.mapError(
      Effect.fromResult(
        chat.template.render(isReadable ? messages : withoutSystem(messages), true)
      ),
      failed
    )
    const tokens = Int32Array.from(chat.tokenizer.encode(text))
    if (tokens.length + maxTokens > sampler.contextLength) {
      return yield* new CompletionError({
        reason: `The prompt has ${tokens.length} tokens; with an answer of up to ${maxTokens} it outgrows the context of ${sampler.contextLength}. Use a model with a longer one, or shorter dialogues.`
      })
    }
    const { ids } = yield* Effect.mapError(
      sampler.generate({
        tokens,
        maxTokens,
        temperature,
        topP,
        stop: chat.stop,
        seed,
        ...(dialogue !== undefined && { cacheKey: dialogue })
      }),
      failed
    )
    return chat.decode(Array.from(ids))
  })
  return complete
})
