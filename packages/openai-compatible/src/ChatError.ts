/** Everything that can go wrong with a request. `reason` is a whole sentence: what, where, what to do. */
import * as Schema from "effect/Schema"

const fields = { url: Schema.String, reason: Schema.String }

/** Nothing answers there, or the connection breaks. */
export class ServerUnreachable extends Schema.TaggedError<ServerUnreachable>()(
  "ServerUnreachable",
  fields
) {
  override get message(): string {
    return this.reason
  }
}

/** The server refuses the key, or wants one and got none. */
export class WrongKey extends Schema.TaggedError<WrongKey>()("WrongKey", fields) {
  override get message(): string {
    return this.reason
  }
}

/** The server does not have the model. */
export class NoSuchModel extends Schema.TaggedError<NoSuchModel>()("NoSuchModel", {
  ...fields,
  model: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

/** The conversation, with what it leaves for the answer, is longer than the model reads. */
export class ContextOverflow extends Schema.TaggedError<ContextOverflow>()("ContextOverflow", {
  ...fields,
  model: Schema.String,
  /** The longest stream in tokens, where the server tells it. */
  limit: Schema.optionalKey(Schema.Number)
}) {
  override get message(): string {
    return this.reason
  }
}

/** The server's limits left no place for the request within the patience of the endpoint. */
export class RateLimited extends Schema.TaggedError<RateLimited>()("RateLimited", {
  ...fields,
  waitedMillis: Schema.Number
}) {
  override get message(): string {
    return this.reason
  }
}

/** What came is not an answer of this protocol, or only the beginning of one. */
export class MalformedAnswer extends Schema.TaggedError<MalformedAnswer>()(
  "MalformedAnswer",
  fields
) {
  override get message(): string {
    return this.reason
  }
}

/** A deadline passed. */
export class TimedOut extends Schema.TaggedError<TimedOut>()("TimedOut", fields) {
  override get message(): string {
    return this.reason
  }
}

/** The server failed, and kept failing when asked again. */
export class ServerFault extends Schema.TaggedError<ServerFault>()("ServerFault", {
  ...fields,
  status: Schema.optionalKey(Schema.Number)
}) {
  override get message(): string {
    return this.reason
  }
}

/** The server understood the request and refuses it, for a reason of its own. */
export class RequestRefused extends Schema.TaggedError<RequestRefused>()("RequestRefused", {
  ...fields,
  status: Schema.Number
}) {
  override get message(): string {
    return this.reason
  }
}

/** Any failure of a request. */
export const ChatError = Schema.Union([
  ServerUnreachable,
  WrongKey,
  NoSuchModel,
  ContextOverflow,
  RateLimited,
  MalformedAnswer,
  TimedOut,
  ServerFault,
  RequestRefused
])
export type ChatError = typeof ChatError.Type
