/** How one answer is asked for. */
import * as Context from "effect/Context"
import type * as Schema from "effect/Schema"

/** JSON with string keys. */
export type JsonObject = { readonly [key: string]: Schema.Json }

/** A function that the model may call; `parameters` is its JSON schema. */
export interface ToolDefinition {
  readonly name: string
  readonly description?: string | undefined
  readonly parameters: JsonObject
  readonly strict?: boolean | undefined
}

/** Whether the model must call a tool, and which. */
export type ToolChoice = "auto" | "none" | "required" | { readonly tool: string }

/** What the text of the answer must be; `schema` is a JSON schema, `name` tells it to the model. */
export type ResponseFormat =
  | { readonly type: "text" }
  | { readonly type: "json"; readonly name: string; readonly schema: JsonObject }

/**
 * Settings of one request. What is left out is not sent, and the server's own default holds.
 *
 * - `model`: another model than the endpoint's.
 * - `maxTokens`: tokens of the answer at most.
 * - `seed`: servers that know it repeat themselves; others ignore it.
 * - `logprobs`: asks for the log-probability of every token of the answer; `topLogprobs` for that
 *   many alternatives at each place besides. The reply has none where the server has none.
 * - `extra`: further members of the request's JSON, for a server's own settings (`top_k`, `min_p`).
 */
export interface ChatOptions {
  readonly model?: string
  readonly maxTokens?: number
  readonly temperature?: number
  readonly topP?: number
  readonly seed?: number
  readonly stop?: ReadonlyArray<string>
  readonly logprobs?: boolean
  readonly topLogprobs?: number
  readonly responseFormat?: ResponseFormat
  readonly tools?: ReadonlyArray<ToolDefinition>
  readonly toolChoice?: ToolChoice
  readonly extra?: JsonObject
}

/**
 * Settings that hold for every request made below; those of the request itself go before them. A
 * `LanguageModel` has no settings of its own, and takes them from here.
 *
 * @example
 * ```ts no-run
 * LanguageModel.generateText({ prompt: "hi" }).pipe(
 *   Effect.provideService(CurrentChatOptions, { temperature: 0, seed: 7 })
 * )
 * ```
 */
export const CurrentChatOptions = Context.Reference<ChatOptions>(
  "@sml/openai-compatible/CurrentChatOptions",
  { defaultValue: () => ({}) }
)
