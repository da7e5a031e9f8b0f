/** What a streamed answer brings, piece by piece. */
import type { ChatReply, TokenLogprob } from "./ChatReply.ts"

/**
 * - `Text`: more of the answer, with the log-probabilities of its tokens where there are any.
 * - `Reasoning`: more of the thinking that the server tells apart.
 * - `ToolCall`: more of the `index`-th tool call; `id` and `name` come with its first piece.
 * - `Done`: the whole answer again; always the last event of a stream that did not fail.
 */
export type ChatEvent =
  | {
      readonly _tag: "Text"
      readonly text: string
      readonly logprobs?: ReadonlyArray<TokenLogprob>
    }
  | { readonly _tag: "Reasoning"; readonly text: string }
  | {
      readonly _tag: "ToolCall"
      readonly index: number
      readonly id?: string
      readonly name?: string
      readonly arguments: string
    }
  | { readonly _tag: "Done"; readonly reply: ChatReply }
