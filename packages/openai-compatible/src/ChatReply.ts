/** What a server answers. */
import type { ToolCall } from "./ChatMessage.ts"

/**
 * Why the answer ended: the model was done or wrote a stop string; the limit was reached; it calls
 * tools; the server withheld the rest; the server said something else, or nothing.
 */
export type FinishReason = "stop" | "length" | "tool-calls" | "content-filter" | "other" | "unknown"

/** Tokens that were used, as far as the server counts them. */
export interface ChatUsage {
  readonly inputTokens?: number
  readonly outputTokens?: number
  /** Of the input, those that the server had cached. */
  readonly cachedTokens?: number
  /** Of the output, those of hidden reasoning. */
  readonly reasoningTokens?: number
}

/** A token that could have stood at a place, and its log-probability in nats. */
export interface TokenAlternative {
  readonly token: string
  readonly logprob: number
}

/** One token of the answer. `bytes` are its UTF-8 bytes, where a token is not whole characters. */
export interface TokenLogprob extends TokenAlternative {
  readonly bytes?: ReadonlyArray<number>
  /** The most probable tokens at this place; as many as were asked for and the server gives. */
  readonly top: ReadonlyArray<TokenAlternative>
}

/**
 * A whole answer. `logprobs` is absent where it was not asked for or the server gives none.
 * `reasoning` is what the server tells apart from the answer's text as the model's thinking.
 */
export interface ChatReply {
  readonly id: string | undefined
  /** The model that answered, as the server calls it. */
  readonly model: string
  readonly text: string
  readonly reasoning?: string
  readonly toolCalls: ReadonlyArray<ToolCall>
  readonly finishReason: FinishReason
  readonly usage: ChatUsage
  readonly logprobs?: ReadonlyArray<TokenLogprob>
}

/** A model that a server offers. */
export interface OfferedModel {
  readonly id: string
  readonly ownedBy?: string
  /** Longest stream in tokens, where the server tells it. */
  readonly contextLength?: number
}
