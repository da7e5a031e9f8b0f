import { assert, describe, it } from "@effect/vitest"
import {
  ChatCompletions,
  CurrentChatOptions,
  type ChatError,
  type ChatEvent,
  type ChatMessage,
  type ChatOptions,
  type EndpointOptions
} from "@sml/openai-compatible"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
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

const hi: ReadonlyArray<ChatMessage> = [{ role: "user", content: "hi" }]

/** A server that answers so, and the service that asks it. */
const against = Effect.fnUntraced(function* (
  script: ReadonlyArray<Answer>,
  options: Partial<EndpointOptions> = {}
) {
  const server = yield* scriptedServer(script)
  const endpoint = { baseUrl: server.baseUrl, model: "m", ...options }
  const context = yield* Layer.build(ChatCompletions.layer(endpoint))
  const chat = (messages = hi, settings?: ChatOptions) =>
    Effect.provide(
      ChatCompletions.use((service) => service.chat(messages, settings)),
      context
    )
  const stream = (settings?: ChatOptions) =>
    Stream.unwrap(
      Effect.provide(
        ChatCompletions.useSync((service) => service.stream(hi, settings)),
        context
      )
    )
  const models = Effect.provide(
    ChatCompletions.use((service) => service.listModels),
    context
  )
  return { ...server, chat, stream, models }
})

const collect = (stream: Stream.Stream<ChatEvent, ChatError>) => Stream.runCollect(stream)

const page: Answer = (response) => {
  response.writeHead(200, { "content-type": "text/html" })
  response.end("<html>welcome</html>")
}

const garbage: Answer = (response) => response.end('{"choices": [{"mess')
const empty: Answer = (response) => response.end()

const huge: Answer = (response) => {
  response.writeHead(200, { "content-type": "application/json" })
  const more = () => {
    while (!response.destroyed && response.write("x".repeat(65_536)));
    response.once("drain", more)
  }
  more()
}

const call = (index: number, more: object) => event(chunk({ tool_calls: [{ index, ...more }] }))

const tagAndSentence = (error: ChatError) => {
  // one sentence: it ends once, and has no line breaks
  assert.match(error.message, /^[^\n]+[.]$/)
  return error._tag
}

