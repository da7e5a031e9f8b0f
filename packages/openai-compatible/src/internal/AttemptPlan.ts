/** Whether and when a failed request is made again. */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

import type { ChatError } from "../ChatError.ts"
import { RateLimited } from "../ChatError.ts"
import type { AttemptFailure } from "./AttemptFailure.ts"

/** How often a request failed, and how long it waited for rate limits. */
export interface AttemptHistory {
  readonly faults: number
  readonly limits: number
  readonly waitedMillis: number
}

export const noAttempts: AttemptHistory = { faults: 0, limits: 0, waitedMillis: 0 }

const firstDelay = 500
const longestDelay = 30_000

const seconds = (millis: number) => `${Math.round(millis / 100) / 10} s`

/** The failure of a request that the server's limits keep out for longer than its patience. */
export const outOfPatience = (url: string, waitedMillis: number, patienceMillis: number) =>
  new RateLimited({
    url,
    waitedMillis,
    reason: `${url} limits the rate of requests: this one would wait ${seconds(waitedMillis)}, and its patience is ${seconds(patienceMillis)}; lower concurrency or requestsPerMinute, or raise patience.`
  })

/** Waits, then succeeds with the history to go on with; fails where no further attempt is due. */
export const nextAttempt = Effect.fnUntraced(function* (
  history: AttemptHistory,
  failure: AttemptFailure,
  plan: { readonly retries: number; readonly patienceMillis: number },
  pause: (millis: number) => Effect.Effect<void>
): Effect.fn.Return<AttemptHistory, ChatError> {
  const { error } = failure
  if (failure.again === "never") return yield* error
  const limited = failure.again === "limited"
  const tries = limited ? history.limits : history.faults
  if (!limited && tries >= plan.retries) return yield* error
  // between half of and the whole of a distance that doubles
  const backOff =
    Math.min(longestDelay, firstDelay * 2 ** tries) * (0.5 + 0.5 * (yield* Random.next))
  const delay = Math.max(failure.afterMillis ?? 0, backOff)
  const waitedMillis = history.waitedMillis + delay
  if ((limited || failure.afterMillis !== undefined) && waitedMillis > plan.patienceMillis) {
    return yield* limited ? outOfPatience(error.url, waitedMillis, plan.patienceMillis) : error
  }
  if (limited) yield* pause(failure.afterMillis ?? 0)
  yield* Effect.sleep(delay)
  return limited
    ? { ...history, limits: history.limits + 1, waitedMillis }
    : { ...history, faults: history.faults + 1 }
})
