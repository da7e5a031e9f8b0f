/** One GRPO update. */
import type { Group } from "@sml/env-pomdp"
import type { LearnerError } from "@sml/policy"
import { decodeOptions, InvalidOptions, Learner, objectiveNeeds } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

import { compareLogprobs, verifyLogprobs } from "./compareLogprobs.ts"
import { groupData, type GroupDataError } from "./groupData.ts"
import { klPenalties } from "./internal/klPenalties.ts"
import { passMetrics } from "./internal/passMetrics.ts"
import { prepareData } from "./internal/prepareData.ts"
import { LeakDetector } from "./LeakDetector.ts"
import type { LogprobMismatch } from "./LogprobMismatch.ts"
import { ReferencePolicy } from "./ReferencePolicy.ts"
import { updateFault } from "./updateFault.ts"
import type { UpdateMetrics } from "./UpdateMetrics.ts"
import { UpdateOptions } from "./UpdateOptions.ts"

const where = "grpo-core.update"

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
 * Gradients and steps are one uninterruptible whole: an interrupted update has happened or has not.
 *
 * A KL penalty against a reference needs a `ReferencePolicy` in the context (`InvalidOptions` without
 * one); with a `LeakDetector` there the metrics have a `leak_rate`.
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
  const settings = yield* decodeOptions(where, UpdateOptions, options)
  return yield* applyUpdate(groups, settings)
})

/** {@link update} with settings that have been decoded. */
export const applyUpdate = Effect.fnUntraced(function* (
  groups: ReadonlyArray<Group>,
  settings: UpdateOptions
): Effect.fn.Return<UpdateMetrics, UpdateError, Learner> {
  const { epochs, objective, optimiser, rewardKl } = settings
  const reason = updateFault(settings)
  if (reason !== undefined) return yield* new InvalidOptions({ where, reason })
  const reference = Option.getOrUndefined(yield* Effect.serviceOption(ReferencePolicy))
  if (reference === undefined && needsReference(settings)) {
    return yield* new InvalidOptions({
      where,
      reason: "a KL penalty against a reference needs one; provide a ReferencePolicy."
    })
  }
  const detector = Option.getOrUndefined(yield* Effect.serviceOption(LeakDetector))
  const penalties =
    rewardKl === undefined || reference === undefined
      ? undefined
      : yield* klPenalties(groups, rewardKl, reference)
  const { data, episodes, metrics } = yield* Effect.fromResult(
    groupData(groups, {
      ...settings,
      ...(penalties !== undefined && { penalty: (episode) => penalties.get(episode) ?? 0 }),
      ...(detector !== undefined && { isLeak: detector.isLeak })
    })
  )
  if (data.length === 0) return { ...metrics, updated: false }

  const learner = yield* Learner
  const prepared = yield* prepareData(data, episodes, settings, reference)
  // of what is masked no log-probabilities come back
  const isSeen = (index: number) => prepared[index]?.truncated !== true
  const seen = <A>(items: ReadonlyArray<A>) => items.filter((_item, index) => isSeen(index))
  if (seen(prepared).length === 0) return { ...metrics, updated: false }

  const learn = Effect.gen(function* () {
    const first = yield* learner.forwardBackward(prepared, objective)
    const seenLogprobs = seen(first.logprobs)
    const difference = settings.verifyLogprobs
      ? yield* Effect.fromResult(
          verifyLogprobs(seen(prepared), seen(episodes), seenLogprobs, settings.logprobTolerance)
        )
      : compareLogprobs(seen(prepared), seenLogprobs)
    let pass = first
    let { gradNorm } = yield* learner.step(optimiser)
    for (let epoch = 1; epoch < epochs; epoch++) {
      pass = yield* learner.forwardBackward(prepared, objective)
      gradNorm = (yield* learner.step(optimiser)).gradNorm
    }
    return { difference, gradNorm, pass }
  })
  const { difference, gradNorm, pass } = yield* Effect.uninterruptible(learn)
  return {
    ...metrics,
    updated: true,
    loss: pass.loss,
    grad_norm: gradNorm,
    learning_rate: optimiser.learningRate,
    "tokens/trained": pass.trainedTokens,
    ...passMetrics(objective, prepared, pass),
    "sampling/logp_difference/max": difference.max,
    "sampling/logp_difference/mean": difference.mean,
    ...(penalties !== undefined && { "reward/kl_penalty": average([...penalties.values()]) }),
    ...(objectiveNeeds(objective).has("truncated") && {
      "completions/clipped_ratio": average(
        prepared.map(({ truncated }) => (truncated === true ? 1 : 0))
      )
    })
  }
})

const needsReference = ({ objective, rewardKl }: UpdateOptions): boolean =>
  rewardKl !== undefined || objectiveNeeds(objective).has("reference")

const average = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
