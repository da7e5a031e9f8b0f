/** How a command ends when it fails. */
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"

import { failureSentence } from "./failureSentence.ts"
import { tell } from "./tell.ts"

/** A failure that has been told to the user; carries the exit code. */
export class Reported extends Schema.TaggedError<Reported>()("Reported", {
  exitCode: Schema.Int
}) {
  override readonly [Runtime.errorExitCode] = this.exitCode
  override readonly [Runtime.errorReported] = false
}

/**
 * Ends a command's effect in one sentence on standard error and a failing exit code; with
 * `--log-level debug` the whole cause follows. An interruption passes through: the command has said
 * what it kept.
 */
export const reported = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, Reported, R> =>
  Effect.catchCause(
    effect,
    Effect.fnUntraced(function* (cause) {
      if (Cause.hasInterruptsOnly(cause)) return yield* Effect.interrupt
      const failure = Cause.squash(cause)
      if (failure instanceof Reported) return yield* failure
      yield* tell("failure", failureSentence(cause))
      const level = yield* References.MinimumLogLevel
      if (LogLevel.isLessThanOrEqualTo(level, "Debug")) yield* Console.error(Cause.pretty(cause))
      return yield* new Reported({ exitCode: 1 })
    })
  )
