/** One GRPO update. */
import type { Group } from "@sml/env-pomdp"
import type { InvalidOptions, LearnerError } from "@sml/policy"
import { decodeOptions, Learner } from "@sml/policy"
import * as Effect from "effect/Effect"

import { clipRatios } from "./clipRatios.ts"
import { compareLogprobs, verifyLogprobs } from "./compareLogprobs.ts"
import { groupData, type GroupDataError } from "./groupData.ts"
import type { LogprobMismatch } from "./LogprobMismatch.ts"
import type { UpdateMetrics } from "./UpdateMetrics.ts"
import { UpdateOptions } from "./UpdateOptions.ts"

/** What can stop an update. */
export type UpdateError = GroupDataError | LogprobMismatch | LearnerError | InvalidOptions

/**
 * One update from groups of episodes: advantages within each group, gradient of the objective on the
 * student's tokens, one optimiser step.
 *
 * Before the step, the learner's log-probability of every trained token must equal the one it was
 * sampled with, up to `logprobTolerance`; a breach is a {@link LogprobMismatch} that names episode,
 * turn and token. The weights are then untouched, but the learner holds a gradient that was not
 * applied: restore it before training on.
 *
 * When every group is dropped (all returns equal, say) nothing is updated, and the metrics say so.
 * Gradient and step are one uninterruptible whole: an interrupted update has happened or has not.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { type Episode, type Group, reset } from "@sml/env-pomdp"
 * import { update } from "@sml/grpo-core"
 * import { adamW, TabularPolicy } from "@sml/policy"
 * import { Effect } from "effect"
 *
 * const task = { id: "say 2", domain: "digits", prompt: "say 2", knowledge: 2, missing: [] }
 * // a uniform student over 4 tokens said 2, which was right, and 3, which was not
 * const said = (id: number): Episode => {
 *   const state = reset(task, { horizon: 1, seed: id })
 *   const trace = { context: [0], ids: [id], logprobs: [Math.log(1 / 4)] }
 *   const history = [...state.history, { role: "student" as const, text: `${id}`, trace }]
 *   const correct = id === 2
 *   const verdicts = [{ _tag: "Attempt" as const, correct, diagnostics: null }]
 *   return { state: { ...state, history, verdicts }, stop: "correct", reward: correct ? 1 : 0 }
 * }
 * const group: Group = { task, episodes: [said(2), said(3)] }
 * const metrics = await Effect.runPromise(
 *   update([group], { optimiser: adamW({ learningRate: 0.1 }) }).pipe(
 *     Effect.provide(TabularPolicy.layer({ vocabularySize: 4 }))
 *   )
 * )
 * assert.ok(metrics.updated)
 * assert.equal(metrics.reward, 0.5)
 * assert.equal(metrics["clip_ratio/region_mean"], 0)
 * ```
 */
export const update = Effect.fn("grpo-core.update")(function* (
  groups: ReadonlyArray<Group>,
  options: typeof UpdateOptions.Encoded = {}
): Effect.fn.Return<UpdateMetrics, UpdateError, Learner> {
  const settings = yield* decodeOptions("grpo-core.update", UpdateOptions, options)
  return yield* applyUpdate(groups, settings)
})

/** {@link update} with settings that have been decoded. */
export const applyUpdate = Effect.fnUntraced(function* (
  groups: ReadonlyArray<Group>,
  settings: UpdateOptions
): Effect.fn.Return<UpdateMetrics, Exclude<UpdateError, InvalidOptions>, Learner> {
  const { data, episodes, metrics } = yield* Effect.fromResult(groupData(groups, settings))
  if (data.length === 0) return { ...metrics, updated: false }

  const learner = yield* Learner
  const learn = Effect.gen(function* () {
    const pass = yield* learner.forwardBackward(data, settings.objective)
    const difference = settings.verifyLogprobs
      ? yield* Effect.fromResult(
          verifyLogprobs(data, episodes, pass.logprobs, settings.logprobTolerance)
        )
      : compareLogprobs(data, pass.logprobs)
    const { gradNorm } = yield* learner.step(settings.optimiser)
    return { difference, gradNorm, pass }
  })
  const { difference, gradNorm, pass } = yield* Effect.uninterruptible(learn)
  const clipped = clipRatios(settings.objective, data, pass.logprobs)
  return {
    ...metrics,
    updated: true,
    loss: pass.loss,
    grad_norm: gradNorm,
    learning_rate: settings.optimiser.learningRate,
    "tokens/trained": pass.trainedTokens,
    "clip_ratio/low_mean": clipped.low,
    "clip_ratio/high_mean": clipped.high,
    "clip_ratio/region_mean": clipped.region,
    "sampling/logp_difference/max": difference.max,
    "sampling/logp_difference/mean": difference.mean
  }
})
