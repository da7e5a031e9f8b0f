/** Lets requests through: so many at once, so many a minute, none while the server wants none. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"

export interface RequestGate {
  /**
   * Waits for a place, which is held until the scope ends. Succeeds with the milliseconds that were
   * spent on the server's limits, `entered: false` where these would be more than `patience`.
   */
  readonly enter: (
    patience: number
  ) => Effect.Effect<
    { readonly entered: boolean; readonly waitedMillis: number },
    never,
    Scope.Scope
  >
  /** Nothing is let through for so long. */
  readonly pause: (millis: number) => Effect.Effect<void>
}

export const makeRequestGate = Effect.fnUntraced(function* (
  concurrency: number,
  requestsPerMinute: number | undefined
) {
  const places = yield* Semaphore.make(concurrency)
  const distance = requestsPerMinute === undefined ? 0 : 60_000 / requestsPerMinute
  let pausedUntil = 0
  let nextStart = 0
  const enter = Effect.fnUntraced(function* (patience: number) {
    yield* places.takeScoped(1)
    let waitedMillis = 0
    for (;;) {
      const now = yield* Clock.currentTimeMillis
      const pause = pausedUntil - now
      if (pause > 0) {
        if (waitedMillis + pause > patience)
          return { entered: false, waitedMillis: waitedMillis + pause }
        yield* Effect.sleep(pause)
        waitedMillis += pause
        continue
      }
      if (distance === 0) return { entered: true, waitedMillis }
      const start = Math.max(nextStart, now)
      nextStart = start + distance
      if (start <= now) return { entered: true, waitedMillis }
      yield* Effect.sleep(start - now)
      // the server may have asked for a pause meanwhile; the start that was reserved stays used
      if (pausedUntil <= (yield* Clock.currentTimeMillis)) return { entered: true, waitedMillis }
    }
  })
  return {
    enter,
    pause: (millis) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        pausedUntil = Math.max(pausedUntil, now + millis)
      })
  } satisfies RequestGate
})
