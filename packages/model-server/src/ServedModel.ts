/** What a server says with a model's weights: its name, its tokenizer, its chat template. */
import { basename } from "node:path"

import {
  type ChatTemplate,
  type GenerationDefaults,
  knowsSystem,
  makeChatTokenizer,
  readChatFiles,
  readGenerationDefaults,
  readTokenizer,
  type Tokenizer
} from "@sml/language-model"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

/**
 * - `name`: what clients call the model.
 * - `template`: how conversations become text; a sentence where the checkpoint has none.
 * - `knowsSystem`: whether the template tells system messages from an assistant's.
 * - `stop`: ids that end a completion.
 * - `defaults`: how to sample where a request does not say.
 */
export interface ServedModel {
  readonly name: string
  readonly tokenizer: Tokenizer
  readonly template: Result.Result<ChatTemplate, string>
  readonly knowsSystem: boolean
  readonly stop: ReadonlyArray<number>
  readonly defaults: GenerationDefaults
}

/**
 * Reads what a server needs of a checkpoint besides its weights. A checkpoint without a chat template is
 * served for completions only.
 */
export const readServedModel = Effect.fn("ServedModel.read")(function* (
  checkpoint: string,
  name: string = basename(checkpoint.replace(/[/\\]+$/, "")).replace(/\.gguf$/i, "")
) {
  const defaults = yield* readGenerationDefaults(checkpoint)
  const chat = yield* Effect.result(readChatFiles(checkpoint))
  if (Result.isFailure(chat)) {
    return {
      name,
      tokenizer: yield* readTokenizer(checkpoint),
      template: Result.fail(chat.failure.message),
      knowsSystem: false,
      stop: defaults.endTokenIds,
      defaults
    } satisfies ServedModel
  }
  const { endTokens, template, tokenizer } = chat.success
  // the template's own end of a turn; a template whose conversations cannot be appended to has none
  // that is known, and ends with the checkpoint's end tokens
  const appendable = makeChatTokenizer(tokenizer, template, endTokens)
  return {
    name,
    tokenizer,
    template: Result.succeed(template),
    knowsSystem: knowsSystem(template),
    stop: Result.isSuccess(appendable) ? appendable.success.stop : endTokens,
    defaults
  } satisfies ServedModel
})
