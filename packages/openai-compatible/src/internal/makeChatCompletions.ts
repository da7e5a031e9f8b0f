/** `ChatCompletions` over an HTTP client. */
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

import type { ChatCompletions } from "../ChatCompletions.ts"
import type { ChatError } from "../ChatError.ts"
import type { ChatEvent } from "../ChatEvent.ts"
import type { ChatMessage } from "../ChatMessage.ts"
import type { ChatOptions } from "../ChatOptions.ts"
import { CurrentChatOptions } from "../ChatOptions.ts"
import type { ChatReply, OfferedModel } from "../ChatReply.ts"
import { serverSentEvents } from "../serverSentEvents.ts"
import type { AttemptFailure } from "./AttemptFailure.ts"
import type { AttemptHistory } from "./AttemptPlan.ts"
import { nextAttempt, noAttempts, outOfPatience } from "./AttemptPlan.ts"
import type { CheckedEndpoint } from "./checkedEndpoint.ts"
import type { Ask } from "./Connection.ts"
import { Connection } from "./Connection.ts"
import { ReplyBuilder, withoutFence } from "./ReplyBuilder.ts"
import type { Dialect } from "./requestBody.ts"
import { firstDialect, nextDialect, requestBody } from "./requestBody.ts"
import { makeRequestGate } from "./RequestGate.ts"
import { wordsOf } from "./serverWords.ts"
import { Chunk, Completion, Fault, Models } from "./wire.ts"

const chatPath = "/chat/completions"
const modelsPath = "/models"

const parseJson = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))
const isFault = Schema.is(Fault)

/** What one request is made of, in the dialect that is known when it is sent. */
interface Conversation {
  readonly model: string
  readonly messages: ReadonlyArray<ChatMessage>
  readonly options: ChatOptions
}

const askOf = ({ messages, model, options }: Conversation, spoken: Dialect, stream: boolean) => ({
  path: chatPath,
  model,
  body: requestBody(spoken, model, messages, options, stream)
})

const finished = ({ options }: Conversation, builder: ReplyBuilder) => {
  const reply = builder.reply()
  return options.responseFormat?.type === "json" ? withoutFence(reply) : reply
}

const contentTypeOf = (response: HttpClientResponse.HttpClientResponse) =>
  response.headers["content-type"] ?? "no content type"

const shown = (text: string) => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)

