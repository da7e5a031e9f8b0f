/** Conversation → text, by a model's own Jinja template. */
import { Template } from "@huggingface/jinja"
import * as Result from "effect/Result"

import { ChatTemplateError } from "./TokenizerError.ts"

/**
 * One message; the teacher of a dialogue is the user, the student the assistant. Not every template
 * knows system messages.
 */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant"
  readonly content: string
}

/**
 * `render(messages, true)` ends with what a model reads just before it speaks (the *generation
 * prompt*).
 */
export interface ChatTemplate {
  readonly name: string
  readonly render: (
    messages: ReadonlyArray<ChatMessage>,
    addGenerationPrompt: boolean
  ) => Result.Result<string, ChatTemplateError>
}

/** Where a template comes from, and the tokens that it may name. */
export interface ChatTemplateSource {
  /** Used in errors; usually the file. */
  readonly name: string
  readonly source: string
  readonly bosToken?: string | undefined
  readonly eosToken?: string | undefined
}

const because = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))

/**
 * Compiles a Jinja chat template.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { compileChatTemplate } from "@sml/language-model"
 * import { Result } from "effect"
 *
 * const template = Result.getOrThrow(
 *   compileChatTemplate({
 *     name: "example",
 *     source: "{% for message in messages %}[{{ message.role }}] {{ message.content }} {% endfor %}"
 *   })
 * )
 * const text = Result.getOrThrow(template.render([{ role: "user", content: "hi" }], false))
 * assert.equal(text, "[user] hi ")
 * ```
 */
export const compileChatTemplate = ({
  bosToken = "",
  eosToken = "",
  name,
  source
}: ChatTemplateSource): Result.Result<ChatTemplate, ChatTemplateError> =>
  Result.map(
    Result.try({
      try: () => new Template(source),
      catch: (cause) =>
        new ChatTemplateError({
          template: name,
          reason: `The chat template ${name} does not compile: ${because(cause)}; correct it or choose another checkpoint.`
        })
    }),
    (compiled) => ({
      name,
      render: (messages, addGenerationPrompt) =>
        Result.try({
          try: () =>
            compiled.render({
              messages,
              add_generation_prompt: addGenerationPrompt,
              // what transformers passes when there are none
              tools: null,
              documents: null,
              bos_token: bosToken,
              eos_token: eosToken
            }),
          catch: (cause) =>
            new ChatTemplateError({
              template: name,
              reason: `The chat template ${name} refuses a conversation of ${messages.length} messages: ${because(cause)}; choose a template that takes user and assistant messages in turn.`
            })
        })
    })
  )
