/** A conversation as language models read it. */

/** One message, oldest first in a conversation. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant"
  readonly content: string
}