export const makeChatCompletions = Effect.fnUntraced(function* (
  client: HttpClient.HttpClient,
  endpoint: CheckedEndpoint
): Effect.fn.Return<ChatCompletions["Service"]> {
  const gate = yield* makeRequestGate(endpoint.concurrency, endpoint.requestsPerMinute)
  const connection = new Connection(client, endpoint, gate)
  const dialect = yield* Ref.make(firstDialect)

  /** Decodes text that should be JSON of a shape; a fault inside it is the server's own. */
  const decode = <A>(ask: Ask, schema: Schema.Decoder<A>) => {
    const decodeShape = Schema.decodeUnknownEffect(schema)
    return Effect.fnUntraced(function* (
      text: string,
      response: HttpClientResponse.HttpClientResponse
    ): Effect.fn.Return<A, AttemptFailure> {
      const json = parseJson(text)
      if (Option.isNone(json)) {
        const problem = `${shown(text)} (${contentTypeOf(response)}) is not JSON`
        return yield* Effect.fail(connection.malformed(ask, problem))
      }
      if (isFault(json.value) && json.value.error != null) {
        const words = wordsOf(json.value.error)
        return yield* connection.refusal(ask, faultStatus(words.codes), words, response.headers)
      }
      return yield* Effect.mapError(decodeShape(json.value), ({ message }) =>
        connection.malformed(ask, message.replaceAll(/\s+/g, " "))
      )
    })
  }

  const enter = Effect.fnUntraced(function* (ask: Ask, history: AttemptHistory) {
    const { patienceMillis } = endpoint
    const { entered, waitedMillis } = yield* gate.enter(patienceMillis - history.waitedMillis)
    if (!entered) {
      const waited = history.waitedMillis + waitedMillis
      yield* Effect.fail<AttemptFailure>({
        error: outOfPatience(connection.urlOf(ask.path), waited, patienceMillis),
        again: "never"
      })
    }
  })

  const retried = Effect.fnUntraced(function* <A>(
    attempt: (history: AttemptHistory) => Effect.Effect<A, AttemptFailure>
  ): Effect.fn.Return<A, ChatError> {
    let history = noAttempts
    for (;;) {
      const done = yield* Effect.result(attempt(history))
      if (done._tag === "Success") return done.success
      history = yield* nextAttempt(history, done.failure, endpoint, gate.pause)
    }
  })

  const whole = <A>(ask: Ask, schema: Schema.Decoder<A>) =>
    retried((history) =>
      Effect.scoped(
        Effect.gen(function* () {
          yield* enter(ask, history)
          const { deadlineMillis } = endpoint
          return yield* Effect.gen(function* () {
            const response = yield* connection.open(ask)
            return yield* decode(ask, schema)(yield* connection.text(ask, response), response)
          }).pipe(
            Effect.timeoutOrElse({
              duration: deadlineMillis,
              orElse: () => Effect.fail(connection.late(ask, "answer", deadlineMillis))
            })
          )
        })
      )
    )

  const conversationOf = Effect.fnUntraced(function* (
    messages: ReadonlyArray<ChatMessage>,
    given: ChatOptions = {}
  ) {
    const options = { ...endpoint.defaults, ...(yield* CurrentChatOptions), ...given }
    return { messages, options, model: options.model ?? endpoint.model } satisfies Conversation
  })

  /** After a refusal that another dialect may mend, remembers that one. */
  const mended = Effect.fnUntraced(function* (
    { options }: Conversation,
    spoken: Dialect,
    error: ChatError
  ) {
    if (error._tag !== "RequestRefused" && error._tag !== "ServerFault") return undefined
    const next = nextDialect(spoken, options.responseFormat, error.reason)
    if (next !== undefined) yield* Ref.set(dialect, next)
    return next
  })

  const converse = Effect.fnUntraced(function* (
    conversation: Conversation
  ): Effect.fn.Return<ChatReply, ChatError> {
    let spoken = yield* Ref.get(dialect)
    for (;;) {
      const done = yield* Effect.result(whole(askOf(conversation, spoken, false), Completion))
      if (done._tag === "Success") {
        const builder = new ReplyBuilder(conversation.model)
        builder.completion(done.success)
        return finished(conversation, builder)
      }
      const next = yield* mended(conversation, spoken, done.failure)
      if (next === undefined) return yield* done.failure
      spoken = next
    }
  })

  /** The events of a body: a stream of events, or one whole answer of a server that has no streams. */
  const bodyEvents = (
    ask: Ask,
    conversation: Conversation,
    response: HttpClientResponse.HttpClientResponse
  ): Stream.Stream<ChatEvent, AttemptFailure> => {
    const builder = new ReplyBuilder(conversation.model)
    const done = (): ChatEvent => ({ _tag: "Done", reply: finished(conversation, builder) })
    const type = contentTypeOf(response)
    if (/\bjson\b/.test(type)) {
      return Stream.unwrap(
        Effect.gen(function* () {
          const text = yield* connection.text(ask, response)
          const events = builder.completion(yield* decode(ask, Completion)(text, response))
          return Stream.fromIterable([...events, done()])
        })
      )
    }
    if (!/^text\/event-stream\b/.test(type)) {
      return Stream.fail(connection.malformed(ask, `it is ${type} and no stream of events`))
    }
    const decodeChunk = decode(ask, Chunk)
    const pieces = serverSentEvents(connection.bytes(ask, response)).pipe(
      Stream.mapError((error) =>
        "again" in error ? error : connection.malformed(ask, error.reason)
      ),
      Stream.map((data) => data.trim()),
      Stream.filter((data) => data !== ""),
      Stream.takeWhile((data) => data !== "[DONE]"),
      Stream.mapEffect((data) => decodeChunk(data, response)),
      Stream.map((chunk) => builder.chunk(chunk)),
      Stream.flattenIterable
    )
    // a stream may end without [DONE], but not without saying why the answer ended
    const end = Stream.suspend(() =>
      builder.finished
        ? Stream.succeed(done())
        : Stream.fail(
            connection.malformed(
              ask,
              `the stream ends in mid-answer, after ${builder.length} characters`
            )
          )
    )
    return Stream.concat(pieces, end)
  }

  const attemptEvents = (
    conversation: Conversation,
    spoken: Dialect,
    history: AttemptHistory,
    progress: { delivered: boolean }
  ): Stream.Stream<ChatEvent, AttemptFailure> => {
    const ask = askOf(conversation, spoken, true)
    const { deadlineMillis, firstTokenMillis } = endpoint
    const overdue = Effect.andThen(
      Effect.sleep(deadlineMillis),
      Effect.suspend(() => Effect.fail(connection.late(ask, "finish its answer", deadlineMillis)))
    )
    const events = Stream.unwrap(
      Effect.map(connection.open(ask), (response) => bodyEvents(ask, conversation, response))
    ).pipe(
      Stream.map((event) => {
        progress.delivered = true
        return event
      }),
      Stream.interruptWhen(overdue)
    )
    const prompt =
      firstTokenMillis === undefined
        ? events
        : Stream.interruptWhen(
            events,
            Effect.andThen(
              Effect.sleep(firstTokenMillis),
              Effect.suspend(() =>
                progress.delivered
                  ? Effect.never
                  : Effect.fail(connection.late(ask, "begin to answer", firstTokenMillis))
              )
            )
          )
    return Stream.unwrap(Effect.as(enter(ask, history), prompt))
  }

  const converseEvents = (
    conversation: Conversation,
    spoken: Dialect,
    history: AttemptHistory
  ): Stream.Stream<ChatEvent, ChatError> =>
    Stream.suspend(() => {
      const progress = { delivered: false }
      const recover = Effect.fnUntraced(function* (failure: AttemptFailure) {
        if (progress.delivered) return yield* failure.error
        const next = yield* mended(conversation, spoken, failure.error)
        if (next !== undefined) return converseEvents(conversation, next, history)
        const again = yield* nextAttempt(history, failure, endpoint, gate.pause)
        return converseEvents(conversation, spoken, again)
      })
      return attemptEvents(conversation, spoken, history, progress).pipe(
        Stream.catch((failure) => Stream.unwrap(recover(failure)))
      )
    })

  const chat: ChatCompletions["Service"]["chat"] = Effect.fn("ChatCompletions.chat")(
    function* (messages, given) {
      const conversation = yield* conversationOf(messages, given)
      const { model } = conversation
      yield* Effect.annotateCurrentSpan({ "gen_ai.request.model": model })
      const reply = yield* converse(conversation)
      const { inputTokens, outputTokens } = reply.usage
      yield* Effect.annotateCurrentSpan({
        "gen_ai.response.model": reply.model,
        ...(inputTokens !== undefined && { "gen_ai.usage.input_tokens": inputTokens }),
        ...(outputTokens !== undefined && { "gen_ai.usage.output_tokens": outputTokens })
      })
      return reply
    }
  )

  const stream: ChatCompletions["Service"]["stream"] = (messages, given) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const conversation = yield* conversationOf(messages, given)
        return converseEvents(conversation, yield* Ref.get(dialect), noAttempts)
      })
    ).pipe(Stream.withSpan("ChatCompletions.stream"))

  const listModels = Effect.gen(function* () {
    const { data } = yield* whole({ path: modelsPath }, Models)
    return data.map(offeredModel)
  }).pipe(Effect.withSpan("ChatCompletions.listModels"))

  return { model: endpoint.model, chat, stream, listModels }
})

const offeredModel = (model: (typeof Models.Type)["data"][number]): OfferedModel => {
  const contextLength = model.max_model_len ?? model.context_length
  return {
    id: model.id,
    ...(model.owned_by != null && { ownedBy: model.owned_by }),
    ...(contextLength != null && { contextLength })
  }
}

/** The status that a fault inside a successful response would have had. */
const faultStatus = (codes: ReadonlyArray<string>) => {
  for (const code of codes) {
    if (/^[45]\d\d$/.test(code)) return Number(code)
  }
  return codes.includes("rate_limit_exceeded") ? 429 : 500
}
