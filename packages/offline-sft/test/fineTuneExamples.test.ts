import { assert, describe, it } from "@effect/vitest"
import {
  dialogueExample,
  type FineTuneExample,
  fineTuneExamples,
  heldOutLoss
} from "@sml/offline-sft"
import { adamW, type Datum, Learner, type Objective, TabularPolicy } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as fc from "fast-check"

import { episodeOf, secretTask, vocabularySize } from "./HintWorld.ts"

const policy = TabularPolicy.layer({ vocabularySize })
const optimiser = adamW({ learningRate: 0.1 })

const example = (group: string, said: ReadonlyArray<number>): FineTuneExample => ({
  group,
  datum: Result.getOrThrow(dialogueExample(episodeOf(secretTask(1), said, { reward: 1 }))).datum
})
const examples = Array.from({ length: 12 }, (_, index) => example(`g${index % 6}`, [1, 1]))

/** The tabular learner, and what was asked of it. */
const recording = () => {
  const learnt: Array<Datum> = []
  const objectives: Array<Objective> = []
  const layer = Layer.effect(
    Learner,
    Effect.map(Learner, (learner) => ({
      ...learner,
      forwardBackward: (data: ReadonlyArray<Datum>, objective: Objective) => {
        learnt.push(...data)
        objectives.push(objective)
        return learner.forwardBackward(data, objective)
      }
    }))
  ).pipe(Layer.provide(policy))
  return { layer, learnt, objectives }
}

describe("fineTuneExamples with a holdout", () => {
  it.effect("measures after every epoch what it never learns", () => {
    const { layer, learnt } = recording()
    return Effect.gen(function* () {
      const steps = yield* fineTuneExamples(examples, {
        epochs: 3,
        batchSize: 4,
        holdout: 0.3,
        optimiser
      }).pipe(Stream.runCollect, Effect.provide(layer))
      // 12 examples, 4 held out: two steps an epoch
      assert.deepStrictEqual(
        steps.map((step) => step["holdout/loss"] !== undefined),
        [false, true, false, true, false, true]
      )
      assert.closeTo(steps[0]?.["holdout/initial_loss"] ?? 0, Math.log(vocabularySize), 1e-6)
      const losses = steps.flatMap((step) => step["holdout/loss"] ?? [])
      assert.isTrue(losses.every((loss, index) => index === 0 || loss < (losses[index - 1] ?? 0)))
      assert.isTrue(steps.every((step) => step["holdout/improved"] !== false))
      assert.strictEqual(steps.at(-1)?.["holdout/best"], losses.at(-1))
      assert.strictEqual(new Set(learnt).size, 8)
    })
  })

  it.effect("stops when the held-out loss has not improved for so long", () =>
    Effect.gen(function* () {
      // half of them say 1, the others 2: learning the one side makes the other less likely
      const torn = [example("a", [1]), example("b", [2])]
      const steps = yield* fineTuneExamples(torn, {
        epochs: 50,
        holdout: 0.5,
        patience: 3,
        optimiser
      }).pipe(Stream.runCollect)
      assert.deepStrictEqual(
        steps.map((step) => step["holdout/improved"]),
        [false, false, false]
      )
      assert.strictEqual(steps.at(-1)?.["holdout/best"], steps[0]?.["holdout/initial_loss"])
    }).pipe(Effect.provide(policy))
  )

  it.effect("measures every so many steps when told to, and after the last one", () =>
    Effect.gen(function* () {
      const steps = yield* fineTuneExamples(examples, {
        epochs: 1,
        batchSize: 1,
        holdout: 0.1,
        evaluateEvery: 4,
        maxSteps: 7,
        optimiser
      }).pipe(Stream.runCollect)
      assert.strictEqual(steps.length, 7)
      assert.deepStrictEqual(
        steps.flatMap((step) => (step["holdout/loss"] === undefined ? [] : [step.step])),
        [3, 6]
      )
    }).pipe(Effect.provide(policy))
  )

  it.effect("gives the same loss however the held-out examples are batched", () =>
    Effect.gen(function* () {
      const data = examples.map(({ datum }) => datum)
      const whole = yield* heldOutLoss(data, 100)
      assert.closeTo(yield* heldOutLoss(data, 5), whole, 1e-12)
      assert.closeTo(whole, Math.log(vocabularySize), 1e-6)
    }).pipe(Effect.provide(policy))
  )

  it.effect("ends where a loss is no number, before the update that it would spoil", () => {
    let updates = 0
    const spoilt = (forwardLoss: number, loss: number) =>
      Layer.effect(
        Learner,
        Effect.map(Learner, (learner) => ({
          ...learner,
          forwardBackward: (...pass: Parameters<typeof learner.forwardBackward>) =>
            Effect.map(learner.forwardBackward(...pass), (result) => ({ ...result, loss })),
          forward: (data: ReadonlyArray<Datum>) =>
            Effect.map(learner.forward(data), (rows) =>
              rows.map((row) => (updates === 0 ? row : row.map(() => forwardLoss)))
            ),
          step: (settings: Parameters<typeof learner.step>[0]) => {
            updates += 1
            return learner.step(settings)
          }
        }))
      ).pipe(Layer.provide(policy))
    return Effect.gen(function* () {
      const learn = Effect.flip(Stream.runDrain(fineTuneExamples(examples, { holdout: 0.3 })))
      const training = yield* Effect.provide(learn, spoilt(0, Number.NaN))
      assert.match(training.message, /the loss of step 1 is NaN.*lower learning rate/)
      assert.strictEqual(updates, 0)
      const measured = yield* Effect.provide(learn, spoilt(-Infinity, 1))
      assert.match(measured.message, /the held-out loss after step 1 is Infinity/)
      assert.strictEqual(updates, 1)
    })
  })

  it.effect("refuses options that cannot act", () =>
    Effect.gen(function* () {
      const refused = [
        [{ patience: 2 }, /patience does nothing without a holdout/],
        [{ evaluateEvery: 2 }, /evaluateEvery does nothing without a holdout/],
        [{ holdout: 1 }, /holdout/],
        [{ maxSteps: 0 }, /maxSteps/]
      ] as const
      for (const [options, sentence] of refused) {
        const error = yield* Effect.flip(Stream.runDrain(fineTuneExamples(examples, options)))
        assert.match(error.message, sentence)
      }
      const one = [example("a", [1]), example("a", [2])]
      const alone = yield* Effect.flip(Stream.runDrain(fineTuneExamples(one, { holdout: 0.5 })))
      assert.match(alone.message, /at least two tasks/)
      // @ts-expect-error there is no such balance
      const balance = yield* Effect.flip(Stream.runDrain(fineTuneExamples(one, { balance: "x" })))
      assert.match(balance.message, /balance/)
    }).pipe(Effect.provide(policy))
  )
})