describe("chat", () => {
  it.live("sends what the protocol asks for, and reads the answer", () =>
    Effect.gen(function* () {
      const tokens = {
        content: [
          {
            token: "hé",
            logprob: -0.5,
            bytes: [104, 195, 169],
            top_logprobs: [
              { token: "hé", logprob: -0.5 },
              { token: "no", logprob: null }
            ]
          }
        ]
      }
      const server = yield* against([json(completion("hé", { logprobs: tokens }))], {
        apiKey: Redacted.make("sk-canary-000111"),
        headers: { "X-Team": "blue" },
        defaults: { temperature: 0.5, topP: 0.9 }
      })
      const reply = yield* server
        .chat([{ role: "system", content: "be brief" }, ...hi], {
          temperature: 0,
          maxTokens: 7,
          seed: 3,
          stop: ["\n"],
          topLogprobs: 2,
          extra: { top_k: 5 }
        })
        .pipe(Effect.provideService(CurrentChatOptions, { temperature: 1, model: "other" }))
      assert.deepStrictEqual(server.requests[0]?.body, {
        model: "other",
        messages: [
          { role: "system", content: "be brief" },
          { role: "user", content: "hi" }
        ],
        max_tokens: 7,
        temperature: 0,
        top_p: 0.9,
        seed: 3,
        stop: ["\n"],
        logprobs: true,
        top_logprobs: 2,
        top_k: 5
      })
      assert.strictEqual(server.requests[0]?.path, "/v1/chat/completions")
      assert.strictEqual(server.requests[0]?.headers.authorization, "Bearer sk-canary-000111")
      assert.strictEqual(server.requests[0]?.headers["x-team"], "blue")
      assert.strictEqual(server.requests[0]?.headers["traceparent"], undefined)
      assert.deepStrictEqual(reply, {
        id: "chatcmpl-1",
        model: "scripted",
        text: "hé",
        toolCalls: [],
        finishReason: "stop",
        usage: { inputTokens: 3, outputTokens: 2 },
        logprobs: [
          {
            token: "hé",
            logprob: -0.5,
            bytes: [104, 195, 169],
            top: [
              { token: "hé", logprob: -0.5 },
              { token: "no", logprob: Number.NEGATIVE_INFINITY }
            ]
          }
        ]
      })
    })
  )

  it.live(
    "sends tool calls, results and images, and reads calls with arguments of both kinds",
    () =>
      Effect.gen(function* () {
        const calls = [
          { id: "a", type: "function", function: { name: "add", arguments: '{"x":1}' } },
          { id: "b", type: "function", function: { name: "add", arguments: { x: 2 } } }
        ]
        const message = {
          message: { content: null, tool_calls: calls },
          finish_reason: "tool_calls"
        }
        const server = yield* against([json({ model: "m", choices: [message] })])
        const parameters = { type: "object", properties: { x: { type: "number" } } }
        const reply = yield* server.chat(
          [
            {
              role: "user",
              content: [
                { type: "text", text: "see" },
                { type: "image", url: "data:image/png;base64,AA==" }
              ]
            },
            {
              role: "assistant",
              content: "",
              toolCalls: [{ id: "z", name: "add", arguments: "{}" }]
            },
            { role: "tool", toolCallId: "z", content: "4" }
          ],
          { tools: [{ name: "add", description: "adds", parameters }], toolChoice: { tool: "add" } }
        )
        assert.deepStrictEqual(reply.toolCalls, [
          { id: "a", name: "add", arguments: '{"x":1}' },
          { id: "b", name: "add", arguments: '{"x":2}' }
        ])
        assert.strictEqual(reply.finishReason, "tool-calls")
        assert.deepStrictEqual(reply.usage, {})
        assert.deepStrictEqual(server.requests[0]?.body, {
          model: "m",
          messages: [
            {
              role: "user",
              content: [
                { type: "text", text: "see" },
                { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } }
              ]
            },
            {
              role: "assistant",
              content: null,
              tool_calls: [
                { id: "z", type: "function", function: { name: "add", arguments: "{}" } }
              ]
            },
            { role: "tool", tool_call_id: "z", content: "4" }
          ],
          tools: [{ type: "function", function: { name: "add", description: "adds", parameters } }],
          tool_choice: { type: "function", function: { name: "add" } }
        })
      })
  )

  it.live("falls back from json_schema to json_object to words, and remembers it", () =>
    Effect.gen(function* () {
      const server = yield* against([
        json({ error: { message: "response_format json_schema is not supported" } }, 400),
        json({ error: "'response_format.type' must be 'text'" }, 422),
        json(completion('```json\n{"x":1}\n```'))
      ])
      const responseFormat = { type: "json", name: "point", schema: { type: "object" } } as const
      const reply = yield* server.chat(hi, { responseFormat })
      assert.strictEqual(reply.text, '{"x":1}')
      yield* server.chat(hi, { responseFormat })
      assert.deepInclude(server.requests[0]?.body, {
        response_format: {
          type: "json_schema",
          json_schema: { name: "point", schema: { type: "object" }, strict: true }
        }
      })
      assert.deepInclude(server.requests[1]?.body, { response_format: { type: "json_object" } })
      assert.notProperty(server.requests[2]?.body, "response_format")
      assert.match(JSON.stringify(server.requests[2]?.body), /Answer with JSON only/)
      assert.strictEqual(server.requests.length, 4)
    })
  )

  it.live("says max_completion_tokens to a server that wants it", () =>
    Effect.gen(function* () {
      const refusal =
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
      const server = yield* against([
        json({ error: { message: refusal, code: "unsupported_parameter" } }, 400),
        json(completion("ok"))
      ])
      yield* server.chat(hi, { maxTokens: 9 })
      assert.deepInclude(server.requests[1]?.body, { max_completion_tokens: 9 })
    })
  )

  it.live("lists models", () =>
    Effect.gen(function* () {
      const data = [{ id: "a", owned_by: "x", max_model_len: 512 }, { id: "b" }]
      const server = yield* against([json({ object: "list", data })])
      assert.deepStrictEqual(yield* server.models, [
        { id: "a", ownedBy: "x", contextLength: 512 },
        { id: "b" }
      ])
      assert.strictEqual(server.requests[0]?.path, "/v1/models")
      assert.strictEqual(server.requests[0]?.method, "GET")
    })
  )

  it.live("takes the key and the URL from the environment", () =>
    Effect.gen(function* () {
      const server = yield* scriptedServer([json(completion("ok"))])
      const environment = ConfigProvider.layer(
        ConfigProvider.fromUnknown({
          OPENAI_API_KEY: "sk-env-key-1",
          OPENAI_BASE_URL: server.baseUrl
        })
      )
      const reply = yield* ChatCompletions.use((service) => service.chat(hi)).pipe(
        Effect.provide(Layer.provide(ChatCompletions.layerConfig({ model: "m" }), environment))
      )
      assert.strictEqual(reply.text, "ok")
      assert.strictEqual(server.requests[0]?.headers.authorization, "Bearer sk-env-key-1")
    })
  )
})

