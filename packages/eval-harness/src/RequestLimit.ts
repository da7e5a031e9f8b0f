/** How often and how many at a time a server is asked. */
import { Student } from "@sml/env-pomdp"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"

/** Limits of a server; what is not given is not limited. */
export interface RequestLimitOptions {
  /** Requests that may start within any minute. They start evenly, none in bursts. */
  readonly requestsPerMinute?: number | undefined
  /** Requests at a time. */
  readonly concurrency?: number | undefined
}

/**
 * Lets requests through within limits. One of them for all users of a server: students, teachers and
 * judges that share the server share the limit.
 */
export class RequestLimit extends Context.Service<
  RequestLimit,
  { readonly run: <A, E, R>(request: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> }
>()("@sml/eval-harness/RequestLimit") {
  /** @throws RangeError unless the limits are positive and the concurrency is whole. */
  static readonly make = Effect.fnUntraced(function* (options: RequestLimitOptions) {
    const { concurrency, requestsPerMinute } = options
    if (
      (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency > 0)) ||
      (requestsPerMinute !== undefined && !(requestsPerMinute > 0))
    ) {
      throw new RangeError(
        `A limit of ${concurrency} requests at a time and ${requestsPerMinute} a minute lets nothing through: give positive numbers.`
      )
    }
    const places = concurrency === undefined ? undefined : yield* Semaphore.make(concurrency)
    const gap = requestsPerMinute === undefined ? 0 : 60_000 / requestsPerMinute
    let free = 0
    const waitForTurn = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const start = Math.max(now, free)
      free = start + gap
      if (start > now) yield* Effect.sleep(start - now)
    })
    return RequestLimit.of({
      run: (request) => {
        const paced = gap === 0 ? request : Effect.andThen(waitForTurn, request)
        return places === undefined ? paced : places.withPermit(paced)
      }
    })
  })

  static readonly layer = (options: RequestLimitOptions): Layer.Layer<RequestLimit> =>
    Layer.effect(RequestLimit, RequestLimit.make(options))

  /** The student that is at hand, within the limit that is at hand. */
  static readonly layerStudent: Layer.Layer<Student, never, Student | RequestLimit> = Layer.effect(
    Student,
    Effect.gen(function* () {
      const student = yield* Student
      const limit = yield* RequestLimit
      return Student.of({
        speak: (observation, context) => limit.run(student.speak(observation, context))
      })
    })
  )
}
