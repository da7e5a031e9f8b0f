import { assert, describe, it } from "@effect/vitest"
import { ChatCompletions, CurrentChatOptions, OpenAiCompatible } from "@sml/openai-compatible"
import { LanguageModel, Model, Tool, Toolkit } from "effect/ai"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

import {
  type Answer,
  chunk,
  completion,
  event,
  eventStream,
  json,
  scriptedServer
} from "./ScriptedServer.ts"

const over = Effect.fnUntraced(function* (script: ReadonlyArray<Answer>) {
  const server = yield* scriptedServer(script)
  const layer = OpenAiCompatible.layer({ baseUrl: server.baseUrl, model: "m", retries: 0 })
  return { ...server, layer }
})

const Add = Tool.make("add", {
  description: "Adds two numbers",
  parameters: Schema.Struct({ x: Schema.Number, y: Schema.Number }),
  success: Schema.Number
})
const toolkit = Toolkit.make(Add)
const handlers = toolkit.toLayer({ add: ({ x, y }) => Effect.succeed(x + y) })
const call = (args: string) => ({
  message: {
    content: null,
    tool_calls: [{ id: "c1", type: "function", function: { name: "add", arguments: args } }]
  },
  finish_reason: "tool_calls"
})

describe("OpenAiCompatible", () => {
  it.live("text, usage and log-probabilities", () =>
    Effect.gen(function* () {
      const logprobs = { content: [{ token: "ok", logprob: -0.25, top_logprobs: [] }] }
      const { layer, requests } = yield* over([json(completion("ok", { logprobs }))])
      const response = yield* LanguageModel.generateText({
        prompt: [
          { role: "system", content: "be brief" },
          { role: "user", content: [{ type: "text", text: "hi" }] }
        ]
      }).pipe(
        Effect.provideService(CurrentChatOptions, { temperature: 0, logprobs: true }),
        Effect.provide(layer)
      )
      assert.strictEqual(response.text, "ok")
      assert.strictEqual(response.finishReason, "stop")
      assert.strictEqual(response.usage.inputTokens.total, 3)
      assert.strictEqual(response.usage.outputTokens.total, 2)
      const finish = response.content.find((part) => part.type === "finish")
      assert.deepStrictEqual(finish?.metadata, {
        openaiCompatible: { logprobs: [{ token: "ok", logprob: -0.25, top: [] }] }
      })
      assert.deepStrictEqual(requests[0]?.body, {
        model: "m",
        messages: [
          { role: "system", content: "be brief" },
          { role: "user", content: "hi" }
        ],
        temperature: 0,
        logprobs: true
      })
    })
  )

  it.live("objects, and objects that do not satisfy their schema", () =>
    Effect.gen(function* () {
      const schema = Schema.Struct({ answer: Schema.Int })
      const { layer, requests } = yield* over([
        json(completion('{"answer": 42}')),
        json(completion('{"answer": "much"}'))
      ])
      const ask = LanguageModel.generateObject({ prompt: "hi", schema }).pipe(Effect.provide(layer))
      assert.deepStrictEqual((yield* ask).value, { answer: 42 })
      const sent = requests[0]?.body
      assert.deepInclude(JSON.stringify(sent), '"strict":true')
      assert.deepInclude(JSON.stringify(sent), '"required":["answer"]')
      assert.strictEqual((yield* Effect.flip(ask))._tag, "AiError")
    })
  )

  it.live("tools are offered, called and answered", () =>
    Effect.gen(function* () {
      const { layer, requests } = yield* over([
        json({ model: "m", choices: [call('{"x":1,"y":2}')] }),
        json(completion("3"))
      ])
      const response = yield* LanguageModel.generateText({ prompt: "1 + 2 ?", toolkit }).pipe(
        Effect.provide(Layer.merge(layer, handlers))
      )
      assert.deepStrictEqual(
        response.toolResults.map(({ result }) => result),
        [3]
      )
      assert.deepNestedInclude(requests[0]?.body, { tool_choice: "auto" })
      assert.deepNestedInclude(requests[0]?.body, { "tools[0].function.name": "add" })
      // what was said goes back in the protocol's words
      yield* LanguageModel.generateText({
        prompt: [
          { role: "user", content: [{ type: "text", text: "1 + 2 ?" }] },
          {
            role: "assistant",
            content: [{ type: "tool-call", id: "c1", name: "add", params: { x: 1, y: 2 } }]
          },
          {
            role: "tool",
            content: [{ type: "tool-result", id: "c1", name: "add", result: 3, isFailure: false }]
          }
        ]
      }).pipe(Effect.provide(layer))
      assert.deepNestedInclude(requests[1]?.body, {
        "messages[2]": { role: "tool", tool_call_id: "c1", content: "3" }
      })
    })
  )

  it.live("arguments that are no JSON are the model's fault", () =>
    Effect.gen(function* () {
      const { layer } = yield* over([json({ model: "m", choices: [call("{x: 1")] })])
      const error = yield* LanguageModel.generateText({ prompt: "1 + 2 ?", toolkit }).pipe(
        Effect.provide(Layer.merge(layer, handlers)),
        Effect.flip
      )
      assert.strictEqual(error._tag, "AiError")
      assert.match(error.message, /arguments that are no JSON/)
    })
  )

  it.live("streams parts that open and close", () =>
    Effect.gen(function* () {
      const { layer } = yield* over([
        eventStream([
          event(chunk({ reasoning_content: "hm" })),
          event(chunk({ content: "a" })),
          event(chunk({ content: "b" })),
          event(
            chunk({
              tool_calls: [{ index: 0, id: "c1", function: { name: "add", arguments: '{"x":1,' } }]
            })
          ),
          event(chunk({ tool_calls: [{ index: 0, function: { arguments: '"y":2}' } }] })),
          event(chunk({}, "tool_calls", { usage: { prompt_tokens: 1, completion_tokens: 4 } })),
          "data: [DONE]\n\n"
        ])
      ])
      const parts = yield* LanguageModel.streamText({
        prompt: "1 + 2 ?",
        toolkit,
        disableToolCallResolution: true
      }).pipe(Stream.runCollect, Effect.provide(Layer.merge(layer, handlers)))
      assert.deepStrictEqual(
        parts.map(({ type }) => type),
        [
          "reasoning-start",
          "reasoning-delta",
          "reasoning-end",
          "text-start",
          "text-delta",
          "text-delta",
          "text-end",
          "tool-params-start",
          "tool-params-delta",
          "tool-params-delta",
          "tool-params-end",
          "tool-call",
          "response-metadata",
          "finish"
        ]
      )
      const last = parts.at(-1)
      assert.strictEqual(last?.type === "finish" ? last.usage.outputTokens.total : 0, 4)
    })
  )

  it.live("every failure keeps its sentence and its tag", () =>
    Effect.gen(function* () {
      for (const [answer, reason, tag] of [
        [json({ error: "no" }, 401), "AuthenticationError", "WrongKey"],
        [json({ error: "model m not found" }, 404), "InvalidRequestError", "NoSuchModel"],
        [json({ error: "prompt is too long" }, 400), "InvalidRequestError", "ContextOverflow"],
        [json({ error: "no" }, 400), "InvalidRequestError", "RequestRefused"],
        [json({}, 429, { "retry-after": "999" }), "RateLimitError", "RateLimited"],
        [json({}), "InvalidResponseError", "MalformedAnswer"],
        [json({ error: "no" }, 500), "InternalProviderError", "ServerFault"]
      ] as const) {
        const { layer } = yield* over([answer])
        const error = yield* LanguageModel.generateText({ prompt: "hi" }).pipe(
          Effect.provide(layer),
          Effect.flip
        )
        assert.strictEqual(error._tag, "AiError")
        assert.deepNestedInclude(error, {
          "reason._tag": reason,
          "reason.metadata.openaiCompatible.error": tag
        })
      }
    })
  )

  it.live("names models for programs that ask", () =>
    Effect.gen(function* () {
      const server = yield* scriptedServer([json(completion("ok"))])
      const name = yield* Effect.gen(function* () {
        yield* LanguageModel.generateText({ prompt: "hi" })
        return yield* Model.ModelName
      }).pipe(
        Effect.provide(OpenAiCompatible.model("second")),
        Effect.provide(ChatCompletions.layer({ baseUrl: server.baseUrl, model: "first" }))
      )
      assert.strictEqual(name, "second")
      assert.deepInclude(server.requests[0]?.body, { model: "second" })
    })
  )
})