describe("faults", () => {
  it.live("nothing listens", () =>
    Effect.gen(function* () {
      const closed = yield* Effect.scoped(Effect.map(scriptedServer([]), ({ baseUrl }) => baseUrl))
      const layer = ChatCompletions.layer({ baseUrl: closed, model: "m", retries: 1 })
      const error = yield* ChatCompletions.use((service) => service.chat(hi)).pipe(
        Effect.provide(layer),
        Effect.flip
      )
      assert.strictEqual(error._tag, "ServerUnreachable")
      assert.match(error.message, /nothing listens there/)
    })
  )

  it.live("401 with and without a key", () =>
    Effect.gen(function* () {
      const refusal = json({ error: { message: "Incorrect API key provided" } }, 401)
      const none = yield* against([refusal])
      const wrong = yield* against([refusal], { apiKey: Redacted.make("sk-wrong-key") })
      const withoutKey = yield* Effect.flip(none.chat())
      const withKey = yield* Effect.flip(wrong.chat())
      assert.strictEqual(tagAndSentence(withoutKey), "WrongKey")
      assert.match(withoutKey.message, /wants a key and got none/)
      assert.strictEqual(tagAndSentence(withKey), "WrongKey")
      assert.match(withKey.message, /refuses the key/)
      assert.strictEqual(none.requests.length, 1)
    })
  )

  it.live("404 of a model, and of a path", () =>
    Effect.gen(function* () {
      const model = yield* against([
        json({ error: { message: 'model "m" not found, try pulling it first' } }, 404)
      ])
      const path = yield* against([json({ detail: "Not Found" }, 404)])
      const noModel = yield* Effect.flip(model.chat())
      assert.strictEqual(tagAndSentence(noModel), "NoSuchModel")
      const noPath = yield* Effect.flip(path.chat())
      assert.strictEqual(tagAndSentence(noPath), "RequestRefused")
      assert.match(noPath.message, /usually ends in \/v1/)
    })
  )

  // the words of OpenAI and vLLM, llama.cpp, Ollama, SGLang, LM Studio, vLLM, TGI, Anthropic, Google
  it.live.each([
    [
      400,
      "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4500 in the messages, 500 in the completion). Please reduce the length of the messages or completion.",
      4096
    ],
    [
      400,
      "the request exceeds the available context size. try increasing the context size or enable context shift",
      undefined
    ],
    [500, "input length exceeds the context length", undefined],
    [400, "The input (5000 tokens) is longer than the model's context length (4096 tokens).", 4096],
    [
      400,
      "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough.",
      4096
    ],
    [
      400,
      "The decoder prompt (length 5000) is longer than the maximum model length of 4096. Make sure that `max_model_len` is no smaller than the number of text tokens.",
      4096
    ],
    [
      422,
      "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 20 `max_new_tokens`",
      4096
    ],
    [400, "prompt is too long: 210000 tokens > 200000 maximum", 200_000],
    [
      400,
      "The input token count (1500000) exceeds the maximum number of tokens allowed (1048575).",
      undefined
    ]
  ] as const)("an overflow of the context: %s %s", ([status, message, limit]) =>
    Effect.gen(function* () {
      const server = yield* against([json({ error: { message } }, status)], { retries: 0 })
      const error = yield* Effect.flip(server.chat())
      assert.strictEqual(error._tag, "ContextOverflow")
      assert.strictEqual(error._tag === "ContextOverflow" ? error.limit : 0, limit)
    })
  )

  it.live.each([
    "temperature must be at most 2",
    "unknown role: teacher",
    "max_tokens must be at least 1"
  ])("another refusal is not an overflow: %s", (message) =>
    Effect.gen(function* () {
      const server = yield* against([json({ error: { message } }, 400)])
      const error = yield* Effect.flip(server.chat())
      assert.strictEqual(tagAndSentence(error), "RequestRefused")
      assert.include(error.message, message)
      assert.strictEqual(server.requests.length, 1)
    })
  )

  it.live("500 then fine", () =>
    Effect.gen(function* () {
      const server = yield* against([
        json({ error: "overloaded" }, 500),
        (response) => response.destroy(),
        json(completion("ok"))
      ])
      assert.strictEqual((yield* server.chat()).text, "ok")
      assert.strictEqual(server.requests.length, 3)
    })
  )

  it.live("500 for ever", () =>
    Effect.gen(function* () {
      const server = yield* against([json({ error: { message: "out of memory" } }, 503)], {
        retries: 1
      })
      const error = yield* Effect.flip(server.chat())
      assert.strictEqual(tagAndSentence(error), "ServerFault")
      assert.match(error.message, /503.*out of memory/)
      assert.strictEqual(server.requests.length, 2)
    })
  )

  it.live("429 with Retry-After holds back the others too", () =>
    Effect.gen(function* () {
      const server = yield* against(
        [
          json({ error: { message: "slow down" } }, 429, { "retry-after": "0.7" }),
          json(completion("ok"))
        ],
        { concurrency: 1 }
      )
      const begun = Date.now()
      yield* Effect.all([server.chat(), server.chat()], { concurrency: 2 })
      const took = Date.now() - begun
      assert.isAtLeast(took, 680)
      assert.isBelow(took, 3000)
      assert.strictEqual(server.requests.length, 3)
    })
  )

  it.live("429 for longer than the patience fails at once", () =>
    Effect.gen(function* () {
      const server = yield* against([json({}, 429, { "retry-after": "3600" })])
      const begun = Date.now()
      const error = yield* Effect.flip(server.chat())
      assert.isBelow(Date.now() - begun, 2000)
      assert.strictEqual(tagAndSentence(error), "RateLimited")
      assert.match(error.message, /3600 s.*120 s/)
    })
  )

  it.live("429 because the quota is used up is final", () =>
    Effect.gen(function* () {
      const fault = { message: "You exceeded your current quota", code: "insufficient_quota" }
      const server = yield* against([json({ error: fault }, 429)])
      assert.strictEqual(tagAndSentence(yield* Effect.flip(server.chat())), "RateLimited")
      assert.strictEqual(server.requests.length, 1)
    })
  )

  it.live("sends nothing while the headers say that nothing remains", () =>
    Effect.gen(function* () {
      const spent = { "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "600ms" }
      const server = yield* against([json(completion("a"), 200, spent), json(completion("b"))])
      yield* server.chat()
      const begun = Date.now()
      yield* server.chat()
      assert.isAtLeast(Date.now() - begun, 500)
    })
  )

  it.live("keeps to its own requests per minute and concurrency", () =>
    Effect.gen(function* () {
      let open = 0
      let most = 0
      const slow: Answer = (response) => {
        open++
        most = Math.max(most, open)
        setTimeout(() => {
          open--
          json(completion("ok"))(response, { path: "", method: "", headers: {}, body: undefined })
        }, 50)
      }
      const two = yield* against([slow], { concurrency: 2 })
      yield* Effect.all(
        Array.from({ length: 6 }, () => two.chat()),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(most, 2)
      const paced = yield* against([json(completion("ok"))], { requestsPerMinute: 300 })
      const begun = Date.now()
      yield* Effect.all(
        Array.from({ length: 4 }, () => paced.chat()),
        { concurrency: "unbounded" }
      )
      assert.isAtLeast(Date.now() - begun, 590)
    })
  )

  it.live("garbage, an empty body, a page, JSON of another shape", () =>
    Effect.gen(function* () {
      for (const answer of [page, garbage, empty, json({ choices: [] }), json([1])]) {
        const server = yield* against([answer])
        assert.strictEqual(tagAndSentence(yield* Effect.flip(server.chat())), "MalformedAnswer")
        assert.strictEqual(server.requests.length, 1)
      }
    })
  )

  it.live("a fault inside a successful answer", () =>
    Effect.gen(function* () {
      const server = yield* against([json({ error: { message: "upstream died", code: 502 } })], {
        retries: 0
      })
      const error = yield* Effect.flip(server.chat())
      assert.strictEqual(tagAndSentence(error), "ServerFault")
      assert.match(error.message, /upstream died/)
    })
  )

  it.live("a huge body is refused before all of it is read", () =>
    Effect.gen(function* () {
      const server = yield* against([huge], { maxAnswerBytes: 2 ** 20 })
      const error = yield* Effect.flip(server.chat())
      assert.strictEqual(tagAndSentence(error), "MalformedAnswer")
      assert.match(error.message, /longer than 1048576 bytes/)
      yield* server.aborted
    })
  )

  it.live("a server that never answers", () =>
    Effect.gen(function* () {
      const server = yield* against([() => undefined], { deadline: 150 })
      const error = yield* Effect.flip(server.chat())
      assert.strictEqual(tagAndSentence(error), "TimedOut")
      assert.match(error.message, /0.15 s/)
      assert.strictEqual(server.requests.length, 1)
      yield* server.aborted
    })
  )

  it.live("interruption aborts the request", () =>
    Effect.gen(function* () {
      const server = yield* against([() => undefined])
      const fiber = yield* Effect.forkChild(server.chat())
      while (server.requests.length === 0) yield* Effect.sleep(5)
      yield* Fiber.interrupt(fiber)
      yield* server.aborted
    })
  )

  it.live.each([
    { baseUrl: "localhost:11434" },
    { baseUrl: "ftp://example.com" },
    { baseUrl: "http://user:secretsecret@example.com" },
    { model: " " },
    { concurrency: 0 },
    { requestsPerMinute: 0 },
    { retries: -1 },
    { deadline: 0 },
    { apiKey: Redacted.make("secretsecret\nsecret") },
    { headers: { "x y": "1" } }
  ])("an endpoint that no request can be sent to: %j", (options) =>
    Effect.gen(function* () {
      const endpoint = { baseUrl: "http://127.0.0.1:9/v1", model: "m", ...options }
      const error = yield* Effect.flip(Effect.scoped(Layer.build(ChatCompletions.layer(endpoint))))
      assert.strictEqual(error._tag, "InvalidEndpoint")
      assert.match(error.message, /^[^\n]+[.]$/)
      assert.notInclude(error.message, "secret")
    })
  )
})

describe("stream", () => {
  const pieces = [
    ": comment\n\n",
    event(chunk({ role: "assistant", content: "" })),
    event(chunk({ reasoning_content: "hm" })),
    event(chunk({ content: "hé" })),
    event(chunk({ content: "llo" }, null, {})),
    event(chunk({}, "stop"))
  ]
  const usage = event({ id: "x", choices: [], usage: { prompt_tokens: 4, completion_tokens: 2 } })

  it.live("gives the pieces and the whole, with and without usage and [DONE]", () =>
    Effect.gen(function* () {
      for (const [end, counted] of [
        [[usage, "data: [DONE]\n\n"], { inputTokens: 4, outputTokens: 2 }],
        [["data: [DONE]\n\n", "data: not read\n\n"], {}],
        [[], {}]
      ] as const) {
        const server = yield* against([eventStream([...pieces, ...end])])
        const events = yield* collect(server.stream())
        assert.deepStrictEqual(
          events.map(({ _tag }) => _tag),
          ["Reasoning", "Text", "Text", "Done"]
        )
        const last = events.at(-1)
        assert.deepStrictEqual(last?._tag === "Done" ? last.reply : undefined, {
          id: "chatcmpl-1",
          model: "scripted",
          text: "héllo",
          reasoning: "hm",
          toolCalls: [],
          finishReason: "stop",
          usage: counted
        })
        assert.deepInclude(server.requests[0]?.body, {
          stream: true,
          stream_options: { include_usage: true }
        })
      }
    })
  )

  it.live("is the same however the bytes are cut", () =>
    Effect.gen(function* () {
      const bytes = Buffer.from([...pieces, usage, "data: [DONE]\n\n"].join(""))
      const cut = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) =>
        bytes.subarray(i * 7, i * 7 + 7)
      )
      const server = yield* against([eventStream(cut)])
      const last = (yield* collect(server.stream())).at(-1)
      assert.strictEqual(last?._tag === "Done" ? last.reply.text : "", "héllo")
    })
  )

  it.live("puts tool calls together", () =>
    Effect.gen(function* () {
      const server = yield* against([
        eventStream([
          call(0, { id: "a", function: { name: "add", arguments: "" } }),
          call(0, { function: { arguments: '{"x"' } }),
          call(1, { id: "b", function: { name: "mul", arguments: "{}" } }),
          call(0, { function: { arguments: ":1}" } }),
          event(chunk({}, "tool_calls"))
        ])
      ])
      const last = (yield* collect(server.stream())).at(-1)
      assert.deepStrictEqual(last?._tag === "Done" ? last.reply.toolCalls : [], [
        { id: "a", name: "add", arguments: '{"x":1}' },
        { id: "b", name: "mul", arguments: "{}" }
      ])
    })
  )

  it.live("a server without streams answers as a whole", () =>
    Effect.gen(function* () {
      const server = yield* against([json(completion("ok"))])
      assert.deepStrictEqual(
        (yield* collect(server.stream())).map(({ _tag }) => _tag),
        ["Text", "Done"]
      )
    })
  )

  it.live("a server that knows no stream_options is asked without", () =>
    Effect.gen(function* () {
      const server = yield* against([
        json(
          { detail: [{ loc: ["body", "stream_options"], msg: "Extra inputs are not permitted" }] },
          422
        ),
        eventStream(pieces)
      ])
      yield* collect(server.stream())
      assert.notProperty(server.requests[1]?.body, "stream_options")
    })
  )

  it.live("a failure before the first piece is tried again, one after it is final", () =>
    Effect.gen(function* () {
      const before = yield* against([json({}, 500), eventStream([], "cut"), eventStream(pieces)])
      assert.strictEqual((yield* collect(before.stream())).at(-1)?._tag, "Done")
      const after = yield* against([eventStream(pieces.slice(0, 4), "cut")])
      const seen: Array<string> = []
      const error = yield* after.stream().pipe(
        Stream.runForEach(({ _tag }) => Effect.sync(() => seen.push(_tag))),
        Effect.flip
      )
      assert.deepStrictEqual(seen, ["Reasoning", "Text"])
      assert.strictEqual(tagAndSentence(error), "ServerUnreachable")
      assert.match(error.message, /in mid-answer/)
      assert.strictEqual(after.requests.length, 1)
    })
  )

  it.live("an end in mid-answer, garbage, a fault, a page", () =>
    Effect.gen(function* () {
      for (const [answer, tag] of [
        [eventStream(pieces.slice(0, 4)), "MalformedAnswer"],
        [eventStream([...pieces.slice(0, 4), "data: {oops\n\n"]), "MalformedAnswer"],
        [
          eventStream([pieces[3] ?? "", 'data: {"error": {"message": "cuda died"}}\n\n']),
          "ServerFault"
        ],
        [page, "MalformedAnswer"]
      ] as const) {
        const server = yield* against([answer], { retries: 0 })
        assert.strictEqual(tagAndSentence(yield* Effect.flip(collect(server.stream()))), tag)
      }
    })
  )

  it.live("deadlines for the first piece and for the whole", () =>
    Effect.gen(function* () {
      const silent = yield* against([eventStream([": wait\n\n"], "hang")], {
        firstTokenDeadline: 150
      })
      const first = yield* Effect.flip(collect(silent.stream()))
      assert.strictEqual(tagAndSentence(first), "TimedOut")
      assert.match(first.message, /did not begin to answer within 0.15 s/)
      yield* silent.aborted
      const stuck = yield* against([eventStream(pieces.slice(0, 4), "hang")], {
        firstTokenDeadline: 150,
        deadline: 400
      })
      const whole = yield* Effect.flip(collect(stuck.stream()))
      assert.match(whole.message, /did not finish its answer within 0.4 s/)
      yield* stuck.aborted
    })
  )

  it.live("taking no more of it aborts the request", () =>
    Effect.gen(function* () {
      const server = yield* against([eventStream(pieces.slice(0, 4), "hang")])
      const some = yield* Stream.runCollect(Stream.take(server.stream(), 2))
      assert.strictEqual(some.length, 2)
      yield* server.aborted
    })
  )
})
