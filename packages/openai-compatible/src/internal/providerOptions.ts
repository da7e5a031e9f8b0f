/** What `effect/ai` asks of a provider, as settings of a request. */
import * as AiError from "effect/ai/AiError"
import type * as LanguageModel from "effect/ai/LanguageModel"
import { toCodecOpenAI } from "effect/ai/OpenAiStructuredOutput"
import * as Tool from "effect/ai/Tool"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import type { ChatOptions, JsonObject, ToolDefinition } from "../ChatOptions.ts"

const asJsonObject = Schema.decodeUnknownEffect(Schema.Record(Schema.String, Schema.Json))

const failure = (method: string, reason: AiError.AiErrorReason) =>
  AiError.make({ module: "OpenAiCompatible", method, reason })

/** The JSON schema of an Effect schema, in the subset that strict servers take. */
const jsonSchemaOf = Effect.fnUntraced(function* (
  method: string,
  make: () => unknown
): Effect.fn.Return<JsonObject, AiError.AiError> {
  const unsupported = (cause: unknown) =>
    failure(
      method,
      new AiError.UnsupportedSchemaError({
        description: cause instanceof Error ? cause.message : String(cause)
      })
    )
  const schema = yield* Effect.try({ try: make, catch: unsupported })
  return yield* Effect.mapError(asJsonObject(schema), unsupported)
})

const toolDefinition = Effect.fnUntraced(function* (
  method: string,
  tool: Tool.Any
): Effect.fn.Return<ToolDefinition, AiError.AiError> {
  if (Tool.isProviderDefined(tool)) {
    const description = `The tool ${tool.name} is run by its provider, which /chat/completions has no word for; use a tool with a handler.`
    return yield* failure(
      method,
      new AiError.ToolConfigurationError({ toolName: tool.name, description })
    )
  }
  const strict = Tool.getStrictMode(tool)
  return {
    name: tool.name,
    description: Tool.getDescription(tool),
    parameters: yield* jsonSchemaOf(method, () =>
      Tool.getJsonSchema(tool, strict === true ? { transformer: toCodecOpenAI } : {})
    ),
    strict
  }
})

export const providerOptions = Effect.fnUntraced(function* (
  method: string,
  { responseFormat, toolChoice, tools }: LanguageModel.ProviderOptions
): Effect.fn.Return<ChatOptions, AiError.AiError> {
  const allowed =
    typeof toolChoice === "object" && "oneOf" in toolChoice
      ? tools.filter(({ name }) => toolChoice.oneOf.includes(name))
      : tools
  const choice =
    typeof toolChoice === "object" && "oneOf" in toolChoice
      ? (toolChoice.mode ?? "auto")
      : toolChoice
  return {
    ...(allowed.length > 0 && {
      tools: yield* Effect.forEach(allowed, (tool) => toolDefinition(method, tool)),
      toolChoice: choice
    }),
    ...(responseFormat.type === "json" && {
      responseFormat: {
        type: "json",
        name: responseFormat.objectName,
        schema: yield* jsonSchemaOf(method, () =>
          Tool.getJsonSchemaFromSchema(responseFormat.schema, { transformer: toCodecOpenAI })
        )
      }
    })
  }
})
