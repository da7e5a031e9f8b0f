/** What a conversation with a server is made of. */

/** A call of a tool by the model; `arguments` is JSON as the model wrote it, perhaps malformed. */
export interface ToolCall {
  readonly id: string
  readonly name: string
  readonly arguments: string
}

/** A piece of a user's message: text, or an image by its URL (a `data:` URL for bytes). */
export type ContentPart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image"; readonly url: string }

/** One message, oldest first in a conversation. */
export type ChatMessage =
  | { readonly role: "system"; readonly content: string }
  | { readonly role: "user"; readonly content: string | ReadonlyArray<ContentPart> }
  | {
      readonly role: "assistant"
      readonly content: string
      readonly toolCalls?: ReadonlyArray<ToolCall>
    }
  | { readonly role: "tool"; readonly content: string; readonly toolCallId: string }
