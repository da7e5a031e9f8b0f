/** The JSON of a request as what to generate. */
import type { ChatMessage } from "@sml/language-model"
import { samplingFault, type SamplingSettings } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import type { ServedModel } from "../ServedModel.ts"
import { RequestFault } from "./RequestFault.ts"

/** What both kinds of requests come to. */
export interface Generation {
  readonly kind: "chat" | "text"
  readonly prompts: ReadonlyArray<Int32Array>
  /** Completions of each prompt. */
  readonly n: number
  readonly maxTokens: number
  readonly sampling: SamplingSettings
  readonly stopStrings: ReadonlyArray<string>
  readonly seed: number
  readonly logprobs: boolean
  readonly stream: boolean
  readonly includeUsage: boolean
}

const mostChoices = 128
const mostStops = 16

const Count = Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(1)))
const Nothing = Schema.Literals([0])

/** Members of both kinds of requests. */
const common = {
  model: Schema.optionalKey(Schema.String),
  n: Schema.optionalKey(
    Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 1, maximum: mostChoices })))
  ),
  temperature: Schema.optionalKey(
    Schema.Finite.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(0)))
  ),
  top_p: Schema.optionalKey(Schema.Finite),
  // -1 and 0 stand for all tokens in other servers
  top_k: Schema.optionalKey(Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(-1)))),
  min_p: Schema.optionalKey(Schema.Finite),
  stop: Schema.optionalKey(Schema.Union([Schema.String, Schema.Array(Schema.String)])),
  seed: Schema.optionalKey(Schema.Int),
  max_tokens: Schema.optionalKey(Count),
  stream: Schema.optionalKey(Schema.Boolean),
  stream_options: Schema.optionalKey(
    Schema.Struct({ include_usage: Schema.optionalKey(Schema.Boolean) })
  ),
  // told by clients about themselves; says nothing about the completion
  user: Schema.optionalKey(Schema.Unknown),
  metadata: Schema.optionalKey(Schema.Unknown)
}

const TextPart = Schema.Struct({ type: Schema.Literal("text"), text: Schema.String })

const Message = Schema.Struct({
  role: Schema.Literals(["system", "developer", "user", "assistant"]),
  content: Schema.Union([Schema.String, Schema.Array(TextPart)]),
  name: Schema.optionalKey(Schema.Unknown),
  // clients send back the messages that they were given
  refusal: Schema.optionalKey(Schema.Null)
})

const ChatRequest = Schema.Struct({
  ...common,
  messages: Schema.NonEmptyArray(Message),
  max_completion_tokens: Schema.optionalKey(Count),
  logprobs: Schema.optionalKey(Schema.Boolean),
  top_logprobs: Schema.optionalKey(Nothing)
})

const Ids = Schema.Array(Schema.Int)

const TextRequest = Schema.Struct({
  ...common,
  prompt: Schema.Union([
    Schema.String,
    Schema.NonEmptyArray(Schema.String),
    Ids,
    Schema.NonEmptyArray(Ids)
  ]),
  logprobs: Schema.optionalKey(Nothing)
})

/** Members of the protocol that are not served, and the values that ask for nothing. */
const neutral: Readonly<Record<string, (value: unknown) => boolean>> = {
  presence_penalty: (value) => value === 0,
  frequency_penalty: (value) => value === 0,
  repetition_penalty: (value) => value === 1,
  logit_bias: (value) => JSON.stringify(value) === "{}",
  tools: (value) => JSON.stringify(value) === "[]",
  functions: (value) => JSON.stringify(value) === "[]",
  tool_choice: (value) => value === "none" || value === "auto",
  parallel_tool_calls: () => true,
  response_format: (value) => JSON.stringify(value) === '{"type":"text"}',
  modalities: (value) => JSON.stringify(value) === '["text"]',
  store: (value) => value === false,
  service_tier: (value) => value === "auto" || value === "default",
  echo: (value) => value === false,
  suffix: (value) => value === "",
  best_of: (value) => value === 1
}

const asRecord = Schema.decodeUnknownResult(Schema.Record(Schema.String, Schema.Unknown))
const refuse = (code: string, message: string, param: string | null = null) =>
  new RequestFault(400, code, message, param)

const quoted = (names: ReadonlyArray<string>) => names.map((name) => `"${name}"`).join(", ")

