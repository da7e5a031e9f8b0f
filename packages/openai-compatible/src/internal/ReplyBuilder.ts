/** Puts the pieces of an answer together. */
import type { ChatEvent } from "../ChatEvent.ts"
import type { ToolCall } from "../ChatMessage.ts"
import type { ChatReply, ChatUsage, FinishReason, TokenLogprob } from "../ChatReply.ts"
import type {
  CallJson,
  Chunk,
  Completion,
  LogprobsJson,
  MessageJson,
  UsageJson,
  WordsJson
} from "./wire.ts"

const finishReasons: Readonly<Record<string, FinishReason>> = {
  stop: "stop",
  eos: "stop",
  end_turn: "stop",
  length: "length",
  max_tokens: "length",
  tool_calls: "tool-calls",
  function_call: "tool-calls",
  content_filter: "content-filter"
}

const finishReasonOf = (reason: string | null | undefined): FinishReason =>
  reason == null || reason === "" ? "unknown" : (finishReasons[reason] ?? "other")

const usageOf = (usage: UsageJson): ChatUsage => {
  const cached = usage.prompt_tokens_details?.cached_tokens
  const reasoning = usage.completion_tokens_details?.reasoning_tokens
  return {
    ...(usage.prompt_tokens != null && { inputTokens: usage.prompt_tokens }),
    ...(usage.completion_tokens != null && { outputTokens: usage.completion_tokens }),
    ...(cached != null && { cachedTokens: cached }),
    ...(reasoning != null && { reasoningTokens: reasoning })
  }
}

const alternativeOf = (given: { readonly token: string; readonly logprob: number | null }) => ({
  token: given.token,
  logprob: given.logprob ?? Number.NEGATIVE_INFINITY
})

const logprobsOf = (logprobs: LogprobsJson | null | undefined): ReadonlyArray<TokenLogprob> => {
  const tokens: Array<TokenLogprob> = []
  for (const given of logprobs?.content ?? []) {
    const { bytes, top_logprobs } = given
    const top = (top_logprobs ?? []).map(alternativeOf)
    tokens.push({ ...alternativeOf(given), ...(bytes != null && { bytes }), top })
  }
  return tokens
}

const textOf = (words: WordsJson | null | undefined) =>
  words == null || typeof words === "string"
    ? (words ?? "")
    : words.map(({ text }) => text ?? "").join("")

const argumentsOf = (call: CallJson) => {
  const given = call.function?.arguments
  if (given == null) return ""
  return typeof given === "string" ? given : JSON.stringify(given)
}

/** A model that was told to answer with nothing but JSON may still put a fence around it. */
const fence = /^\s*```(?:json)?\s*\n([\s\S]*?)\n?\s*```\s*$/

/** The answer's text, less a fence around all of it. */
export const withoutFence = (reply: ChatReply): ChatReply => {
  const inner = fence.exec(reply.text)?.[1]
  return inner === undefined ? reply : { ...reply, text: inner }
}

interface Call {
  id: string
  name: string
  arguments: string
}

export class ReplyBuilder {
  #id: string | undefined
  #model: string
  #text = ""
  #reasoning = ""
  #finish: string | null | undefined
  #usage: ChatUsage = {}
  readonly #calls: Array<Call> = []
  readonly #logprobs: Array<TokenLogprob> = []

  constructor(model: string) {
    this.#model = model
  }

  /** Whether the server said why the answer ended. */
  get finished(): boolean {
    return this.#finish != null
  }

  /** Characters so far. */
  get length(): number {
    return this.#text.length + this.#reasoning.length
  }

  #head(part: Pick<Chunk, "id" | "model" | "usage">) {
    if (part.id != null) this.#id ??= part.id
    if (part.model != null && part.model !== "") this.#model = part.model
    if (part.usage != null) this.#usage = usageOf(part.usage)
  }

  #message(
    message: MessageJson,
    logprobs: LogprobsJson | null | undefined
  ): ReadonlyArray<ChatEvent> {
    const events: Array<ChatEvent> = []
    const reasoning = message.reasoning_content ?? message.reasoning ?? ""
    if (reasoning !== "") {
      this.#reasoning += reasoning
      events.push({ _tag: "Reasoning", text: reasoning })
    }
    const text = textOf(message.content) + (message.refusal ?? "")
    const tokens = logprobsOf(logprobs)
    if (text !== "" || tokens.length > 0) {
      this.#text += text
      for (const token of tokens) this.#logprobs.push(token)
      events.push({ _tag: "Text", text, ...(tokens.length > 0 && { logprobs: tokens }) })
    }
    for (const [place, call] of (message.tool_calls ?? []).entries()) {
      events.push(this.#call(call, place))
    }
    return events
  }

  #call(call: CallJson, place: number): ChatEvent {
    // servers that send whole calls number none of them, or all of them 0
    const given = call.index ?? place
    const begins = call.id != null && call.id !== ""
    const at = this.#calls[given]
    const index =
      begins && at !== undefined && at.id !== call.id
        ? this.#calls.length
        : Math.min(given, this.#calls.length)
    const piece = argumentsOf(call)
    const known = this.#calls[index]
    if (known !== undefined) {
      known.name += call.function?.name ?? ""
      known.arguments += piece
      return { _tag: "ToolCall", index, arguments: piece }
    }
    const id = begins ? (call.id ?? "") : `call_${index}`
    const name = call.function?.name ?? ""
    this.#calls.push({ id, name, arguments: piece })
    return { _tag: "ToolCall", index, id, name, arguments: piece }
  }

  /** Takes one event of a stream. */
  chunk(chunk: Chunk): ReadonlyArray<ChatEvent> {
    this.#head(chunk)
    const choice = chunk.choices?.find(({ index }) => (index ?? 0) === 0)
    if (choice === undefined) return []
    const events = this.#message(choice.delta ?? {}, choice.logprobs)
    this.#finish = choice.finish_reason ?? this.#finish
    return events
  }

  /** Takes a whole answer. */
  completion(completion: Completion): ReadonlyArray<ChatEvent> {
    this.#head(completion)
    const [choice] = completion.choices
    this.#finish = choice.finish_reason
    return this.#message(choice.message, choice.logprobs)
  }

  reply(): ChatReply {
    const toolCalls: ReadonlyArray<ToolCall> = this.#calls.map((call) => ({ ...call }))
    return {
      id: this.#id,
      model: this.#model,
      text: this.#text,
      ...(this.#reasoning !== "" && { reasoning: this.#reasoning }),
      toolCalls,
      finishReason: finishReasonOf(this.#finish),
      usage: this.#usage,
      ...(this.#logprobs.length > 0 && { logprobs: this.#logprobs.slice() })
    }
  }
}
