/** The synchronous training loop: roll out, update, repeat. */
import type { Group, Student, Task, Teacher, Verifier } from "@sml/env-pomdp"
import { mixSeed, rolloutGroup } from "@sml/env-pomdp"
import type { Learner } from "@sml/policy"
import { decodeOptions, InvalidOptions, learningRateAt, scheduleFault } from "@sml/policy"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import { TrainOptions } from "./TrainOptions.ts"
import { applyUpdate, type UpdateError } from "./update.ts"
import type { UpdateMetrics } from "./UpdateMetrics.ts"

/** What a step asks of the source of tasks. */
export interface TaskRequest {
  /** From 0. */
  readonly step: number
  /** Unsigned 32-bit integer, a function of the run's seed and the step. */
  readonly seed: number
}

/** One finished step. */
export interface StepReport {
  /** From 0. */
  readonly step: number
  readonly metrics: UpdateMetrics
  readonly groups: ReadonlyArray<Group>
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
 * every update is on policy.
 *
 * It can be interrupted at any time; the weights are then those of the last finished update. Two
 * runs with equal options, tasks, weights and parties give equal reports, times apart.
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
  tasks: (request: TaskRequest) => Effect.Effect<ReadonlyArray<Task>, E, R>,
  options: typeof TrainOptions.Encoded
): Stream.Stream<StepReport, E | UpdateError, R | Student | Teacher | Verifier | Learner> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const settings = yield* decodeOptions(where, TrainOptions, options)
      const { firstStep, groupSize, horizon, optimiser, schedule, seed, steps } = settings
      const end = firstStep + steps
      const fault = scheduleFault(schedule, end)
      if (fault !== undefined) return yield* new InvalidOptions({ where, reason: `${fault}.` })
      const one = Effect.fn("grpo-core.step")(function* (step: number) {
        const stepSeed = mixSeed(seed, step, 3)
        const [batch, taking] = yield* timed(tasks({ step, seed: stepSeed }))
        const [groups, rolling] = yield* timed(
          Effect.forEach(
            batch,
            (task, index) =>
              rolloutGroup(task, { size: groupSize, horizon, seed: mixSeed(stepSeed, index, 4) }),
            { concurrency: "unbounded" }
          )
        )
        const learningRate = learningRateAt(schedule, {
          learningRate: optimiser.learningRate,
          step,
          steps: end
        })
        const [metrics, updating] = yield* timed(
          applyUpdate(groups, { ...settings, optimiser: { ...optimiser, learningRate } })
        )
        const seconds = { tasks: taking, rollout: rolling, update: updating }
        return { step, metrics, groups, seconds } satisfies StepReport
      })
      return Stream.unfold(firstStep, (step) =>
        step < end
          ? Effect.map(one(step), (report) => [report, step + 1] as const)
          : Effect.succeed(undefined)
      )
    })
  )
