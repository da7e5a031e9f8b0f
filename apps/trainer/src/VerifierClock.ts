/** How long the verifier works: its share of a training step. */
import { Verifier } from "@sml/env-pomdp"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** Gives the seconds that checks took since the last call, and starts again from 0. */
export class VerifierClock extends Context.Service<
  VerifierClock,
  { readonly take: Effect.Effect<number> }
>()("@sml/trainer/VerifierClock") {}

/**
 * The verifier of `inner`, with a clock. Checks that overlap are counted once: what matters is how long
 * dialogues may have waited for a verdict.
 */
export const timedVerifier = <E, R>(
  inner: Layer.Layer<Verifier, E, R>
): Layer.Layer<Verifier | VerifierClock, E, R> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const verifier = yield* Verifier
      let spent = 0
      let running = 0
      let since = 0
      const begin = Effect.sync(() => {
        if (running++ === 0) since = performance.now()
      })
      const end = Effect.sync(() => {
        if (--running === 0) spent += performance.now() - since
      })
      return Context.make(Verifier, {
        check: (task, text) =>
          Effect.acquireUseRelease(
            begin,
            () => verifier.check(task, text),
            () => end
          )
      }).pipe(
        Context.add(VerifierClock, {
          take: Effect.sync(() => {
            const seconds = spent / 1000
            spent = 0
            return seconds
          })
        })
      )
    })
  ).pipe(Layer.provide(inner))
