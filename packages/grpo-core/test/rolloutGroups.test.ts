import { assert, describe, it } from "@effect/vitest"
import type { Task } from "@sml/env-pomdp"
import { rolloutGroups, type TaskRequest, train } from "@sml/grpo-core"
import { adamW } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

import { brokenTeacher, neverRight, parties, policy, secretTask, secretTasks } from "./HintWorld.ts"

const world = parties.pipe(Layer.provideMerge(policy))
const options = {
  step: 3,
  seed: 11,
  groupSize: 4,
  horizon: 1,
  replacements: 5,
  discount: 0.7,
  advantage: { _tag: "GroupStd", epsilon: 1e-6, std: "population" }
} as const

/** A source that remembers what it was asked, and never gives a task twice. */
const recording = (first: ReadonlyArray<Task>, limit = Infinity) => {
  const asked: Array<TaskRequest> = []
  let made = 0
  return {
    asked,
    take: (request: TaskRequest) =>
      Effect.sync(() => {
        asked.push(request)
        if (request.count === undefined) return first
        const count = Math.min(request.count, Math.max(0, limit - made))
        return Array.from({ length: count }, () => secretTask((made % 4) + 1, `fresh ${made++}`))
      })
  }
}

const constant = ({
  episodes
}: {
  readonly episodes: ReadonlyArray<{ readonly reward: number }>
}) => episodes.every(({ reward }) => reward === episodes[0]?.reward)

describe("rolloutGroups", () => {
  it.effect(
    "asks for as many fresh tasks as there are groups without variance, until all vary",
    () =>
      Effect.gen(function* () {
        const source = recording(secretTasks)
        const { groups, replaced } = yield* rolloutGroups(source.take, {
          ...options,
          replacements: 99
        })
        const [first, ...rounds] = source.asked
        assert.deepStrictEqual(first, { step: 3, seed: 11 })
        // every place is filled in the end, and nothing was thrown away
        assert.strictEqual(groups.filter((group) => !constant(group)).length, secretTasks.length)
        assert.strictEqual(groups.length, secretTasks.length + replaced)
        let at = 0
        let missing = groups.slice(0, secretTasks.length).filter(constant).length
        at = secretTasks.length
        for (const { count } of rounds) {
          assert.strictEqual(count, missing)
          missing = groups.slice(at, at + missing).filter(constant).length
          at += count ?? 0
        }
        assert.strictEqual(missing, 0)
        const names = groups.flatMap(({ episodes }) => episodes.map(({ state }) => state.episode))
        assert.strictEqual(new Set(names).size, names.length)
        assert.strictEqual(new Set(source.asked.map(({ seed }) => seed)).size, source.asked.length)
      }).pipe(Effect.provide(world))
  )

  it.effect("stops at the bound, and where the source has no more", () =>
    Effect.gen(function* () {
      const bounded = yield* rolloutGroups(recording(secretTasks).take, options)
      assert.strictEqual(bounded.replaced, 5)
      const dry = yield* rolloutGroups(recording(secretTasks, 3).take, options)
      assert.strictEqual(dry.replaced, 3)
      const none = yield* rolloutGroups(recording(secretTasks).take, {
        ...options,
        replacements: 0
      })
      assert.deepStrictEqual([none.replaced, none.groups.length], [0, 4])
    }).pipe(Effect.provide(neverRight), Effect.provide(world))
  )

  it.effect("replaces groups that failures have broken", () =>
    Effect.gen(function* () {
      const { groups, replaced } = yield* rolloutGroups(recording(secretTasks).take, {
        ...options,
        horizon: 2
      })
      assert.strictEqual(replaced, 5)
      assert.isTrue(
        groups.some(({ episodes }) => episodes.every(({ stop }) => stop === "teacher-failed"))
      )
    }).pipe(Effect.provide(Layer.merge(brokenTeacher, neverRight)), Effect.provide(world))
  )
})

const refused = (more: Partial<Parameters<typeof train>[1]>) =>
  train(recording([]).take, { steps: 1, replacements: 1, ...more }).pipe(
    Stream.runDrain,
    Effect.flip,
    Effect.map((error) => error.message)
  )

describe("train with replacements", () => {
  const optimiser = adamW({ learningRate: 0.1 })

  it.effect("learns from the fresh groups, and counts the others", () =>
    Effect.gen(function* () {
      const settings = { steps: 3, groupSize: 4, horizon: 1, optimiser }
      const run = (replacements: number) =>
        Effect.provide(
          Stream.runCollect(train(recording(secretTasks).take, { ...settings, replacements })),
          world
        )
      const [plain] = yield* run(0)
      const reports = yield* run(8)
      assert.strictEqual(plain?.replaced, 0)
      const [first] = reports
      assert.isAbove(first?.replaced ?? 0, 0)
      // what was rolled out first is the same
      assert.deepStrictEqual(first?.groups.slice(0, 4), plain?.groups)
      for (const { groups, metrics, replaced } of reports) {
        assert.strictEqual(metrics["groups/count"], 4 + replaced)
        assert.strictEqual(groups.length, 4 + replaced)
        assert.isAtMost(metrics["groups/zero_std"], replaced + 4)
      }
    })
  )

  it.effect("refuses replacements that cannot act", () =>
    Effect.gen(function* () {
      assert.match(
        yield* refused({ rewardKl: { estimator: "k1", coefficient: 1 } }),
        /nothing to replace/
      )
      assert.match(
        yield* refused({
          advantage: { _tag: "ReinforcePlusPlus", epsilon: 0, std: "sample", baseline: "batch" }
        }),
        /learns from groups without variance/
      )
    }).pipe(Effect.provide(world))
  )
})