/** How much each learnt dialogue counts in all. */
const sums = (balance: "dialogues" | "tasks", given: ReadonlyArray<FineTuneExample>) => {
  const { layer, learnt, objectives } = recording()
  return fineTuneExamples(given, { balance, epochs: 1, batchSize: given.length, optimiser }).pipe(
    Stream.runDrain,
    Effect.provide(layer),
    Effect.map(() => ({
      objectives,
      sums: learnt.map(({ weights }) => weights.reduce((sum, weight) => sum + weight, 0))
    }))
  )
}

describe("balance", () => {
  it("lets every dialogue or every task count the same, whatever their number and length", async () => {
    const anyExamples = fc.array(
      fc.tuple(fc.constantFrom("a", "b", "c"), fc.integer({ min: 1, max: 5 })),
      { minLength: 1, maxLength: 12 }
    )
    await fc.assert(
      fc.asyncProperty(anyExamples, async (drawn) => {
        const given = drawn.map(([group, length]) =>
          example(
            group,
            Array.from({ length }, () => 1)
          )
        )
        const dialogues = await Effect.runPromise(sums("dialogues", given))
        for (const sum of dialogues.sums) assert.closeTo(sum, 1 / given.length, 1e-6)
        const tasks = await Effect.runPromise(sums("tasks", given))
        const groups = new Set(given.map(({ group }) => group)).size
        const total = tasks.sums.reduce((sum, share) => sum + share, 0)
        assert.closeTo(total, 1, 1e-5)
        // examples of a group count the same, and each group 1 / groups: the smallest group's
        // example is the heaviest
        const sizes = [...new Set(given.map(({ group }) => group))].map(
          (name) => given.filter(({ group }) => group === name).length
        )
        assert.deepStrictEqual(
          tasks.sums.map((sum) => sum.toFixed(5)).toSorted(),
          sizes
            .flatMap((size) => Array.from({ length: size }, () => 1 / (groups * size)))
            .map((sum) => sum.toFixed(5))
            .toSorted()
        )
        assert.deepStrictEqual(tasks.objectives, [{ _tag: "CrossEntropy", normaliser: "none" }])
      }),
      { numRuns: 40 }
    )
  })
})
