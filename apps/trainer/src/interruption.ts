/** What is kept of a run that does not reach its end, and what is said about it. */
import { Learner } from "@sml/policy"
import type { Run } from "@sml/run-store"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import { failureSentence } from "./failureSentence.ts"
import type { TrainOptions } from "./TrainOptions.ts"

/** How the command is called in this repository. */
const invocation = "npm run sml --"

/**
 * Saves the weights of the last finished step and gives the sentence that says where everything is and
 * how to go on. If they cannot be saved, the sentence says that.
 */
export const interruptedSentence = Effect.fn("trainer.interruptedSentence")(function* (
  run: Run,
  finished: number,
  options: TrainOptions
) {
  const { directory, final } = run.paths
  if (finished === 0) {
    return `interrupted before the end of the first step; ${directory} holds what was measured, and the same command starts again`
  }
  if (finished === options.steps) {
    return `interrupted after the last step; the trained weights are in ${final}, and ${invocation} eval --checkpoint ${final} measures them`
  }
  const learner = yield* Learner
  return yield* run
    .saveCheckpoint(finished, (target) => learner.save(target))
    .pipe(
      Effect.match({
        onSuccess: (checkpoint) =>
          `interrupted after step ${finished} of ${options.steps}; everything up to it is kept in ${directory}, and ${invocation} train --checkpoint ${checkpoint} --steps ${options.steps - finished} goes on from there`,
        onFailure: (error) =>
          `interrupted after step ${finished} of ${options.steps}; metrics and dialogues are kept in ${directory}, the weights are not: ${error.message}`
      })
    )
})

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
 * The failure, and where what was finished before it is. The weights are saved if that is still
 * possible.
 */
export const stoppedBy = Effect.fn("trainer.stoppedBy")(function* (
  error: unknown,
  run: Run,
  finished: number
) {
  const sentence = failureSentence(Cause.fail(error)).replace(/\.$/, "")
  if (finished === 0) return new TrainingStopped({ cause: error, reason: sentence })
  const learner = yield* Learner
  const kept = yield* run
    .saveCheckpoint(finished, (target) => learner.save(target))
    .pipe(
      Effect.match({
        onSuccess: (checkpoint) => `with the weights in ${checkpoint}`,
        onFailure: () => "but the weights could not be saved"
      })
    )
  return new TrainingStopped({
    cause: error,
    reason: `${sentence}; the finished steps, ${finished}, are kept in ${run.paths.directory}, ${kept}`
  })
})
