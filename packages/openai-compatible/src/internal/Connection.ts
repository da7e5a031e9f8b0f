/** Requests to one server, one attempt each. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Stream from "effect/Stream"

import * as ChatError from "../ChatError.ts"
import type { JsonObject } from "../ChatOptions.ts"
import { exhaustedMillis } from "../RateLimitHeaders.ts"
import type { AttemptFailure } from "./AttemptFailure.ts"
import type { CheckedEndpoint } from "./checkedEndpoint.ts"
import { failureOf } from "./failureOf.ts"
import type { RequestGate } from "./RequestGate.ts"
import type { ServerWords } from "./serverWords.ts"
import { wordsOfBody } from "./serverWords.ts"

/** One thing to ask: `body` makes it a POST. */
export interface Ask {
  readonly path: string
  readonly model?: string
  readonly body?: JsonObject
}

const transportCodes: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "the name of the host cannot be resolved now",
  ECONNRESET: "the connection was reset",
  UND_ERR_SOCKET: "the connection was closed",
  ETIMEDOUT: "the host does not respond",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the network cannot be reached",
  UND_ERR_CONNECT_TIMEOUT: "the host does not respond",
  UND_ERR_HEADERS_TIMEOUT: "the server did not answer in time",
  UND_ERR_BODY_TIMEOUT: "the server fell silent in mid-answer"
}

const codeOf = (cause: unknown, depth = 4): string | undefined => {
  if (depth === 0 || typeof cause !== "object" || cause === null) return undefined
  if ("code" in cause && typeof cause.code === "string") return cause.code
  return "cause" in cause ? codeOf(cause.cause, depth - 1) : undefined
}

/** Requests of one endpoint; nothing that they fail with has the key in it. */
export class Connection {
  readonly endpoint: CheckedEndpoint
  readonly gate: RequestGate
  readonly #client: HttpClient.HttpClient

  constructor(client: HttpClient.HttpClient, endpoint: CheckedEndpoint, gate: RequestGate) {
    this.#client = client
    this.endpoint = endpoint
    this.gate = gate
  }

  urlOf(path: string): string {
    return `${this.endpoint.baseUrl}${path}`
  }

  /** A server may repeat the key in what it says. */
  #scrub({ codes, text }: ServerWords): ServerWords {
    const { apiKey, headers } = this.endpoint
    let clean = text
    for (const secret of [apiKey ?? "", ...Object.values(headers)]) {
      // short values, such as a version, are no secrets and part of many words
      if (secret.length >= 8) clean = clean.replaceAll(secret, "<redacted>")
    }
    return { text: clean, codes }
  }

  /** The failure that a status and words stand for. */
  refusal(
    ask: Ask,
    status: number,
    words: ServerWords,
    headers: Headers.Headers
  ): Effect.Effect<never, AttemptFailure> {
    const { apiKey } = this.endpoint
    const asked = { url: this.urlOf(ask.path), model: ask.model, hasKey: apiKey !== undefined }
    return Effect.flatMap(Clock.currentTimeMillis, (now) =>
      Effect.fail(failureOf(asked, status, this.#scrub(words), headers, now))
    )
  }

  /** The failure of a connection, before or in the middle of an answer. */
  broken(ask: Ask, error: HttpClientError.HttpClientError, during: string): AttemptFailure {
    const url = this.urlOf(ask.path)
    const code = codeOf(error.reason.cause)
    const because =
      transportCodes[code ?? ""] ??
      `the connection failed${code === undefined ? "" : ` with ${code}`}`
    if (code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT") {
      const reason = `${url}: ${because}${during}; ask for fewer tokens, stream the answer, or use an HttpClient that waits longer.`
      return { error: new ChatError.TimedOut({ url, reason }), again: "never" }
    }
    const reason = `${url} cannot be reached: ${because}${during}; check the URL and that the server runs.`
    return { error: new ChatError.ServerUnreachable({ url, reason }), again: "later" }
  }

  malformed(ask: Ask, problem: string): AttemptFailure {
    const url = this.urlOf(ask.path)
    const reason = `${url} gives a malformed answer: ${problem}; check that the base URL is that of a server of /chat/completions.`
    return { error: new ChatError.MalformedAnswer({ url, reason }), again: "never" }
  }

  late(ask: Ask, what: string, millis: number): AttemptFailure {
    const url = this.urlOf(ask.path)
    const reason = `${url} did not ${what} within ${millis / 1000} s; raise the deadline, or ask for fewer tokens.`
    return { error: new ChatError.TimedOut({ url, reason }), again: "never" }
  }

  /** The bytes of an answer, up to the limit. */
  bytes(
    ask: Ask,
    response: HttpClientResponse.HttpClientResponse
  ): Stream.Stream<Uint8Array, AttemptFailure> {
    const { maxAnswerBytes } = this.endpoint
    return Stream.suspend(() => {
      let total = 0
      return response.stream.pipe(
        Stream.mapError((error) => this.broken(ask, error, " in mid-answer")),
        Stream.mapEffect((chunk) => {
          total += chunk.length
          return total > maxAnswerBytes
            ? Effect.fail(this.malformed(ask, `it is longer than ${maxAnswerBytes} bytes`))
            : Effect.succeed(chunk)
        })
      )
    })
  }

  /** The whole text of an answer. */
  readonly text = Effect.fnUntraced(function* (
    this: Connection,
    ask: Ask,
    response: HttpClientResponse.HttpClientResponse
  ) {
    const chunks = yield* Stream.runCollect(this.bytes(ask, response))
    return new TextDecoder().decode(Buffer.concat(chunks))
  })

  /**
   * Sends a request and waits for the head of an answer with a status of success. The request is
   * aborted when the scope ends.
   */
  readonly open = Effect.fnUntraced(function* (this: Connection, ask: Ask) {
    const { apiKey, headers } = this.endpoint
    const url = this.urlOf(ask.path)
    const bare =
      ask.body === undefined
        ? HttpClientRequest.get(url)
        : HttpClientRequest.bodyJsonUnsafe(HttpClientRequest.post(url), ask.body)
    const request = bare.pipe(
      apiKey === undefined ? (same) => same : HttpClientRequest.bearerToken(apiKey),
      HttpClientRequest.setHeaders(headers)
    )
    const response = yield* HttpClient.withScope(this.#client)
      .execute(request)
      .pipe(
        // a span of the client would keep the request, and with it the headers
        Effect.provideService(HttpClient.TracerDisabledWhen, () => true),
        Effect.mapError((error) => this.broken(ask, error, ""))
      )
    const exhausted = exhaustedMillis(response.headers, yield* Clock.currentTimeMillis)
    if (exhausted > 0) yield* this.gate.pause(exhausted)
    if (response.status >= 200 && response.status < 300) return response
    const body = yield* this.text(ask, response)
    return yield* this.refusal(ask, response.status, wordsOfBody(body), response.headers)
  })
}
