/** The training loop: roll out, update, repeat; synchronous unless it is told otherwise. */
import type { Group, Student, Teacher, Verifier } from "@sml/env-pomdp"
import { mixSeed } from "@sml/env-pomdp"
import type { Learner } from "@sml/policy"
import { decodeOptions, InvalidOptions, learningRateAt, scheduleFault } from "@sml/policy"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"

import { rolloutBatch, type TaskFunction } from "./rolloutGroups.ts"
import { TrainOptions } from "./TrainOptions.ts"
import { applyUpdate, type UpdateError } from "./update.ts"
import { updateFault } from "./updateFault.ts"
import type { UpdateMetrics } from "./UpdateMetrics.ts"

/** One finished step. */
export interface StepReport {
  /** From 0. */
  readonly step: number
  readonly metrics: UpdateMetrics
  readonly groups: ReadonlyArray<Group>
  /** How many of the groups stand in the place of others that taught nothing. */
  readonly replaced: number
  /** Updates between the start of the rollout and this one's; 0 when synchronous. */
  readonly staleness: number
  /** Wall time of each part, in seconds. */
  readonly seconds: { readonly tasks: number; readonly rollout: number; readonly update: number }
}

const where = "grpo-core.train"

/** The result, and the seconds it took. */
const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.timed(effect), ([took, value]) => [value, Duration.toSeconds(took)] as const)

/**
 * Trains with GRPO (arXiv:2602.16488): every step takes tasks, rolls out a group of dialogues about
 * each of them, all concurrently, and makes one update from them. The stream emits a report after
 * each step and does nothing until the next one is asked for: rollout and update never overlap, so
 * every update is on policy. With a `staleness` they do, within its bound.
 *
 * It can be interrupted at any time; the weights are then those of the last finished update. Two
 * synchronous runs with equal options, tasks, weights and parties give equal reports, times apart.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { Student, Teacher, Verifier } from "@sml/env-pomdp"
 * import { train } from "@sml/grpo-core"
 * import { adamW, Sampler, TabularPolicy } from "@sml/policy"
 * import { Effect, Layer, Stream } from "effect"
 *
 * // a student with a vocabulary of 4 digits, which learns to say 2
 * const StudentLive = Layer.effect(
 *   Student,
 *   Effect.map(Sampler, (sampler) =>
 *     Student.of({
 *       speak: (_observation, { seed }) =>
 *         Effect.map(
 *           Effect.orDie(
 *             sampler.generate({
 *               tokens: Int32Array.of(0),
 *               maxTokens: 1,
 *               temperature: 1,
 *               stop: [],
 *               seed
 *             })
 *           ),
 *           ({ ids, logprobs }) => ({
 *             text: ids.join(" "),
 *             trace: { context: [0], ids: [...ids], logprobs: [...logprobs] }
 *           })
 *         )
 *     })
 *   )
 * )
 * const VerifierLive = Layer.succeed(Verifier, {
 *   check: (_task, text) =>
 *     Effect.succeed({ _tag: "Attempt", correct: text === "2", diagnostics: null })
 * })
 * const TeacherLive = Layer.succeed(Teacher, {
 *   reply: () => Effect.succeed({ text: "wrong . try again .", disclosed: [] })
 * })
 *
 * const task = { id: "two", domain: "digits", prompt: "say 2", knowledge: 2, missing: [] }
 * const reports = await train(() => Effect.succeed([task]), {
 *   steps: 40,
 *   horizon: 1,
 *   optimiser: adamW({ learningRate: 0.2 })
 * }).pipe(
 *   Stream.runCollect,
 *   Effect.provide(Layer.mergeAll(StudentLive, VerifierLive, TeacherLive)),
 *   Effect.provide(TabularPolicy.layer({ vocabularySize: 4 })),
 *   Effect.runPromise
 * )
 * assert.ok((reports.at(-1)?.metrics.reward ?? 0) > 0.8)
 * ```
 */