/** The members that the schema knows, `null` ones left out; a fault that names all others. */
const knownMembers = (body: unknown, known: Readonly<Record<string, unknown>>) =>
  Result.gen(function* () {
    const record = yield* Result.mapError(asRecord(body), () =>
      refuse("invalid_json", "The body of the request is no JSON object.")
    )
    const members: Record<string, unknown> = {}
    const unsupported: Array<string> = []
    const unknown: Array<string> = []
    for (const [name, value] of Object.entries(record)) {
      if (value === null || value === undefined) continue
      const asksNothing = neutral[name]
      if (Object.hasOwn(known, name)) members[name] = value
      else if (asksNothing === undefined) unknown.push(name)
      else if (!asksNothing(value)) unsupported.push(name)
    }
    if (unsupported.length > 0) {
      const message = `This server does not support ${quoted(unsupported)}; leave ${unsupported.length === 1 ? "it" : "them"} out.`
      return yield* Result.fail(refuse("unsupported_parameter", message, unsupported[0] ?? null))
    }
    if (unknown.length > 0) {
      const message = `This server does not know ${quoted(unknown)}; leave ${unknown.length === 1 ? "it" : "them"} out.`
      return yield* Result.fail(refuse("unknown_parameter", message, unknown[0] ?? null))
    }
    return members
  })

const decoded = <A>(schema: Schema.Decoder<A>) => {
  const decode = Schema.decodeUnknownResult(schema)
  return (members: unknown): Result.Result<A, RequestFault> =>
    Result.mapError(decode(members), ({ message }) => {
      const line = message.replaceAll(/\s+/g, " ").trim()
      const param = /\["(\w+)"\]/.exec(line)?.[1] ?? null
      const alternatives =
        param === "top_logprobs" || (param === "logprobs" && line.includes("0"))
          ? " This server gives the log-probability of the sampled token only."
          : ""
      return refuse(
        "invalid_value",
        `${param === null ? "The request" : `"${param}"`} is not as it should be: ${line}.${alternatives}`,
        param
      )
    })
}

type Common = Pick<typeof ChatRequest.Type, keyof typeof common>

/** The settings of sampling, the model's own where the request has none. */
const samplingOf = (request: Common, model: ServedModel) =>
  Result.gen(function* () {
    const { defaults } = model
    const topK = request.top_k ?? defaults.topK
    const topP = request.top_p ?? defaults.topP
    const minP = request.min_p ?? defaults.minP
    const sampling: SamplingSettings = {
      temperature: request.temperature ?? defaults.temperature ?? 1,
      ...(topK !== undefined && topK > 0 && { topK }),
      ...(topP !== undefined && { topP }),
      ...(minP !== undefined && { minP })
    }
    const fault = samplingFault(sampling)
    if (fault !== undefined) {
      const param = /top[PK]|minP|temperature/.exec(fault)?.[0] ?? null
      const name =
        param === null ? null : param.replace(/([PK])$/, (letter) => `_${letter.toLowerCase()}`)
      return yield* Result.fail(
        refuse("invalid_value", `In "${name ?? "the request"}": ${fault}.`, name)
      )
    }
    return sampling
  })

const stopsOf = ({ stop = [] }: Common) => {
  const stops = typeof stop === "string" ? [stop] : stop
  if (stops.length > mostStops || stops.includes("")) {
    const message = `"stop" takes up to ${mostStops} strings, none of them empty.`
    return Result.fail(refuse("invalid_value", message, "stop"))
  }
  return Result.succeed(stops)
}

const checkModel = ({ model: asked }: Common, { name }: ServedModel) =>
  asked === undefined || asked === name
    ? Result.succeed(name)
    : Result.fail(
        new RequestFault(
          404,
          "model_not_found",
          `The model "${asked}" does not exist here; this server has "${name}".`,
          "model"
        )
      )

/** The words of OpenAI's own servers, which clients recognise. */
const tooLong = (context: number, prompt: number, answer: number, param: string) =>
  refuse(
    "context_length_exceeded",
    `This model's maximum context length is ${context} tokens. However, you requested ${prompt + answer} tokens (${prompt} in the ${param}, ${answer} in the completion). Please reduce the length of the ${param} or completion.`,
    param
  )

const limitOf = (
  prompts: ReadonlyArray<Int32Array>,
  asked: number | undefined,
  context: number,
  param: "messages" | "prompt"
) => {
  let longest = 0
  for (const { length } of prompts) longest = Math.max(longest, length)
  const limit = asked ?? context - longest
  return limit < 1 || longest + limit > context
    ? Result.fail(tooLong(context, longest, Math.max(1, limit), param))
    : Result.succeed(limit)
}

const seedOf = (seed: number | undefined) =>
  seed === undefined
    ? Random.nextIntBetween(0, 2 ** 32 - 1)
    : Effect.succeed(((seed % 2 ** 32) + 2 ** 32) % 2 ** 32)

