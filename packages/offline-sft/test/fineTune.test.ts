import { assert, describe, it } from "@effect/vitest"
import { fineTune, FineTuneMetrics } from "@sml/offline-sft"
import { adamW, type Datum, Learner, type Objective, TabularPolicy } from "@sml/policy"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

import { episodeOf, secretTask, vocabularySize } from "./HintWorld.ts"

const policy = TabularPolicy.layer({ vocabularySize })
const optimiser = adamW({ learningRate: 0.1 })
const dialogues = Array.from({ length: 10 }, (_, seed) =>
  episodeOf(secretTask(1), [2, 1 + (seed % 3)], { reward: 1, seed })
)

/** The tabular learner, and everything that was asked of it. */
const recording = () => {
  const calls: Array<{ readonly data: ReadonlyArray<Datum>; readonly objective: Objective }> = []
  const layer = Layer.effect(
    Learner,
    Effect.map(Learner, (learner) => ({
      ...learner,
      forwardBackward: (data: ReadonlyArray<Datum>, objective: Objective) => {
        calls.push({ data, objective })
        return learner.forwardBackward(data, objective)
      }
    }))
  ).pipe(Layer.provide(policy))
  return { calls, layer }
}

describe("fineTune", () => {
  it.effect("lowers the loss, step by step", () =>
    Effect.gen(function* () {
      const steps = yield* fineTune(dialogues, { epochs: 20, batchSize: 99, optimiser }).pipe(
        Stream.runCollect
      )
      const losses = steps.map(({ loss }) => loss)
      assert.closeTo(losses[0] ?? 0, Math.log(vocabularySize), 1e-6)
      assert.deepStrictEqual(
        losses,
        losses.toSorted((left, right) => right - left)
      )
      assert.isTrue(steps.every((step) => Schema.is(FineTuneMetrics)(step)))
      assert.isTrue(steps.every((step) => step["tokens/trained"] === 20 && step.steps === 20))
    }).pipe(Effect.provide(policy))
  )

  it.effect("trains on the student's tokens alone, without advantages", () => {
    const { calls, layer } = recording()
    return Effect.gen(function* () {
      yield* fineTune(dialogues.slice(0, 1), { epochs: 1 }).pipe(
        Stream.runDrain,
        Effect.provide(layer)
      )
      assert.deepStrictEqual(calls, [
        {
          data: [
            {
              tokens: Int32Array.of(0, 2, 0, 1),
              weights: Float32Array.of(1, 0, 1),
              label: "secret 1/0"
            }
          ],
          objective: { _tag: "CrossEntropy", normaliser: "weight" }
        }
      ])
    })
  })

  it.effect("sees every dialogue once an epoch, in an order that the seed gives", () =>
    Effect.gen(function* () {
      const labels = (seed: number) => {
        const { calls, layer } = recording()
        return fineTune(dialogues, { epochs: 2, batchSize: 4, seed, optimiser }).pipe(
          Stream.runDrain,
          Effect.provide(layer),
          Effect.map(() => calls.map(({ data }) => data.map(({ label }) => label ?? "")))
        )
      }
      const batches = yield* labels(1)
      assert.deepStrictEqual(
        batches.map((batch) => batch.length),
        [4, 4, 2, 4, 4, 2]
      )
      const [first, second] = [batches.slice(0, 3).flat(), batches.slice(3).flat()]
      const all = dialogues.map(({ state }) => state.episode).toSorted()
      assert.deepStrictEqual(first.toSorted(), all)
      assert.deepStrictEqual(second.toSorted(), all)
      assert.notDeepEqual(first, second)
      assert.deepStrictEqual(yield* labels(1), batches)
      assert.notDeepEqual(yield* labels(2), batches)
    })
  )

  it.effect("lets a step finish when it is interrupted in the middle of one", () => {
    const log: Array<string> = []
    return Effect.gen(function* () {
      const entered = yield* Deferred.make<void>()
      const release = yield* Deferred.make<void>()
      const slow = Layer.effect(
        Learner,
        Effect.map(Learner, (learner) => ({
          ...learner,
          forwardBackward: (...pass: Parameters<typeof learner.forwardBackward>) =>
            Effect.gen(function* () {
              yield* Deferred.succeed(entered, undefined)
              yield* Deferred.await(release)
              log.push("gradient")
              return yield* learner.forwardBackward(...pass)
            }),
          step: (settings: Parameters<typeof learner.step>[0]) => {
            log.push("step")
            return learner.step(settings)
          }
        }))
      ).pipe(Layer.provide(policy))
      const fiber = yield* Effect.forkChild(
        fineTune(dialogues, { batchSize: 1 }).pipe(Stream.runDrain, Effect.provide(slow))
      )
      yield* Deferred.await(entered)
      const stopping = yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
      yield* Deferred.succeed(release, undefined)
      yield* Fiber.join(stopping)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
      assert.deepStrictEqual(log, ["gradient", "step"])
    })
  })

  it.effect("follows the schedule of the learning rate over all epochs", () =>
    Effect.gen(function* () {
      const rates: Array<number> = []
      const recordingSteps = Layer.effect(
        Learner,
        Effect.map(Learner, (learner) => ({
          ...learner,
          step: (settings: Parameters<typeof learner.step>[0]) => {
            rates.push(settings.learningRate)
            return learner.step(settings)
          }
        }))
      ).pipe(Layer.provide(policy))
      const linear = { _tag: "Linear", warmupSteps: 2 } as const
      // 10 dialogues in batches of 5: 2 steps an epoch, 6 in all
      yield* fineTune(dialogues, { batchSize: 5, epochs: 3, schedule: linear, optimiser }).pipe(
        Stream.runDrain,
        Effect.provide(recordingSteps)
      )
      assert.deepStrictEqual(
        rates,
        [0.5, 1, 1, 0.75, 0.5, 0.25].map((share) => 0.1 * share)
      )
    })
  )

  it.effect("refuses what it cannot learn from", () =>
    Effect.gen(function* () {
      const none = yield* Effect.flip(Stream.runDrain(fineTune([])))
      assert.strictEqual(none._tag, "NoDialogues")
      const untraced = episodeOf(secretTask(1), [1], { reward: 1, seed: 7, traced: false })
      const error = yield* Effect.flip(Stream.runDrain(fineTune([untraced])))
      assert(error._tag === "MissingTrace")
      assert.strictEqual(error.episode, "secret 1/7")
      const silent = episodeOf(secretTask(1), [], { reward: 1 })
      const empty = yield* Effect.flip(Stream.runDrain(fineTune([silent])))
      assert.strictEqual(empty._tag, "DatumError")
      const idle = { _tag: "Cosine", warmupSteps: 3 } as const
      const never = yield* Effect.flip(
        Stream.runDrain(fineTune(dialogues, { schedule: idle, epochs: 3, batchSize: 10 }))
      )
      assert.match(never.message, /offline-sft\.fineTune: the cosine schedule .* never falls/)
      // @ts-expect-error a misspelt option does not compile
      const misspelt = yield* Effect.flip(Stream.runDrain(fineTune(dialogues, { epoch: 1 })))
      assert.match(misspelt.message, /offline-sft\.fineTune.*"epoch"/)
    }).pipe(Effect.provide(policy))
  )
})
