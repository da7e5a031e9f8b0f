/** Written conversations, one JSON object a line. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** One message of a chat. */
export const WrittenMessage = Schema.Struct({
  role: Schema.Literals(["system", "user", "assistant"]),
  content: Schema.String
})
export type WrittenMessage = typeof WrittenMessage.Type

/**
 * `{"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}`: what the
 * assistant says is to be imitated. Other keys of the object are left aside.
 */
export const Chat = Schema.Struct({ messages: Schema.NonEmptyArray(WrittenMessage) })
export type Chat = typeof Chat.Type

/** Where a chat stands; `line` counts from 1. */
export interface ChatPlace {
  readonly file: string
  readonly line: number
}

/** A line is no chat, or cannot be made into tokens. `reason` begins in the middle of a sentence. */
export class ChatError extends Schema.TaggedError<ChatError>()("ChatError", {
  file: Schema.String,
  line: Schema.Int,
  reason: Schema.String
}) {
  override get message(): string {
    return `${this.file}:${this.line}: ${this.reason}`
  }
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ").trim()

const ofSchema = Schema.decodeUnknownResult(Chat)

/** What is wrong with the order of the messages, if anything is. */
const orderFault = (messages: ReadonlyArray<WrittenMessage>): string | undefined => {
  const system = messages.findLastIndex(({ role }) => role === "system")
  if (system > 0) {
    return `message ${system + 1} is a system message; put it first, or make it one of the user's`
  }
  const silent = messages.findIndex(
    ({ content, role }) => role === "assistant" && content.trim() === ""
  )
  if (silent >= 0) {
    return `message ${silent + 1}, of the assistant, is empty; write what it should say, or leave it out`
  }
  return messages.some(({ role }) => role === "assistant")
    ? undefined
    : "no message is the assistant's, so that there is nothing to learn; add one"
}

/**
 * Reads one line of a JSONL file of chats.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { parseChat } from "@sml/offline-sft"
 * import { Result } from "effect"
 *
 * const at = { file: "chats.jsonl", line: 7 }
 * const line = '{"messages":[{"role":"user","content":"2 + 2 ?"},{"role":"assistant","content":"4"}]}'
 * assert.equal(Result.getOrThrow(parseChat(line, at)).messages.length, 2)
 *
 * const error = Result.flip(parseChat('{"messages":[{"role":"user","content":"hi"}]}', at))
 * assert.match(Result.getOrThrow(error).message, /^chats\.jsonl:7: no message is the assistant's/)
 * ```
 */
export const parseChat = (line: string, place: ChatPlace): Result.Result<Chat, ChatError> => {
  const refuse = (reason: string) => Result.fail(new ChatError({ ...place, reason }))
  const json = Result.try({
    try: (): unknown => JSON.parse(line),
    catch: (cause) => (cause instanceof Error ? cause.message : String(cause))
  })
  if (Result.isFailure(json)) {
    return refuse(
      `this is not JSON (${oneLine(json.failure).slice(0, 120)}); write one object {"messages": […]} a line`
    )
  }
  const chat = ofSchema(json.success)
  if (Result.isFailure(chat)) {
    return refuse(
      `this is not a chat (${oneLine(chat.failure.message).slice(0, 200)}); write {"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}`
    )
  }
  const fault = orderFault(chat.success.messages)
  return fault === undefined ? Result.succeed(chat.success) : refuse(fault)
}

/**
 * What the chat is about: everything before the assistant's first message. Chats that begin alike are
 * held out together, so that none is learnt of which a twin is measured.
 */
export const chatGroup = ({ messages }: Chat): string =>
  JSON.stringify(
    messages
      .slice(
        0,
        messages.findIndex(({ role }) => role === "assistant")
      )
      .map(({ content, role }) => [role, content])
  )
