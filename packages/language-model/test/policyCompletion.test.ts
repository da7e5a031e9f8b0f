import {
  ChatTokenizer,
  CompletionError,
  type CompletionMessage,
  compileChatTemplate,
  policyCompletion
} from "@sml/language-model"
import { type GenerateRequest, Sampler, SamplerError } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { assert, describe, expect, it } from "vitest"

import { nanoChat } from "./nanoFixture.ts"

const requests: Array<GenerateRequest> = []

/** Says the given text, or fails when there is none. */
const speaking = (text: string | undefined, contextLength = 100, chat = nanoChat) =>
  Layer.merge(
    Layer.succeed(ChatTokenizer, chat),
    Layer.succeed(Sampler, {
      contextLength,
      vocabularySize: 64,
      generate: (request) => {
        requests.push(request)
        if (text === undefined) return Effect.fail(new SamplerError({ reason: "Out of words." }))
        const ids = Int32Array.from(nanoChat.tokenizer.encode(text))
        const logprobs = Float32Array.from(ids, () => -1)
        return Effect.succeed({ ids, logprobs, rawLogprobs: logprobs, stop: "stop" })
      }
    })
  )

const complete = (
  messages: ReadonlyArray<CompletionMessage>,
  parties: Layer.Layer<ChatTokenizer | Sampler>
) =>
  Effect.gen(function* () {
    const speak = yield* policyCompletion({ maxTokens: 8, temperature: 0.5, topP: 0.9 })
    return yield* speak(messages, 7)
  }).pipe(Effect.provide(parties))

describe("policyCompletion", () => {
  it("says what the policy says, to messages in the model's own template", () => {
    requests.length = 0
    const text = Effect.runSync(
      complete(
        [
          { role: "system", content: "no answer:" },
          { role: "user", content: "find a" },
          { role: "assistant", content: "what is b" },
          { role: "user", content: "2" }
        ],
        speaking("wrong . <end>")
      )
    )
    expect(text).toBe("wrong .")
    const [request] = requests
    const read = nanoChat.tokenizer.decode(Array.from(request?.tokens ?? []))
    expect(
      read
        .replaceAll(/<[TS]>|<end>/g, "")
        .replaceAll(/\s+/g, " ")
        .trim()
    ).toBe("no answer: find a what is b 2")
    assert(request?.tokens.at(-1) === nanoChat.tokenizer.tokenId("<S>"))
    expect(request).toMatchObject({ maxTokens: 8, temperature: 0.5, topP: 0.9, seed: 7 })
    expect(request?.stop).toEqual(nanoChat.stop)
  })

  it("tells the sampler which calls are one dialogue, and nothing where they are none", () => {
    requests.length = 0
    const program = Effect.gen(function* () {
      const speak = yield* policyCompletion({ maxTokens: 8 })
      yield* speak([{ role: "user", content: "find a" }], 7, "first")
      yield* speak([{ role: "user", content: "find a" }], 7)
    })
    Effect.runSync(program.pipe(Effect.provide(speaking("1 <end>"))))
    expect(requests.map((request) => request.cacheKey)).toEqual(["first", undefined])
    expect(requests[1]).not.toHaveProperty("cacheKey")
  })

  it("leaves the system its own role where the template has one", () => {
    const template = Result.getOrThrow(
      compileChatTemplate({
        name: "roles",
        source:
          "{% for m in messages %}{% if m.role == 'system' %}wrong {% endif %}{{ m.content }} {% endfor %}"
      })
    )
    const chat = { ...nanoChat, template }
    const read = (messages: ReadonlyArray<CompletionMessage>) => {
      requests.length = 0
      Effect.runSync(complete(messages, speaking("1 <end>", 100, chat)))
      return nanoChat.tokenizer.decode(Array.from(requests[0]?.tokens ?? [])).trim()
    }
    const system = { role: "system", content: "find a" } as const
    const user = { role: "user", content: "what is b" } as const
    expect(read([system, user])).toBe("wrong find a what is b")
    expect(read([user, system])).toBe("what is b find a")
  })

  it("takes rules that stand alone or last for the user's", () => {
    requests.length = 0
    Effect.runSync(complete([{ role: "system", content: "find a" }], speaking("1 <end>")))
    expect(requests[0]?.tokens.length).toBe(4)
  })

  it("fails with a sentence when the messages are too long, or the engine fails", () => {
    const long = [{ role: "user", content: "find a ".repeat(60) } as const]
    const error = Effect.runSync(Effect.flip(complete(long, speaking("1"))))
    assert(error instanceof CompletionError)
    expect(error.message).toContain("outgrows the context of 100")
    const broken = Effect.runSync(
      Effect.flip(complete([{ role: "user", content: "find" }], speaking(undefined)))
    )
    expect(broken.message).toBe("Out of words.")
  })
})