export const train = <E, R>(
  tasks: TaskFunction<E, R>,
  options: typeof TrainOptions.Encoded
): Stream.Stream<StepReport, E | UpdateError, R | Student | Teacher | Verifier | Learner> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const settings = yield* decodeOptions(where, TrainOptions, options)
      const { firstStep, optimiser, schedule, seed, staleness, steps } = settings
      const end = firstStep + steps
      const reason = trainFault(settings)
      if (reason !== undefined) return yield* new InvalidOptions({ where, reason })
      const scope = yield* Effect.scope
      let updates = firstStep

      const roll = Effect.fnUntraced(function* (step: number) {
        const from = updates
        const stepSeed = mixSeed(seed, step, 3)
        const [batch, taking] = yield* timed(tasks({ step, seed: stepSeed }))
        const [rolled, rolling] = yield* timed(
          rolloutBatch(batch, tasks, { ...settings, step, seed: stepSeed })
        )
        return { ...rolled, from, taking, rolling }
      })
      type Rolling = Fiber.Fiber<
        Effect.Success<ReturnType<typeof roll>>,
        Effect.Error<ReturnType<typeof roll>>
      >

      // one rollout after the other, up to the step that the staleness lets begin now
      let begun = firstStep
      const underWay: Array<Rolling> = []
      const advance = Effect.fnUntraced(function* (until: number) {
        for (; begun < Math.min(until, end); begun++) {
          const before = underWay.at(-1)
          const next = roll(begun)
          const chained = before === undefined ? next : Effect.andThen(Fiber.join(before), next)
          underWay.push(yield* Effect.forkIn(chained, scope))
        }
      })

      const one = Effect.fn("grpo-core.step")(function* (step: number) {
        if (staleness > 0) yield* advance(step + 1)
        const ahead = underWay[0]
        const { from, groups, replaced, rolling, taking } =
          ahead === undefined ? yield* roll(step) : yield* Fiber.join(ahead)
        if (staleness > 0) yield* advance(step + 1 + staleness)
        underWay.shift()
        const learningRate = learningRateAt(schedule, {
          learningRate: optimiser.learningRate,
          step,
          steps: end
        })
        const [metrics, updating] = yield* timed(
          applyUpdate(groups, { ...settings, optimiser: { ...optimiser, learningRate } })
        )
        const behind = updates - from
        updates += 1
        const seconds = { tasks: taking, rollout: rolling, update: updating }
        return { step, metrics, groups, replaced, staleness: behind, seconds } satisfies StepReport
      })
      return Stream.unfold(firstStep, (step) =>
        step < end
          ? Effect.map(one(step), (report) => [report, step + 1] as const)
          : Effect.succeed(undefined)
      )
    })
  )

/** What cannot act, or not together with the rest, as a sentence. */
const trainFault = (settings: TrainOptions): string | undefined => {
  const { advantage, firstStep, replacements, rewardKl, schedule, staleness, steps } = settings
  const fault = scheduleFault(schedule, firstStep + steps)
  if (fault !== undefined) return `${fault}.`
  if (staleness > 0 && settings.verifyLogprobs) {
    return "with staleness the weights have moved on since sampling, which verifyLogprobs refuses; set verifyLogprobs to false."
  }
  if (staleness >= steps && staleness > 0) {
    return `a staleness of ${staleness} has nothing to run ahead of in ${steps} step(s); lower it.`
  }
  if (replacements > 0 && rewardKl !== undefined) {
    return "a KL penalty in the reward leaves no group without variance, so there is nothing to replace; leave replacements or rewardKl out."
  }
  if (
    replacements > 0 &&
    advantage._tag === "ReinforcePlusPlus" &&
    advantage.baseline === "batch"
  ) {
    return "ReinforcePlusPlus with the batch as its baseline learns from groups without variance; leave replacements out, or choose the baseline of the group."
  }
  return updateFault(settings)
}
