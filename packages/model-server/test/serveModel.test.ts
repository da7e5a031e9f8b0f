import { assert, it } from "@effect/vitest"
import { compileChatTemplate, makeTokenizer } from "@sml/language-model"
import { listen, type ServedModel, serveModel } from "@sml/model-server"
import { type GenerateRequest, Sampler, SamplerError } from "@sml/policy"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { HttpServer } from "effect/http"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"

const words = ["<end>", "one", "two", "three"]
const model: ServedModel = {
  name: "words",
  tokenizer: Result.getOrThrow(
    makeTokenizer(
      {
        added_tokens: [{ id: 0, content: "<end>", special: true }],
        pre_tokenizer: { type: "WhitespaceSplit" },
        model: {
          type: "WordLevel",
          vocab: Object.fromEntries(words.map((word, id) => [word, id])),
          unk_token: "<end>"
        }
      },
      {},
      "words"
    )
  ),
  template: Result.mapError(
    compileChatTemplate({
      name: "words",
      source: "{% for m in messages %}{{ m.content }} {% endfor %}"
    }),
    ({ message }) => message
  ),
  knowsSystem: false,
  stop: [0],
  defaults: { endTokenIds: [0] }
}

const serving = Effect.fnUntraced(function* (
  generate: Sampler["Service"]["generate"],
  grace = 5000
) {
  const listening = yield* Layer.build(listen({ port: 0, grace }))
  return yield* Effect.gen(function* () {
    yield* serveModel(model)
    const { address } = yield* HttpServer.HttpServer
    return `http://127.0.0.1:${"port" in address ? address.port : 0}/v1/chat/completions`
  }).pipe(
    Effect.provideService(Sampler, { contextLength: 64, vocabularySize: 4, generate }),
    Effect.provide(listening)
  )
})

const post = (url: string, more: object = {}, signal?: AbortSignal) =>
  fetch(url, {
    method: "POST",
    body: JSON.stringify({ messages: [{ role: "user", content: "one" }], ...more }),
    signal: signal ?? null
  })

const completion = (...ids: ReadonlyArray<number>) => ({
  ids: Int32Array.from(ids),
  logprobs: new Float32Array(ids.length),
  rawLogprobs: new Float32Array(ids.length),
  stop: "stop" as const
})

it.live("a client that hangs up withdraws what is sampled for it, whole or streamed", () =>
  Effect.gen(function* () {
    for (const stream of [false, true]) {
      const begun = yield* Deferred.make<GenerateRequest>()
      const withdrawn = yield* Deferred.make<void>()
      const url = yield* serving((request) =>
        Effect.gen(function* () {
          request.onSampled?.(1, -1)
          yield* Deferred.succeed(begun, request)
          return yield* Effect.never
        }).pipe(Effect.onInterrupt(() => Deferred.succeed(withdrawn, undefined)))
      )
      const client = new AbortController()
      const asked = post(url, { stream }, client.signal).then(
        (response) => response.text(),
        () => "aborted"
      )
      const ended = asked.catch(() => "aborted")
      yield* Deferred.await(begun)
      client.abort()
      yield* Deferred.await(withdrawn)
      assert.strictEqual(yield* Effect.promise(() => ended), "aborted")
    }
  }).pipe(Effect.scoped)
)

it.live("an engine that fails is a fault of the server, whole or streamed", () =>
  Effect.gen(function* () {
    const url = yield* serving((request) => {
      request.onSampled?.(1, -1)
      return new SamplerError({ reason: "The engine's thread has stopped; start it again." })
    })
    const whole = yield* Effect.promise(() => post(url))
    assert.strictEqual(whole.status, 500)
    assert.match(yield* Effect.promise(() => whole.text()), /thread has stopped/)
    const streamed = yield* Effect.promise(() => post(url, { stream: true }))
    const text = yield* Effect.promise(() => streamed.text())
    assert.match(text, /"content":"one"[\s\S]*"error":\{"message":"The engine's thread has stopped/)
  }).pipe(Effect.scoped)
)

it.live("an engine that tells nothing before the end is streamed all the same", () =>
  Effect.gen(function* () {
    const url = yield* serving(() => Effect.succeed(completion(1, 2, 3, 0)))
    const streamed = yield* Effect.promise(() => post(url, { stream: true }))
    const text = yield* Effect.promise(() => streamed.text())
    const pieces = [...text.matchAll(/"content":"([^"]*)"/g)].map(([, piece]) => piece)
    assert.strictEqual(pieces.join(""), "one two three")
    assert.match(text, /data: \[DONE\]\n\n$/)
  }).pipe(Effect.scoped)
)

it.live("the pieces of a stream arrive as they are sampled", () =>
  Effect.gen(function* () {
    const go = yield* Deferred.make<void>()
    const url = yield* serving((request) =>
      Effect.gen(function* () {
        request.onSampled?.(1, -1)
        yield* Deferred.await(go)
        request.onSampled?.(2, -1)
        return completion(1, 2)
      })
    )
    const response = yield* Effect.promise(() => post(url, { stream: true }))
    const reader = response.body?.getReader()
    let text = ""
    while (!text.includes('"one"')) {
      const part = yield* Effect.promise(async () => reader?.read())
      text += new TextDecoder().decode(part?.value)
    }
    assert.notInclude(text, "two")
    yield* Deferred.succeed(go, undefined)
    while (!text.includes("[DONE]")) {
      const part = yield* Effect.promise(async () => reader?.read())
      text += new TextDecoder().decode(part?.value)
    }
    assert.include(text, '" two"')
  }).pipe(Effect.scoped)
)

it.live("stopping lets requests finish within the grace, and no longer", () =>
  Effect.gen(function* () {
    for (const [grace, takes, finished] of [
      [5000, 200, true],
      [100, 60_000, false]
    ] as const) {
      const scope = yield* Scope.make()
      const begun = yield* Deferred.make<void>()
      const url = yield* serving(
        () =>
          Deferred.succeed(begun, undefined).pipe(
            Effect.andThen(Effect.sleep(takes)),
            Effect.as(completion(1, 0))
          ),
        grace
      ).pipe(Scope.provide(scope))
      const asked = post(url).then(
        (response) => response.status === 200,
        () => false
      )
      yield* Deferred.await(begun)
      const start = Date.now()
      yield* Scope.close(scope, Exit.void)
      assert.isBelow(Date.now() - start, 3000)
      assert.strictEqual(yield* Effect.promise(() => asked), finished)
      const later = yield* Effect.promise(() =>
        post(url).then(
          () => "answered",
          () => "closed"
        )
      )
      assert.strictEqual(later, "closed")
    }
  })
)
