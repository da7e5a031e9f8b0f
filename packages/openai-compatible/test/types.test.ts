import type { ChatMessage, ChatOptions, EndpointOptions } from "@sml/openai-compatible"
import * as Redacted from "effect/Redacted"
import { assert, it } from "vitest"

it("does not compile what no server could be sent", () => {
  const messages: ReadonlyArray<ChatMessage> = [
    { role: "tool", toolCallId: "a", content: "4" },
    // @ts-expect-error: a tool's result belongs to a call
    { role: "tool", content: "4" },
    // @ts-expect-error: only users show images
    { role: "assistant", content: [{ type: "image", url: "data:," }] }
  ]
  const endpoint: EndpointOptions = {
    baseUrl: "http://a/v1",
    model: "m",
    apiKey: Redacted.make("k")
  }
  // @ts-expect-error: a key is Redacted from the beginning
  const bare: EndpointOptions = { ...endpoint, apiKey: "k" }
  // @ts-expect-error: further members go into `extra`
  const options: ChatOptions = { top_k: 5 }
  assert.strictEqual(messages.length, 3)
  assert.notStrictEqual(bare.apiKey, endpoint.apiKey)
  assert.property(options, "top_k")
})
