/** Where a server is, and how it is treated. */
import type * as Duration from "effect/Duration"
import type * as Redacted from "effect/Redacted"

import type { ChatOptions } from "./ChatOptions.ts"

/**
 * - `baseUrl`: what stands before `/chat/completions`, usually ending in `/v1`.
 * - `model`: the model that is asked unless a request names another.
 * - `apiKey`: sent as a bearer token; never part of an error, a log line or a span.
 * - `headers`: sent with every request; their values are kept out of spans too.
 * - `concurrency` (8): requests that are under way at once.
 * - `requestsPerMinute` (no limit): requests are sent at even distances.
 * - `retries` (4): further attempts after a lost connection, a 408, a 409 or a 5xx, at distances that
 *   double from half a second to thirty, with jitter.
 * - `patience` (2 minutes): how long a request waits for the server's rate limits in all. A 429 is
 *   asked again after `Retry-After`, and nothing is sent while the headers say that nothing remains.
 * - `deadline` (5 minutes): one attempt, from its sending to the last byte.
 * - `firstTokenDeadline` (none but the above): in a stream, from its sending to the first piece.
 * - `maxAnswerBytes` (32 MiB): an answer that is longer is refused.
 * - `defaults`: settings of every request that the request itself does not give.
 */
export interface EndpointOptions {
  readonly baseUrl: string
  readonly model: string
  readonly apiKey?: Redacted.Redacted | undefined
  readonly headers?: Readonly<Record<string, Redacted.Redacted | string>> | undefined
  readonly concurrency?: number | undefined
  readonly requestsPerMinute?: number | undefined
  readonly retries?: number | undefined
  readonly patience?: Duration.Input | undefined
  readonly deadline?: Duration.Input | undefined
  readonly firstTokenDeadline?: Duration.Input | undefined
  readonly maxAnswerBytes?: number | undefined
  readonly defaults?: ChatOptions | undefined
}
