/** From a written chat to the tokens that are learnt. */
import type { StreamPiece } from "@sml/policy"
import { streamDatum } from "@sml/policy"
import * as Result from "effect/Result"

import type { Chat, ChatPlace, WrittenMessage } from "./Chat.ts"
import { ChatError, chatGroup } from "./Chat.ts"
import type { FineTuneExample } from "./FineTuneExample.ts"

/**
 * What is needed of a model's tokenizer and chat template; the `ChatTokenizer` and the `ChatFiles` of
 * `@sml/language-model` are such.
 *
 * - `template.render(messages, true)` ends with what the model reads just before it speaks.
 * - `tokenizer.addedTokens`: tokens that are always whole, such as the one that ends a turn.
 */
export interface ChatRenderer {
  readonly template: {
    readonly render: (
      messages: ReadonlyArray<WrittenMessage>,
      addGenerationPrompt: boolean
    ) => Result.Result<string, { readonly message: string }>
  }
  readonly tokenizer: {
    readonly encode: (text: string) => ReadonlyArray<number>
    readonly addedTokens: ReadonlySet<number>
  }
}

/** The length of what two lists begin with. */
const commonLength = (left: ReadonlyArray<number>, right: ReadonlyArray<number>): number => {
  const length = Math.min(left.length, right.length)
  for (let index = 0; index < length; index++) if (left[index] !== right[index]) return index
  return length
}

/** Where one of the assistant's messages stands in the rendered text, in characters. */
interface Span {
  readonly from: number
  readonly to: number
}

/**
 * The assistant's messages within the rendering of the whole chat: each from where the model begins to
 * speak to the end of its words.
 */
const assistantSpans = (
  { template }: ChatRenderer,
  messages: ReadonlyArray<WrittenMessage>,
  whole: string
): Result.Result<ReadonlyArray<Span>, string> =>
  Result.gen(function* () {
    const spans: Array<Span> = []
    for (const [index, { content, role }] of messages.entries()) {
      if (role !== "assistant") continue
      const before = yield* Result.mapError(
        template.render(messages.slice(0, index), true),
        ({ message }) => message.replace(/\.$/, "")
      )
      const words = content.trim()
      const at = whole.startsWith(before) ? whole.indexOf(words, before.length) : -1
      if (at < 0) {
        return yield* Result.fail(
          `the chat template renders message ${index + 1}, of the assistant, in another way when the chat goes on; split the chat so that this message is its last one`
        )
      }
      spans.push({ from: before.length, to: at + words.length })
    }
    return spans
  })

/**
 * The tokens of a chat as the model's own template writes it, with weight 1 on what the assistant says,
 * the token that ends its turn included, and 0 on everything else. What follows the assistant's last
 * message is left out. Goes through the same `streamDatum` as recorded dialogues.
 *
 * The whole text is tokenised at once; a token that reaches across the beginning of a message counts
 * as the assistant's.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { chatExample, type ChatRenderer } from "@sml/offline-sft"
 * import { Result } from "effect"
 *
 * const words = ["<user>", "<model>", "<end>", "2", "+", "?", "4"]
 * const renderer: ChatRenderer = {
 *   template: {
 *     render: (messages, addGenerationPrompt) =>
 *       Result.succeed(
 *         messages
 *           .map(({ content, role }) =>
 *             role === "assistant" ? `<model> ${content} <end> ` : `<user> ${content} `
 *           )
 *           .join("") + (addGenerationPrompt ? "<model> " : "")
 *       )
 *   },
 *   tokenizer: {
 *     encode: (text) => text.trim().split(/\s+/).map((word) => words.indexOf(word)),
 *     addedTokens: new Set([0, 1, 2])
 *   }
 * }
 * const chat = {
 *   messages: [
 *     { role: "user", content: "2 + 2 ?" },
 *     { role: "assistant", content: "4" }
 *   ]
 * } as const
 * const { datum } = Result.getOrThrow(chatExample(renderer, chat, { file: "c.jsonl", line: 1 }))
 * assert.deepEqual([...datum.tokens], [0, 3, 4, 3, 5, 1, 6, 2])
 * assert.deepEqual([...datum.weights], [0, 0, 0, 0, 0, 1, 1])
 * ```
 */
export const chatExample = (
  renderer: ChatRenderer,
  chat: Chat,
  place: ChatPlace
): Result.Result<FineTuneExample, ChatError> => {
  const refuse = (reason: string) => new ChatError({ ...place, reason })
  return Result.gen(function* () {
    const { template, tokenizer } = renderer
    const last = chat.messages.findLastIndex(({ role }) => role === "assistant")
    const messages = chat.messages.slice(0, last + 1)
    const whole = yield* Result.mapError(template.render(messages, false), ({ message }) =>
      refuse(message.replace(/\.$/, ""))
    )
    const spans = yield* Result.mapError(assistantSpans(renderer, messages, whole), refuse)
    const ids = tokenizer.encode(whole)
    const reach = (characters: number) =>
      commonLength(ids, tokenizer.encode(whole.slice(0, characters)))
    const pieces: Array<StreamPiece> = []
    let done = 0
    for (const { from, to } of spans) {
      const begin = Math.max(done, reach(from))
      const words = Math.max(begin, reach(to))
      const close = ids[words]
      const end = close !== undefined && tokenizer.addedTokens.has(close) ? words + 1 : words
      const said = ids.slice(begin, end)
      pieces.push({ context: ids.slice(done, begin), ids: said, logprobs: said.map(() => 0) })
      done = end
    }
    const datum = yield* Result.mapError(
      streamDatum(pieces, { label: `${place.file}:${place.line}` }),
      ({ reason }) => refuse(reason.replace(/\.$/, ""))
    )
    return { datum, group: chatGroup(chat) }
  })
}
