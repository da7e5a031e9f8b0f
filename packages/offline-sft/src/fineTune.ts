/** Supervised fine-tuning on the student's turns of given dialogues. */
import type { Episode, MissingTrace } from "@sml/env-pomdp"
import type { DatumError, InvalidOptions, Learner, LearnerError } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import { dialogueExample } from "./FineTuneExample.ts"
import { type FineTuneMetrics, fineTuneExamples } from "./fineTuneExamples.ts"
import type { FineTuneOptions } from "./FineTuneOptions.ts"
import type { NoDialogues } from "./NoDialogues.ts"

/** What can stop fine-tuning. */
export type FineTuneError = NoDialogues | MissingTrace | DatumError | LearnerError | InvalidOptions

/**
 * Learns to say what the student says in the dialogues: cross-entropy on the student's tokens, mean
 * over the tokens of a step. Statement, replies and template have weight 0. The stream emits after
 * each step and takes the next one when it is asked to; it can be interrupted between any two, and a
 * step is an uninterruptible whole. With a holdout it can stop early: see `FineTuneOptions`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { type Episode, reset } from "@sml/env-pomdp"
 * import { fineTune } from "@sml/offline-sft"
 * import { adamW, TabularPolicy } from "@sml/policy"
 * import { Effect, Stream } from "effect"
 *
 * const task = { id: "1+1", domain: "math", prompt: "1 + 1 ?", knowledge: 2, missing: [] }
 * const { history, ...state } = reset(task, { horizon: 4 })
 * const trace = { context: [5, 3, 5], ids: [7], logprobs: [-2] }
 * const episode: Episode = {
 *   state: { ...state, history: [...history, { role: "student", text: "2", trace }] },
 *   stop: "correct",
 *   reward: 1
 * }
 * const steps = await fineTune([episode], { optimiser: adamW({ learningRate: 0.1 }) }).pipe(
 *   Stream.runCollect,
 *   Effect.provide(TabularPolicy.layer({ vocabularySize: 8 })),
 *   Effect.runPromise
 * )
 * const [first, second, third] = steps.map(({ loss }) => loss)
 * assert.ok(first! > second! && second! > third!)
 * ```
 */
export const fineTune = (
  dialogues: ReadonlyArray<Episode>,
  options: typeof FineTuneOptions.Encoded = {}
): Stream.Stream<FineTuneMetrics, FineTuneError, Learner> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const examples = yield* Effect.forEach(dialogues, (episode) =>
        Effect.fromResult(dialogueExample(episode))
      )
      return fineTuneExamples(examples, options)
    })
  )
