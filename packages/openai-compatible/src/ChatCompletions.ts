/** The port to a server of `POST /chat/completions`. */
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Stream from "effect/Stream"

import type { ChatError } from "./ChatError.ts"
import type { ChatEvent } from "./ChatEvent.ts"
import type { ChatMessage } from "./ChatMessage.ts"
import type { ChatOptions } from "./ChatOptions.ts"
import type { ChatReply, OfferedModel } from "./ChatReply.ts"
import type { EndpointOptions } from "./EndpointOptions.ts"
import { checkedEndpoint } from "./internal/checkedEndpoint.ts"
import { makeChatCompletions } from "./internal/makeChatCompletions.ts"
import type { InvalidEndpoint } from "./InvalidEndpoint.ts"

/**
 * One server and its model.
 *
 * - `chat`: a whole answer.
 * - `stream`: the answer piece by piece; a failure before the first piece is tried again as in
 *   `chat`, one after it is final.
 * - `listModels`: what the server offers.
 *
 * Interrupting a fiber aborts its HTTP request.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { ChatCompletions } from "@sml/openai-compatible"
 * import { Effect } from "effect"
 *
 * // nothing listens on port 9: the failure is typed, and says what to do
 * const error = await ChatCompletions.use((server) =>
 *   server.chat([{ role: "user", content: "hi" }], { temperature: 0 })
 * ).pipe(
 *   Effect.provide(
 *     ChatCompletions.layer({ baseUrl: "http://127.0.0.1:9/v1", model: "any", retries: 0 })
 *   ),
 *   Effect.flip,
 *   Effect.runPromise
 * )
 * assert.equal(error._tag, "ServerUnreachable")
 * ```
 */
export class ChatCompletions extends Context.Service<
  ChatCompletions,
  {
    /** The model that is asked unless a request names another. */
    readonly model: string
    readonly chat: (
      messages: ReadonlyArray<ChatMessage>,
      options?: ChatOptions
    ) => Effect.Effect<ChatReply, ChatError>
    readonly stream: (
      messages: ReadonlyArray<ChatMessage>,
      options?: ChatOptions
    ) => Stream.Stream<ChatEvent, ChatError>
    readonly listModels: Effect.Effect<ReadonlyArray<OfferedModel>, ChatError>
  }
>()("@sml/openai-compatible/ChatCompletions") {
  /**
   * Over the `HttpClient` that is at hand. That of `fetch` in Node gives up after five minutes
   * without a byte; use another where an answer takes longer.
   */
  static readonly layerHttpClient = (
    options: EndpointOptions
  ): Layer.Layer<ChatCompletions, InvalidEndpoint, HttpClient.HttpClient> =>
    Layer.effect(
      ChatCompletions,
      Effect.gen(function* () {
        const endpoint = yield* Effect.fromResult(checkedEndpoint(options))
        return yield* makeChatCompletions(yield* HttpClient.HttpClient, endpoint)
      })
    )

  /** Over `fetch`. */
  static readonly layer = (
    options: EndpointOptions
  ): Layer.Layer<ChatCompletions, InvalidEndpoint> =>
    Layer.provide(ChatCompletions.layerHttpClient(options), FetchHttpClient.layer)

  /**
   * Over `fetch`, with the key of `OPENAI_API_KEY` (none, if it is not set) and the base URL of
   * `OPENAI_BASE_URL` (OpenAI's, if it is not set), where the options do not give them.
   */
  static readonly layerConfig = (
    options: Omit<EndpointOptions, "baseUrl"> & { readonly baseUrl?: string | undefined }
  ): Layer.Layer<ChatCompletions, InvalidEndpoint | Config.ConfigError> =>
    Layer.unwrap(
      Effect.gen(function* () {
        const apiKey =
          options.apiKey ??
          Option.getOrUndefined(yield* Config.option(Config.Redacted("OPENAI_API_KEY")))
        const baseUrl =
          options.baseUrl ??
          (yield* Config.String("OPENAI_BASE_URL").pipe(
            Config.withDefault("https://api.openai.com/v1")
          ))
        return ChatCompletions.layer({ ...options, apiKey, baseUrl })
      })
    )
}
