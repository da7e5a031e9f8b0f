import { describe, expect, it } from "@effect/vitest"
import { Chat, chatGroup, parseChat } from "@sml/offline-sft"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"

const place = { file: "data.jsonl", line: 12 }
const sentence = (line: string) => Result.getOrThrow(Result.flip(parseChat(line, place))).message
const chat = (line: string) => Result.getOrThrow(parseChat(line, place))
const of = (...messages: ReadonlyArray<unknown>) => JSON.stringify({ messages })
const user = { role: "user", content: "hi" }
const assistant = { role: "assistant", content: "hello" }

describe("parseChat", () => {
  it("reads chats and leaves other keys aside", () => {
    const line = JSON.stringify({ id: 7, messages: [{ ...user, name: "x" }, assistant] })
    expect(Result.getOrThrow(parseChat(line, place))).toEqual({ messages: [user, assistant] })
  })

  it.each([
    ["not json", "{", /this is not JSON .*; write one object/],
    ["no messages", "{}", /this is not a chat .*messages/],
    ["no object", "3", /this is not a chat/],
    ["no message at all", of(), /this is not a chat/],
    ["a role it does not know", of(user, { role: "tool", content: "x" }), /not a chat .*role/],
    ["content that is no text", of({ role: "user", content: [1] }), /not a chat .*content/],
    ["nothing to learn", of(user), /no message is the assistant's/],
    ["an empty answer", of(user, { ...assistant, content: " \n" }), /message 2, .* is empty/],
    ["rules in the middle", of(user, { role: "system", content: "x" }, assistant), /message 2 is a/]
  ])("says file and line of %s in one sentence", (_name, line, expected) => {
    const message = sentence(line)
    expect(message).toMatch(/^data\.jsonl:12: /)
    expect(message).toMatch(expected)
    expect(message).not.toContain("\n")
    expect(message.length).toBeLessThan(400)
  })

  it("never throws, and what it lets through is a chat with an answer", () => {
    const anyLine = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .array(
          fc.record({
            role: fc.constantFrom("system", "user", "assistant", "x"),
            content: fc.string()
          })
        )
        .map((messages) => JSON.stringify({ messages }))
    )
    fc.assert(
      fc.property(anyLine, (line) => {
        const result = parseChat(line, place)
        if (Result.isFailure(result)) return result.failure.message.startsWith("data.jsonl:12: ")
        const { messages } = result.success
        return (
          Schema.is(Chat)(result.success) &&
          messages.some(({ content, role }) => role === "assistant" && content.trim() !== "")
        )
      })
    )
  })
})

describe("chatGroup", () => {
  it("is the same for chats that begin alike, and only for them", () => {
    const other = { role: "assistant", content: "good day" }
    const again = { role: "user", content: "and now?" }
    expect(chatGroup(chat(of(user, assistant)))).toBe(chatGroup(chat(of(user, other, again))))
    expect(chatGroup(chat(of(user, assistant)))).not.toBe(chatGroup(chat(of(again, assistant))))
  })
})
