/** The JSON of the protocol, as far as it is read; servers leave out and add what they like. */
import * as Schema from "effect/Schema"

const maybe = <S extends Schema.Top>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

const Usage = Schema.Struct({
  prompt_tokens: maybe(Schema.Number),
  completion_tokens: maybe(Schema.Number),
  prompt_tokens_details: maybe(Schema.Struct({ cached_tokens: maybe(Schema.Number) })),
  completion_tokens_details: maybe(Schema.Struct({ reasoning_tokens: maybe(Schema.Number) }))
})
export type UsageJson = typeof Usage.Type

const Alternative = Schema.Struct({
  token: Schema.String,
  // a probability of 0 is -Infinity, which some servers write as null
  logprob: Schema.NullOr(Schema.Number)
})

const Logprobs = Schema.Struct({
  content: maybe(
    Schema.Array(
      Schema.Struct({
        ...Alternative.fields,
        bytes: maybe(Schema.Array(Schema.Number)),
        top_logprobs: maybe(Schema.Array(Alternative))
      })
    )
  )
})
export type LogprobsJson = typeof Logprobs.Type

const Call = Schema.Struct({
  index: maybe(Schema.Number),
  id: maybe(Schema.String),
  function: maybe(
    Schema.Struct({
      name: maybe(Schema.String),
      // a string of JSON; some servers send the JSON itself
      arguments: maybe(Schema.Unknown)
    })
  )
})
export type CallJson = typeof Call.Type

const Words = Schema.Union([
  Schema.String,
  Schema.Array(Schema.Struct({ type: maybe(Schema.String), text: maybe(Schema.String) }))
])
export type WordsJson = typeof Words.Type

/** A whole message, and a piece of one. */
const Message = Schema.Struct({
  content: maybe(Words),
  refusal: maybe(Schema.String),
  reasoning_content: maybe(Schema.String),
  reasoning: maybe(Schema.String),
  tool_calls: maybe(Schema.Array(Call))
})
export type MessageJson = typeof Message.Type

const choice = {
  finish_reason: maybe(Schema.String),
  logprobs: maybe(Logprobs)
}

const head = { id: maybe(Schema.String), model: maybe(Schema.String), usage: maybe(Usage) }

/** The answer to a request without `stream`. */
export const Completion = Schema.Struct({
  ...head,
  choices: Schema.NonEmptyArray(Schema.Struct({ ...choice, message: Message }))
})
export type Completion = typeof Completion.Type

/** One event of a stream. */
export const Chunk = Schema.Struct({
  ...head,
  choices: maybe(
    Schema.Array(Schema.Struct({ ...choice, index: maybe(Schema.Number), delta: maybe(Message) }))
  )
})
export type Chunk = typeof Chunk.Type

/** An event or an answer that reports a fault. */
export const Fault = Schema.Struct({ error: Schema.Unknown })

/** The answer of `/models`. */
export const Models = Schema.Struct({
  data: Schema.Array(
    Schema.Struct({
      id: Schema.String,
      owned_by: maybe(Schema.String),
      max_model_len: maybe(Schema.Number),
      context_length: maybe(Schema.Number)
    })
  )
})
