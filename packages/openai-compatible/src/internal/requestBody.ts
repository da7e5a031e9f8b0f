/** A conversation and its settings as the JSON of the protocol. */
import type { ChatMessage, ContentPart } from "../ChatMessage.ts"
import type { ChatOptions, JsonObject, ResponseFormat } from "../ChatOptions.ts"

/**
 * What a server turned out to take: the name of the limit on tokens, how JSON is asked for, and
 * whether a stream may be asked to count its tokens.
 */
export interface Dialect {
  readonly limit: "max_tokens" | "max_completion_tokens"
  readonly format: "json_schema" | "json_object" | "prompt"
  readonly streamUsage: boolean
}

export const firstDialect: Dialect = {
  limit: "max_tokens",
  format: "json_schema",
  streamUsage: true
}

/** The dialect to try after a refusal in such words, or `undefined` where none is known. */
export const nextDialect = (
  dialect: Dialect,
  format: ResponseFormat | undefined,
  words: string
): Dialect | undefined => {
  if (dialect.limit === "max_tokens" && /max_completion_tokens/.test(words)) {
    return { ...dialect, limit: "max_completion_tokens" }
  }
  if (dialect.streamUsage && /stream_options|include_usage/.test(words)) {
    return { ...dialect, streamUsage: false }
  }
  if (
    format?.type === "json" &&
    dialect.format !== "prompt" &&
    /response_format|json_schema|json_object|structured|grammar|guided/i.test(words)
  ) {
    return { ...dialect, format: dialect.format === "json_schema" ? "json_object" : "prompt" }
  }
  return undefined
}

const contentJson = (content: string | ReadonlyArray<ContentPart>) =>
  typeof content === "string"
    ? content
    : content.map((part) =>
        part.type === "text" ? part : { type: "image_url", image_url: { url: part.url } }
      )

const messageJson = (message: ChatMessage): JsonObject => {
  if (message.role === "system") return { role: "system", content: message.content }
  if (message.role === "user") return { role: "user", content: contentJson(message.content) }
  if (message.role === "tool") {
    return { role: "tool", tool_call_id: message.toolCallId, content: message.content }
  }
  const { content, toolCalls = [] } = message
  if (toolCalls.length === 0) return { role: "assistant", content }
  return {
    role: "assistant",
    content: content === "" ? null : content,
    tool_calls: toolCalls.map((call) => ({
      id: call.id,
      type: "function",
      function: { name: call.name, arguments: call.arguments }
    }))
  }
}

/** The wish for JSON in words, for servers that have no other way of hearing it. */
const jsonWish = (schema: JsonObject): JsonObject => ({
  role: "system",
  content: `Answer with JSON only, without any other words, that satisfies this JSON schema: ${JSON.stringify(schema)}`
})

const formatJson = (
  dialect: Dialect,
  format: Extract<ResponseFormat, { readonly type: "json" }>
): JsonObject => {
  if (dialect.format === "prompt") return {}
  if (dialect.format === "json_object") return { response_format: { type: "json_object" } }
  const { name, schema } = format
  return { response_format: { type: "json_schema", json_schema: { name, schema, strict: true } } }
}

const toolsJson = ({ toolChoice, tools = [] }: ChatOptions): JsonObject =>
  tools.length === 0
    ? {}
    : {
        tools: tools.map(({ description, name, parameters, strict }) => ({
          type: "function",
          function: {
            name,
            parameters,
            ...(description !== undefined && { description }),
            ...(strict !== undefined && { strict })
          }
        })),
        ...(toolChoice !== undefined && {
          tool_choice:
            typeof toolChoice === "string"
              ? toolChoice
              : { type: "function", function: { name: toolChoice.tool } }
        })
      }

/** The body of `POST /chat/completions`. */
export const requestBody = (
  dialect: Dialect,
  model: string,
  messages: ReadonlyArray<ChatMessage>,
  options: ChatOptions,
  stream: boolean
): JsonObject => {
  const { logprobs, maxTokens, responseFormat, seed, stop, temperature, topLogprobs, topP } =
    options
  const json = responseFormat?.type === "json" ? responseFormat : undefined
  const conversation = messages.map(messageJson)
  return {
    model,
    messages:
      json === undefined || dialect.format === "json_schema"
        ? conversation
        : [jsonWish(json.schema), ...conversation],
    ...(maxTokens !== undefined && { [dialect.limit]: maxTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(seed !== undefined && { seed }),
    ...(stop !== undefined && stop.length > 0 && { stop }),
    ...((logprobs === true || topLogprobs !== undefined) && { logprobs: true }),
    ...(topLogprobs !== undefined && { top_logprobs: topLogprobs }),
    ...(json !== undefined && formatJson(dialect, json)),
    ...toolsJson(options),
    ...(stream && { stream: true }),
    ...(stream && dialect.streamUsage && { stream_options: { include_usage: true } }),
    ...options.extra
  }
}
