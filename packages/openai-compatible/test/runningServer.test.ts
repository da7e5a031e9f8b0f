/**
 * Against a server that runs: `SML_TEST_CHAT_URL` is its base URL, `SML_TEST_CHAT_MODEL` a model of it
 * (the first that it lists unless given). What it must do is what any server of the protocol does.
 */
import { assert, describe, it } from "@effect/vitest"
import { ChatCompletions, type ChatMessage, OpenAiCompatible } from "@sml/openai-compatible"
import { LanguageModel } from "effect/ai"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

const baseUrl = process.env["SML_TEST_CHAT_URL"]
const named = process.env["SML_TEST_CHAT_MODEL"]

if (baseUrl === undefined) {
  console.log("Skipped: no SML_TEST_CHAT_URL names a running server of /chat/completions.")
}

const hi: ReadonlyArray<ChatMessage> = [{ role: "user", content: "Once upon a time" }]
const greedy = { temperature: 0, maxTokens: 12, seed: 1 }

describe.skipIf(baseUrl === undefined)("a running server", () => {
  const endpoint = { baseUrl: baseUrl ?? "", model: named ?? "unknown", retries: 1 }
  const layer = ChatCompletions.layer(endpoint)
  const both = Layer.provideMerge(OpenAiCompatible.layerChat, layer)
  const server = <A, E>(ask: (service: ChatCompletions["Service"]) => Effect.Effect<A, E>) =>
    Effect.provide(ChatCompletions.use(ask), layer)

  it.live("lists models", () =>
    Effect.gen(function* () {
      const models = yield* server((service) => service.listModels)
      assert.isTrue(models.every(({ id }) => id !== ""))
    })
  )

  it.live("answers, stops at the limit, counts tokens, and repeats itself", () =>
    Effect.gen(function* () {
      const [first, second] = yield* Effect.all([
        server((service) => service.chat(hi, greedy)),
        server((service) => service.chat(hi, greedy))
      ])
      assert.notStrictEqual(first.text, "")
      assert.strictEqual(first.text, second.text)
      if (first.finishReason === "length" && first.usage.outputTokens !== undefined) {
        assert.strictEqual(first.usage.outputTokens, 12)
      }
    })
  )

  it.live("streams the same text", () =>
    Effect.gen(function* () {
      const whole = yield* server((service) => service.chat(hi, greedy))
      const events = yield* server((service) => Stream.runCollect(service.stream(hi, greedy)))
      const pieces = events.flatMap((event) => (event._tag === "Text" ? [event.text] : []))
      assert.isAbove(pieces.length, 1)
      assert.strictEqual(pieces.join(""), whole.text)
      assert.strictEqual(events.at(-1)?._tag, "Done")
    })
  )

  it.live("answers through LanguageModel, whole and streamed", () =>
    Effect.gen(function* () {
      const short = ChatCompletions.layer({ ...endpoint, defaults: greedy })
      const model = Layer.provide(OpenAiCompatible.layerChat, short)
      const response = yield* Effect.provide(
        LanguageModel.generateText({ prompt: "Once upon a time" }),
        model
      )
      const streamed = yield* LanguageModel.streamText({ prompt: "Once upon a time" }).pipe(
        Stream.runFold(
          () => "",
          (text, part) => (part.type === "text-delta" ? text + part.delta : text)
        ),
        Effect.provide(model)
      )
      assert.strictEqual(streamed, response.text)
    })
  )

  it.live("answers many at once", () =>
    Effect.gen(function* () {
      const replies = yield* Effect.forEach(
        Array.from({ length: 6 }, (_, seed) => seed),
        (seed) => server((service) => service.chat(hi, { ...greedy, seed })),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(new Set(replies.map(({ text }) => text)).size, 1)
    })
  )

  it.live("gives log-probabilities, or none", () =>
    Effect.gen(function* () {
      const asked = yield* Effect.exit(
        server((service) => service.chat(hi, { ...greedy, logprobs: true, topLogprobs: 2 }))
      )
      // a server without them says nothing of them, or refuses the request in a sentence
      const found = Exit.isSuccess(asked) ? asked.value.logprobs : undefined
      if (found !== undefined) {
        assert.strictEqual(found.length, 12)
        assert.isTrue(found.every(({ logprob }) => logprob <= 0))
      }
    })
  )

  it.live("has no such model", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(
        server((service) => service.chat(hi, { ...greedy, model: "no/such-model" }))
      )
      // servers of one model may answer with it, whatever is asked for
      if (Exit.isFailure(exit)) assert.match(String(exit.cause), /model|refuses|failed/)
    })
  )

  it.live("is left alone by an interrupted request", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(
        server((service) => service.chat(hi, { ...greedy, maxTokens: 400 }))
      )
      yield* Effect.sleep(100)
      yield* Fiber.interrupt(fiber)
      const reply = yield* Effect.provide(
        LanguageModel.generateText({ prompt: "Hello" }),
        both
      ).pipe(Effect.timeout("60 seconds"))
      assert.isString(reply.text)
    })
  )
})
