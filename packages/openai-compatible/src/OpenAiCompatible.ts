/** The `LanguageModel` of `effect/ai` over `ChatCompletions`. */
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Model from "effect/ai/Model"
import { toCodecOpenAI } from "effect/ai/OpenAiStructuredOutput"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

import { ChatCompletions } from "./ChatCompletions.ts"
import type { EndpointOptions } from "./EndpointOptions.ts"
import { aiErrorOf } from "./internal/aiErrorOf.ts"
import { promptMessages } from "./internal/promptMessages.ts"
import { providerOptions } from "./internal/providerOptions.ts"
import { responseParts, StreamParts } from "./internal/responseParts.ts"
import type { InvalidEndpoint } from "./InvalidEndpoint.ts"

const requested = Effect.fnUntraced(function* (
  method: string,
  options: LanguageModel.ProviderOptions
) {
  return [
    yield* promptMessages(method, options.prompt),
    yield* providerOptions(method, options)
  ] as const
})

/**
 * A `LanguageModel` of the `ChatCompletions` at hand: text, objects, tools and streams. Log-probabilities,
 * where they are asked for with `CurrentChatOptions`, are in the metadata of the finish part, under
 * `openaiCompatible`. A failure is an `AiError`; its description is the sentence of the `ChatError`, whose
 * tag is in the metadata under `openaiCompatible`.
 */
export const layerChat: Layer.Layer<LanguageModel.LanguageModel, never, ChatCompletions> =
  Layer.effect(
    LanguageModel.LanguageModel,
    Effect.gen(function* () {
      const server = yield* ChatCompletions
      return yield* LanguageModel.make({
        codecTransformer: toCodecOpenAI,
        generateText: Effect.fnUntraced(function* (options) {
          const method = "generateText"
          const [messages, settings] = yield* requested(method, options)
          const reply = yield* Effect.mapError(server.chat(messages, settings), aiErrorOf(method))
          return yield* responseParts(method, reply)
        }),
        streamText: (options) => {
          const method = "streamText"
          return Stream.unwrap(
            Effect.map(requested(method, options), ([messages, settings]) => {
              const parts = new StreamParts(method)
              return server.stream(messages, settings).pipe(
                Stream.mapError(aiErrorOf(method)),
                Stream.mapEffect((event) => parts.parts(event)),
                Stream.flattenIterable
              )
            })
          )
        }
      })
    })
  )

/** A `LanguageModel` of one endpoint. */
export const layer = (
  options: EndpointOptions
): Layer.Layer<LanguageModel.LanguageModel, InvalidEndpoint> =>
  Layer.provide(layerChat, ChatCompletions.layer(options))

/**
 * The model as `effect/ai` names models, for `ExecutionPlan` and for programs that ask for their
 * `ModelName`.
 */
export const model = (
  name: string
): Model.Model<"openai-compatible", LanguageModel.LanguageModel, ChatCompletions> =>
  Model.make(
    "openai-compatible",
    name,
    Layer.effect(
      ChatCompletions,
      Effect.map(ChatCompletions, (server) => ({
        ...server,
        model: name,
        chat: (messages, options) => server.chat(messages, { model: name, ...options }),
        stream: (messages, options) => server.stream(messages, { model: name, ...options })
      }))
    ).pipe((named) => Layer.provide(layerChat, named))
  )
