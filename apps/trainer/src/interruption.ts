/** What is kept of a run that does not reach its end, and what is said about it. */
import type { Run } from "@sml/run-store"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import { failureSentence } from "./failureSentence.ts"

/** How the command is called in this repository. */
const invocation = "npm run sml --"

/** What goes on with a run. */
export const resumeHint = (run: Run): string =>
  `${invocation} train --resume ${run.paths.directory}`

/**
 * Takes a checkpoint with `save` and gives the sentence that says where everything is and how to go on.
 * If there can be no checkpoint, the sentence says that.
 */
export const interruptedSentence = <E extends { readonly message: string }, R>(
  run: Run,
  steps: { readonly finished: number; readonly of: number },
  save: Effect.Effect<void, E, R>
): Effect.Effect<string, never, R> => {
  const { directory } = run.paths
  const hint = resumeHint(run)
  if (steps.finished === 0) {
    return Effect.succeed(
      `interrupted before the end of the first step; ${directory} holds what was measured, and ${hint} goes on`
    )
  }
  const when =
    steps.finished === steps.of ? "the last step" : `step ${steps.finished} of ${steps.of}`
  return Effect.match(save, {
    onSuccess: () =>
      `interrupted after ${when}; everything up to it is kept in ${directory}, and ${hint} goes on from there`,
    onFailure: (error) =>
      `interrupted after ${when}; its weights could not be kept in ${directory} (${error.message}), and ${hint} goes on from the last checkpoint`
  })
}

/** A run that a failure ended. */
export class TrainingStopped extends Schema.TaggedError<TrainingStopped>()("TrainingStopped", {
  reason: Schema.String,
  cause: Schema.Defect()
}) {
  override get message(): string {
    return this.reason
  }
}

/**
 * The failure, where what was finished before it is, and how to go on. A checkpoint is taken with `save`
 * if that is still possible.
 */
export const stoppedBy = <E, R>(
  error: unknown,
  run: Run,
  steps: { readonly finished: number; readonly saved: boolean },
  save: Effect.Effect<void, E, R>
): Effect.Effect<TrainingStopped, never, R> => {
  const sentence = failureSentence(Cause.fail(error)).replace(/\.$/, "")
  const stopped = (reason: string) => new TrainingStopped({ cause: error, reason })
  const hint = resumeHint(run)
  if (steps.finished === 0) {
    return Effect.succeed(
      stopped(`${sentence}; no step was finished, and ${hint} goes on when that is put right`)
    )
  }
  const kept = `${sentence}; the finished steps, ${steps.finished}, are kept in ${run.paths.directory}`
  return Effect.match(save, {
    onSuccess: () => stopped(`${kept}, and ${hint} goes on from there`),
    onFailure: () =>
      stopped(
        steps.saved
          ? `${kept}, the weights up to the last checkpoint, from which ${hint} goes on`
          : `${kept}, but no weights could be saved, so that ${hint} starts again`
      )
  })
}

/** Exit code of a process that Ctrl-C has ended. */
const INTERRUPTED = 130

const showCursor = "\u001b[?25h"

/**
 * When whoever reads the output has gone (`| head`), the command is interrupted as by Ctrl-C; what it still
 * says goes nowhere.
 */
export const stopWhenUnheard = (): void => {
  const { stderr, stdout } = process
  let isHeard = true
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error
    if (!isHeard) return
    isHeard = false
    process.kill(process.pid, "SIGINT")
  })
  stderr.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error
  })
}

/**
 * From the second Ctrl-C on the process ends at once; the first one interrupts the command, which
 * stops at the next safe point.
 */
export const stopAtOnce = (): void => {
  let signals = 0
  process.on("SIGINT", () => {
    if (++signals < 2) return
    if (process.stdout.isTTY) process.stdout.write(showCursor)
    process.exit(INTERRUPTED)
  })
}
