/** The endpoint over a `Sampler` that is at hand. */
import { createHash, randomUUID, timingSafeEqual } from "node:crypto"

import { Sampler } from "@sml/policy"
import * as ByteSize from "effect/ByteSize"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpServer from "effect/http/HttpServer"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

import { answerOf, Chunks, type Head } from "./internal/answers.ts"
import { type Generation, readChatRequest, readTextRequest } from "./internal/readRequest.ts"
import { RequestFault } from "./internal/RequestFault.ts"
import { generateEvents, generateWhole } from "./internal/runGeneration.ts"
import type { ServedModel } from "./ServedModel.ts"

/** Who may ask, and how much at once. */
export interface EndpointSettings {
  /** Asked for as a bearer token, everywhere but at `/health`; anybody may ask where there is none. */
  readonly apiKey?: Redacted.Redacted | undefined
  /** Longest body of a request; 4 MiB unless given. */
  readonly maxBodyBytes?: number | undefined
}

type Response = HttpServerResponse.HttpServerResponse

const parseJson = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Unknown))

const digest = (text: string) => createHash("sha256").update(text).digest()

/** Whether a request has the key, in a time that does not tell how much of it is right. */
const authorised = (apiKey: Redacted.Redacted | undefined) => {
  const expected = apiKey === undefined ? undefined : digest(`Bearer ${Redacted.value(apiKey)}`)
  return ({ headers }: HttpServerRequest.HttpServerRequest) =>
    expected === undefined || timingSafeEqual(expected, digest(headers["authorization"] ?? ""))
}

const refusal = (fault: RequestFault) =>
  HttpServerResponse.jsonUnsafe(fault.json, {
    status: fault.status,
    ...(fault.status === 401 && { headers: { "www-authenticate": "Bearer" } })
  })

const encoder = new TextEncoder()
const eventOf = (data: unknown) => encoder.encode(`data: ${JSON.stringify(data)}\n\n`)
const done = encoder.encode("data: [DONE]\n\n")

const bodyOf = (request: HttpServerRequest.HttpServerRequest, most: number) =>
  request.text.pipe(
    Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(most)),
    Effect.mapError(({ reason }) =>
      "reason" in reason && reason.reason === "BodyTooLarge"
        ? new RequestFault(413, "body_too_large", `The request is longer than ${most} bytes.`)
        : new RequestFault(400, "invalid_body", "The body of the request cannot be read.")
    ),
    Effect.flatMap((text) =>
      Effect.mapError(
        parseJson(text),
        () => new RequestFault(400, "invalid_json", "The body of the request is no JSON.")
      )
    )
  )

const failed = ({ message }: { readonly message: string }) =>
  new RequestFault(500, "engine_failed", message)

/**
 * Serves a model on the `HttpServer` at hand until the scope ends: `POST /v1/chat/completions`,
 * `POST /v1/completions`, `GET /v1/models`, `GET /v1/models/{name}` and `GET /health`. Every completion
 * is a fiber of `Sampler.generate`, so the engine batches what is asked for at once, and what its client
 * no longer waits for is withdrawn.
 */
export const serveModel = Effect.fn("ModelServer.serveModel")(function* (
  model: ServedModel,
  settings: EndpointSettings = {}
): Effect.fn.Return<void, never, Sampler | HttpServer.HttpServer | Scope.Scope> {
  const sampler = yield* Sampler
  const mayAsk = authorised(settings.apiKey)
  const { maxBodyBytes = 2 ** 22 } = settings
  const started = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  const card = {
    id: model.name,
    object: "model",
    created: started,
    owned_by: "sml",
    max_model_len: sampler.contextLength
  }

  const headOf = Effect.fnUntraced(function* ({ kind }: Generation) {
    const created = Math.floor((yield* Clock.currentTimeMillis) / 1000)
    const id = `${kind === "chat" ? "chatcmpl" : "cmpl"}-${randomUUID()}`
    return { id, created, model: model.name } satisfies Head
  })

  const streamed = (head: Head, generation: Generation): Response => {
    const chunks = new Chunks(head, generation)
    const events = generateEvents(generation, model).pipe(
      Stream.map((event) => chunks.next(event)),
      Stream.provideService(Sampler, sampler)
    )
    const bytes = Stream.fromIterable(chunks.first()).pipe(
      Stream.concat(events),
      Stream.concat(Stream.suspend(() => Stream.fromIterable(chunks.last()))),
      Stream.map(eventOf),
      // too late for a status: the fault is the last event
      Stream.catch((error) => Stream.succeed(eventOf(failed(error).json))),
      Stream.concat(Stream.succeed(done))
    )
    return HttpServerResponse.stream(bytes, {
      contentType: "text/event-stream; charset=utf-8",
      headers: { "cache-control": "no-cache", "x-accel-buffering": "no" }
    })
  }

  const answered = Effect.fnUntraced(function* (generation: Generation) {
    const head = yield* headOf(generation)
    if (generation.stream) return streamed(head, generation)
    const choices = yield* generateWhole(generation, model).pipe(
      Effect.provideService(Sampler, sampler),
      Effect.mapError(failed)
    )
    return HttpServerResponse.jsonUnsafe(answerOf(head, generation, choices))
  })

  type Handler = (
    request: HttpServerRequest.HttpServerRequest
  ) => Effect.Effect<Response, RequestFault>

  const routes: Readonly<Record<string, readonly [method: string, handler: Handler]>> = {
    "/v1/chat/completions": [
      "POST",
      (request) =>
        bodyOf(request, maxBodyBytes).pipe(
          Effect.flatMap((body) => readChatRequest(body, model, sampler.contextLength)),
          Effect.flatMap(answered)
        )
    ],
    "/v1/completions": [
      "POST",
      (request) =>
        bodyOf(request, maxBodyBytes).pipe(
          Effect.flatMap((body) =>
            readTextRequest(body, model, sampler.contextLength, sampler.vocabularySize)
          ),
          Effect.flatMap(answered)
        )
    ],
    "/v1/models": [
      "GET",
      () => Effect.succeed(HttpServerResponse.jsonUnsafe({ object: "list", data: [card] }))
    ],
    [`/v1/models/${encodeURIComponent(model.name)}`]: [
      "GET",
      () => Effect.succeed(HttpServerResponse.jsonUnsafe(card))
    ],
    "/health": ["GET", () => Effect.succeed(HttpServerResponse.jsonUnsafe({ status: "ok" }))]
  }

  const app = Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const path = request.url.replace(/\?.*$/, "").replace(/(.)\/+$/, "$1")
    if (path !== "/health" && !mayAsk(request)) {
      const message = "This server wants its key as a bearer token, and the request has not got it."
      return yield* Effect.fail(new RequestFault(401, "invalid_api_key", message))
    }
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined
    if (route === undefined) {
      const message = `There is nothing at ${path}; this server has ${Object.keys(routes).join(", ")}.`
      return yield* Effect.fail(new RequestFault(404, "not_found", message))
    }
    const [method, handler] = route
    if (request.method !== method) {
      const message = `${path} takes ${method}, not ${request.method}.`
      return yield* Effect.fail(new RequestFault(405, "method_not_allowed", message))
    }
    return yield* handler(request)
  }).pipe(
    Effect.catch((fault) => Effect.succeed(refusal(fault))),
    // the server runs its handlers uninterruptibly, and interrupts them when a client hangs up
    Effect.interruptible
  )

  yield* HttpServer.serveEffect(app)
})
