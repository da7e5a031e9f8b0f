/** A prompt of `effect/ai` as messages of the protocol. */
import * as AiError from "effect/ai/AiError"
import type * as Prompt from "effect/ai/Prompt"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"

import type { ChatMessage, ContentPart } from "../ChatMessage.ts"

const refuse = (method: string, description: string) =>
  Effect.fail(
    AiError.make({
      module: "OpenAiCompatible",
      method,
      reason: new AiError.InvalidUserInputError({ description })
    })
  )

const imageUrl = ({ data, mediaType }: Prompt.FilePart) => {
  if (data instanceof URL) return data.href
  if (typeof data !== "string") return `data:${mediaType};base64,${Base64.encode(data)}`
  return /^(https?|data):/.test(data) ? data : `data:${mediaType};base64,${data}`
}

const userContent = Effect.fnUntraced(function* (
  method: string,
  parts: ReadonlyArray<Prompt.UserMessagePart>
): Effect.fn.Return<string | ReadonlyArray<ContentPart>, AiError.AiError> {
  if (parts.every((part) => part.type === "text")) return parts.map(({ text }) => text).join("")
  const content: Array<ContentPart> = []
  for (const part of parts) {
    if (part.type === "text") {
      content.push({ type: "text", text: part.text })
    } else if (part.mediaType.startsWith("image/")) {
      content.push({ type: "image", url: imageUrl(part) })
    } else {
      return yield* refuse(
        method,
        `A file of type ${part.mediaType} cannot be sent to /chat/completions; send its text, or an image.`
      )
    }
  }
  return content
})

const assistantMessage = (message: Prompt.AssistantMessage): ChatMessage => {
  let content = ""
  const toolCalls = []
  for (const part of message.content) {
    if (part.type === "text") content += part.text
    // what the server itself ran is not told again
    if (part.type === "tool-call" && !part.providerExecuted) {
      toolCalls.push({ id: part.id, name: part.name, arguments: JSON.stringify(part.params) })
    }
  }
  return { role: "assistant", content, ...(toolCalls.length > 0 && { toolCalls }) }
}

const toolMessages = ({ content }: Prompt.ToolMessage): ReadonlyArray<ChatMessage> =>
  content.flatMap((part) =>
    part.type === "tool-result"
      ? [
          {
            role: "tool" as const,
            toolCallId: part.id,
            content:
              typeof part.result === "string" ? part.result : JSON.stringify(part.result ?? null)
          }
        ]
      : []
  )

export const promptMessages = Effect.fnUntraced(function* (
  method: string,
  prompt: Prompt.Prompt
): Effect.fn.Return<ReadonlyArray<ChatMessage>, AiError.AiError> {
  const messages: Array<ChatMessage> = []
  for (const message of prompt.content) {
    switch (message.role) {
      case "system":
        messages.push({ role: "system", content: message.content })
        break
      case "user":
        messages.push({ role: "user", content: yield* userContent(method, message.content) })
        break
      case "assistant":
        messages.push(assistantMessage(message))
        break
      case "tool":
        messages.push(...toolMessages(message))
        break
    }
  }
  return messages
})
