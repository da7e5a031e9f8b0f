/** Failures of this package as those of `effect/ai`. */
import * as AiError from "effect/ai/AiError"
import * as Duration from "effect/Duration"

import type { ChatError } from "../ChatError.ts"

const reasonOf = (error: ChatError): AiError.AiErrorReason => {
  const description = error.reason
  // kinds of failure that effect/ai does not tell apart
  const metadata = { openaiCompatible: { error: error._tag } }
  switch (error._tag) {
    case "ServerUnreachable":
      return new AiError.NetworkError({
        reason: "TransportError",
        method: "POST",
        url: error.url,
        description
      })
    case "WrongKey":
      return new AiError.AuthenticationError({ kind: "InvalidKey", description, metadata })
    case "NoSuchModel":
      return new AiError.InvalidRequestError({ parameter: "model", description, metadata })
    case "ContextOverflow":
      return new AiError.InvalidRequestError({ parameter: "messages", description, metadata })
    case "RequestRefused":
      return new AiError.InvalidRequestError({ description, metadata })
    case "RateLimited":
      return new AiError.RateLimitError({
        retryAfter: Duration.millis(error.waitedMillis),
        metadata: { openaiCompatible: { error: error._tag, message: description } }
      })
    case "MalformedAnswer":
      return new AiError.InvalidResponseError({ description, metadata })
    case "ServerFault":
      return new AiError.InternalProviderError({ description, metadata })
    case "TimedOut":
    default:
      return new AiError.UnknownError({ description, metadata })
  }
}

/** `method` is the one of `LanguageModel` that failed. */
export const aiErrorOf =
  (method: string) =>
  (error: ChatError): AiError.AiError =>
    AiError.make({ module: "OpenAiCompatible", method, reason: reasonOf(error) })
