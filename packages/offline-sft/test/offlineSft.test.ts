import { assert, describe, it } from "@effect/vitest"
import { collect, type FineTuneMetrics, offlineSft, singleTurnSft } from "@sml/offline-sft"
import { adamW } from "@sml/policy"
import * as Effect from "effect/Effect"

import { neverRight, secretTasks, world } from "./HintWorld.ts"

const optimiser = adamW({ learningRate: 0.1 })

/** Fraction of dialogues solved, of many. */
const success = Effect.map(
  collect(secretTasks, { samplesPerTask: 60, horizon: 2, seed: 99 }),
  (episodes) => episodes.filter(({ reward }) => reward === 1).length / episodes.length
)

describe("offlineSft", () => {
  it.effect("makes the student better at what its own successes show: reading the hint", () =>
    Effect.gen(function* () {
      const before = yield* success
      const seen: Array<FineTuneMetrics> = []
      const { selection, steps } = yield* offlineSft(
        secretTasks,
        { samplesPerTask: 60, horizon: 2, epochs: 10, batchSize: 16, dedup: false, optimiser },
        (metrics) => Effect.sync(() => seen.push(metrics))
      )
      assert.deepStrictEqual(seen, [...steps])
      assert.strictEqual(selection.episodes, 180)
      assert.strictEqual(selection.kept, selection.successes)
      assert.isBelow(before, 0.4)
      assert.isAbove(yield* success, before + 0.25)
    }).pipe(Effect.provide(world))
  )

  it.effect("imitates without duplicates unless told otherwise", () =>
    Effect.gen(function* () {
      const { selection } = yield* offlineSft(secretTasks, { samplesPerTask: 60, perTask: 2 })
      assert.strictEqual(selection.kept, 6)
      assert.isAbove(selection.duplicates + selection.surplus, 0)
    }).pipe(Effect.provide(world))
  )

  it.effect("says so when nothing succeeded", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(offlineSft(secretTasks, { samplesPerTask: 2 }))
      assert.strictEqual(error._tag, "NoDialogues")
      assert.include(error.message, "among 6 episodes")
    }).pipe(Effect.provide(neverRight), Effect.provide(world))
  )

  it.effect("refuses options that cannot act", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(offlineSft(secretTasks, { samplesPerTask: 0 }))
      assert.match(error.message, /samplesPerTask/)
      // @ts-expect-error a misspelt option does not compile
      const misspelt = yield* Effect.flip(offlineSft(secretTasks, { perTasks: 1 }))
      assert.match(misspelt.message, /perTasks/)
    }).pipe(Effect.provide(world))
  )
})

describe("singleTurnSft", () => {
  it.effect("learns from first answers alone, from as many turns as four of them", () =>
    Effect.gen(function* () {
      const { selection, steps } = yield* singleTurnSft(secretTasks, { epochs: 1, optimiser })
      assert.strictEqual(selection.episodes, secretTasks.length * 32)
      // without duplicates there is one right first answer a task, of one token
      assert.strictEqual(selection.kept, secretTasks.length)
      assert.deepStrictEqual(
        steps.map((step) => step["tokens/trained"]),
        [secretTasks.length]
      )
      // @ts-expect-error the horizon of a single turn is no option
      const other = singleTurnSft(secretTasks, { horizon: 2, samplesPerTask: 4, epochs: 1 })
      assert.strictEqual((yield* other).selection.episodes, secretTasks.length * 4)
    }).pipe(Effect.provide(world))
  )

  it.effect("holds out and stops early like the rest", () =>
    Effect.gen(function* () {
      const { steps } = yield* offlineSft(secretTasks, {
        samplesPerTask: 40,
        horizon: 2,
        holdout: 0.3,
        patience: 1,
        balance: "tasks",
        epochs: 40,
        optimiser
      })
      assert.isDefined(steps[0]?.["holdout/initial_loss"])
      assert.isDefined(steps.at(-1)?.["holdout/loss"])
    }).pipe(Effect.provide(world))
  )
})

describe("collect", () => {
  it.effect("is a function of the seed, whatever runs at the same time", () =>
    Effect.gen(function* () {
      // every task twice: its dialogues differ all the same
      const twice = [...secretTasks, ...secretTasks]
      const one = yield* collect(twice, { seed: 4, concurrency: 1 })
      assert.deepStrictEqual(yield* collect(twice, { seed: 4, concurrency: 3 }), one)
      assert.notDeepEqual(yield* collect(twice, { seed: 5 }), one)
      assert.deepStrictEqual(
        one.map(({ state }) => state.task.id),
        twice.flatMap(({ id }) => Array.from({ length: 8 }, () => id))
      )
      assert.strictEqual(new Set(one.map(({ state }) => state.episode)).size, one.length)
    }).pipe(Effect.provide(world))
  )
})
