import { assert, describe, it } from "@effect/vitest"
import { Student } from "@sml/env-pomdp"
import {
  type ChatMessage,
  chatMessages,
  ChatStudent,
  type ChatStudentOptions,
  spokenText,
  systemPrompts
} from "@sml/eval-harness"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"

const observation = {
  history: [
    { role: "teacher", text: "1 + 1 ?" },
    { role: "student", text: " " },
    { role: "teacher", text: "again ." }
  ]
} as const

const speak = (options: ChatStudentOptions) =>
  Effect.gen(function* () {
    const student = yield* Student
    return yield* student.speak(observation, { episode: "e", turn: 1, seed: 7 })
  }).pipe(Effect.provide(ChatStudent.layer(options)))

const says = (text: string, options: Partial<ChatStudentOptions> = {}) =>
  speak({ complete: () => Effect.succeed({ text }), ...options }).pipe(
    Effect.map((utterance) => utterance.text)
  )

const failing = (failure: { readonly message: string; readonly _tag?: string }) =>
  speak({ complete: () => Effect.fail(failure) }).pipe(
    Effect.flip,
    Effect.map(({ _tag, message }) => [_tag, message])
  )

describe("ChatStudent", () => {
  it.effect("reads the dialogue as a chat, with its seed", () =>
    Effect.gen(function* () {
      let seen: ReadonlyArray<ChatMessage> = []
      const utterance = yield* speak({
        complete: (messages, { seed }) =>
          Effect.sync(() => {
            seen = messages
            return { text: `${seed}`, usage: { inputTokens: 9, outputTokens: 1, cost: 0.1 } }
          })
      })
      assert.deepStrictEqual(utterance, {
        text: "7",
        usage: { inputTokens: 9, outputTokens: 1, cost: 0.1 }
      })
      assert.deepStrictEqual(seen, [
        { role: "system", content: systemPrompts.general },
        { role: "user", content: "1 + 1 ?" },
        { role: "assistant", content: "(no answer)" },
        { role: "user", content: "again ." }
      ])
      assert.strictEqual(chatMessages(observation, "").length, 3)
    })
  )

  it.effect("takes empty, garbled and endless answers as turns", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* says(""), "")
      assert.strictEqual(yield* says("a\u0000b\u001b[31m\r\nc\ud800"), "ab[31m\nc\ufffd")
      assert.strictEqual(yield* says("x".repeat(50), { maxCharacters: 10 }), "x".repeat(10))
      assert.strictEqual(yield* says("😀😀", { maxCharacters: 3 }), "😀\ufffd")
      assert.strictEqual(yield* says("<think>is it 5?</think>\n\\boxed{4}"), "\\boxed{4}")
      assert.strictEqual(yield* says("<think>never done"), "")
    })
  )

  it.effect("leaves out counts that are none", () =>
    Effect.gen(function* () {
      for (const usage of [{ outputTokens: 1 }, { inputTokens: 0.5, outputTokens: 1 }, {}]) {
        const utterance = yield* speak({ complete: () => Effect.succeed({ text: "a", usage }) })
        assert.deepStrictEqual(utterance, { text: "a" })
      }
    })
  )

  it.effect("tells a conversation that is too long from other failures", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* failing({ message: "wrong key" }), [
        "StudentError",
        "wrong key"
      ])
      assert.deepStrictEqual(yield* failing({ _tag: "ContextOverflow", message: "full" }), [
        "ContextOverflow",
        "full"
      ])
      const words = "This model's maximum context length is 2048 tokens."
      assert.deepStrictEqual(yield* failing({ message: words }), ["ContextOverflow", words])
    })
  )

  it("says well-formed text of the length it may, whatever the model writes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 20 }), (raw, most) => {
        const text = spokenText(raw, most)
        assert.isTrue(text.isWellFormed())
        assert.isAtMost(text.length, most)
        assert.notMatch(text, /[^\P{Cc}\t\n]/u)
      })
    )
  })
})