/** What both kinds of requests share. */
const generation = (
  request: Common,
  model: ServedModel,
  rest: Pick<Generation, "kind" | "prompts" | "maxTokens" | "logprobs">
) =>
  Effect.gen(function* () {
    const sampling = yield* Effect.fromResult(samplingOf(request, model))
    const stopStrings = yield* Effect.fromResult(stopsOf(request))
    const { n = 1, seed, stream = false, stream_options } = request
    if (stream_options !== undefined && !stream) {
      const message = `"stream_options" is for streams; leave it out, or set "stream".`
      return yield* Effect.fail(refuse("invalid_value", message, "stream_options"))
    }
    return {
      ...rest,
      n,
      sampling,
      stopStrings,
      seed: yield* seedOf(seed),
      stream,
      includeUsage: stream_options?.include_usage ?? false
    } satisfies Generation
  })

const textOf = (content: (typeof Message.Type)["content"]) =>
  typeof content === "string" ? content : content.map(({ text }) => text).join("")

const chatPrompt = (messages: (typeof ChatRequest.Type)["messages"], model: ServedModel) =>
  Result.gen(function* () {
    const template = yield* Result.mapError(model.template, (reason) =>
      refuse("no_chat_template", `This model cannot chat: ${reason}`, "messages")
    )
    const conversation = messages.map(({ content, role }): ChatMessage => ({
      role: role === "developer" ? "system" : role,
      content: textOf(content)
    }))
    if (!model.knowsSystem && conversation.some(({ role }) => role === "system")) {
      const message = `The chat template of "${model.name}" knows no system messages; say it in the first user message.`
      return yield* Result.fail(refuse("unsupported_role", message, "messages"))
    }
    const text = yield* Result.mapError(template.render(conversation, true), ({ message }) =>
      refuse("chat_template", message, "messages")
    )
    return Int32Array.from(model.tokenizer.encode(text))
  })

const decodeChat = decoded(ChatRequest)

/** A request to `/v1/chat/completions`. */
export const readChatRequest = (body: unknown, model: ServedModel, context: number) =>
  Effect.gen(function* () {
    const members = yield* Effect.fromResult(knownMembers(body, ChatRequest.fields))
    const request = yield* Effect.fromResult(decodeChat(members))
    yield* Effect.fromResult(checkModel(request, model))
    const prompts = [yield* Effect.fromResult(chatPrompt(request.messages, model))]
    const asked = request.max_completion_tokens ?? request.max_tokens
    const maxTokens = yield* Effect.fromResult(limitOf(prompts, asked, context, "messages"))
    const { logprobs = false } = request
    return yield* generation(request, model, { kind: "chat", prompts, maxTokens, logprobs })
  })

const isIds = Schema.is(Ids)
const isText = Schema.is(Schema.String)

/** Tokens of an answer where a request for a completion does not say, as in OpenAI's servers. */
const defaultLimit = 16

const textPrompts = (
  prompt: (typeof TextRequest.Type)["prompt"],
  model: ServedModel
): ReadonlyArray<Int32Array> => {
  const one = (item: string | ReadonlyArray<number>) =>
    Int32Array.from(isText(item) ? model.tokenizer.encodeSequence(item) : item)
  return isText(prompt) || isIds(prompt) ? [one(prompt)] : prompt.map(one)
}

const decodeText = decoded(TextRequest)

/** A request to `/v1/completions`. */
export const readTextRequest = (
  body: unknown,
  model: ServedModel,
  context: number,
  vocabulary: number
) =>
  Effect.gen(function* () {
    const members = yield* Effect.fromResult(knownMembers(body, TextRequest.fields))
    const request = yield* Effect.fromResult(decodeText(members))
    yield* Effect.fromResult(checkModel(request, model))
    const prompts = textPrompts(request.prompt, model)
    if (prompts.some(({ length }) => length === 0)) {
      const message = `The prompt has no tokens, and "${model.name}" has none to begin with; say something.`
      return yield* Effect.fail(refuse("invalid_value", message, "prompt"))
    }
    if (prompts.some((ids) => ids.some((id) => id < 0 || id >= vocabulary))) {
      const message = `The prompt has an id outside the vocabulary of ${vocabulary}; use the model's own tokenizer.`
      return yield* Effect.fail(refuse("invalid_value", message, "prompt"))
    }
    const asked = request.max_tokens ?? defaultLimit
    const maxTokens = yield* Effect.fromResult(limitOf(prompts, asked, context, "prompt"))
    const logprobs = request.logprobs !== undefined
    return yield* generation(request, model, { kind: "text", prompts, maxTokens, logprobs })
  })
