/** An answer as the parts of `effect/ai`. */
import * as AiError from "effect/ai/AiError"
import type * as Response from "effect/ai/Response"
import * as Tool from "effect/ai/Tool"
import * as Effect from "effect/Effect"

import type { ChatEvent } from "../ChatEvent.ts"
import type { ToolCall } from "../ChatMessage.ts"
import type { ChatReply } from "../ChatReply.ts"

const callPart = (method: string, call: ToolCall) =>
  Effect.try({
    try: (): Response.ToolCallPartEncoded => ({
      type: "tool-call",
      id: call.id,
      name: call.name,
      params: call.arguments.trim() === "" ? {} : Tool.unsafeSecureJsonParse(call.arguments)
    }),
    catch: (cause) =>
      AiError.make({
        module: "OpenAiCompatible",
        method,
        reason: new AiError.InvalidOutputError({
          description: `The model calls the tool ${call.name} with arguments that are no JSON: ${String(cause)}`
        })
      })
  })

const headPart = ({ id, model }: ChatReply): Response.ResponseMetadataPartEncoded => ({
  type: "response-metadata",
  id,
  modelId: model,
  timestamp: undefined
})

const finishPart = ({ finishReason, logprobs, usage }: ChatReply): Response.FinishPartEncoded => {
  const { cachedTokens, inputTokens, outputTokens, reasoningTokens } = usage
  const fresh =
    inputTokens === undefined || cachedTokens === undefined ? undefined : inputTokens - cachedTokens
  const spoken =
    outputTokens === undefined || reasoningTokens === undefined
      ? undefined
      : outputTokens - reasoningTokens
  return {
    type: "finish",
    reason: finishReason,
    usage: {
      inputTokens: {
        total: inputTokens,
        uncached: fresh,
        cacheRead: cachedTokens,
        cacheWrite: undefined
      },
      outputTokens: { total: outputTokens, text: spoken, reasoning: reasoningTokens }
    },
    response: undefined,
    ...(logprobs !== undefined && {
      metadata: {
        openaiCompatible: {
          logprobs: logprobs.map((token) => ({
            ...token,
            top: token.top.map((other) => ({ ...other }))
          }))
        }
      }
    })
  }
}

/** The parts of a whole answer. */
export const responseParts = Effect.fnUntraced(function* (
  method: string,
  reply: ChatReply
): Effect.fn.Return<Array<Response.PartEncoded>, AiError.AiError> {
  const parts: Array<Response.PartEncoded> = [headPart(reply)]
  if (reply.reasoning !== undefined) parts.push({ type: "reasoning", text: reply.reasoning })
  if (reply.text !== "") parts.push({ type: "text", text: reply.text })
  for (const call of reply.toolCalls) parts.push(yield* callPart(method, call))
  parts.push(finishPart(reply))
  return parts
})

/** Turns the events of one stream into parts; texts and calls are opened and closed. */
export class StreamParts {
  readonly #method: string
  #open: "text" | "reasoning" | undefined
  #count = 0
  readonly #calls: Array<string> = []

  constructor(method: string) {
    this.#method = method
  }

  #close(): Array<Response.StreamPartEncoded> {
    const open = this.#open
    if (open === undefined) return []
    this.#open = undefined
    return [{ type: `${open}-end`, id: String(this.#count++) }]
  }

  #words(kind: "text" | "reasoning", delta: string): Array<Response.StreamPartEncoded> {
    const parts = this.#open === kind ? [] : this.#close()
    const id = String(this.#count)
    if (this.#open === undefined) parts.push({ type: `${kind}-start`, id })
    this.#open = kind
    parts.push({ type: `${kind}-delta`, id, delta })
    return parts
  }

  #call(event: Extract<ChatEvent, { readonly _tag: "ToolCall" }>) {
    const parts = this.#close()
    const known = this.#calls[event.index]
    const id = known ?? event.id ?? String(event.index)
    if (known === undefined) {
      this.#calls[event.index] = id
      parts.push({ type: "tool-params-start", id, name: event.name ?? "" })
    }
    if (event.arguments !== "") {
      parts.push({ type: "tool-params-delta", id, delta: event.arguments })
    }
    return parts
  }

  /** The parts of one event. */
  parts(
    event: ChatEvent
  ): Effect.Effect<ReadonlyArray<Response.StreamPartEncoded>, AiError.AiError> {
    if (event._tag === "ToolCall") return Effect.succeed(this.#call(event))
    if (event._tag === "Reasoning") return Effect.succeed(this.#words("reasoning", event.text))
    if (event._tag === "Text") {
      return Effect.succeed(event.text === "" ? [] : this.#words("text", event.text))
    }
    const parts = this.#close()
    for (const id of this.#calls) parts.push({ type: "tool-params-end", id })
    return Effect.map(
      Effect.forEach(event.reply.toolCalls, (call) => callPart(this.#method, call)),
      (calls) => [...parts, ...calls, headPart(event.reply), finishPart(event.reply)]
    )
  }
}
