import { assert, describe, expect, it } from "@effect/vitest"
import {
  adaptiveTasks,
  Difficulty,
  drawTasks,
  expectedVariance,
  recordOutcomes,
  train
} from "@sml/grpo-core"
import { adamW } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as fc from "fast-check"

import { episodeOf, guesses, parties, policy, secretTask, secretTasks } from "./HintWorld.ts"

const counts = fc.nat(50)

describe("recordOutcomes", () => {
  it("counts solved and unsolved episodes, and forgets at the given rate", () => {
    const once = recordOutcomes({}, [guesses([1, 2, 2, 2])])
    expect(once).toEqual({ "secret 1": { solved: 1, unsolved: 3 } })
    expect(recordOutcomes(once, [guesses([1, 1])], { memory: 0.5 })).toEqual({
      "secret 1": { solved: 2.5, unsolved: 1.5 }
    })
    expect(Schema.is(Difficulty)(once)).toBe(true)
  })

  it("does not count what failed, and keeps what it knows of other tasks", () => {
    const failed = episodeOf(secretTask(1), [], { failure: "the teacher is out" })
    const known = { "secret 1": { solved: 1, unsolved: 1 }, other: { solved: 3, unsolved: 4 } }
    expect(recordOutcomes(known, [{ task: secretTask(1), episodes: [failed, failed] }])).toEqual(
      known
    )
  })
})

const variance = (solved: number, unsolved: number) =>
  expectedVariance({ "secret 1": { solved, unsolved } }, secretTask(1))

describe("expectedVariance", () => {
  it("is that of the posterior, by integration", () => {
    fc.assert(
      fc.property(fc.nat(12), fc.nat(12), (solved, unsolved) => {
        let [mass, total] = [0, 0]
        for (let i = 0; i < 2000; i++) {
          const p = (i + 0.5) / 2000
          const density = p ** solved * (1 - p) ** unsolved
          mass += density
          total += density * p * (1 - p)
        }
        expect(variance(solved, unsolved)).toBeCloseTo(total / mass, 4)
      })
    )
  })

  it("is symmetric, largest where as many are solved as not, and 1/6 where nothing is known", () => {
    expect(expectedVariance({}, secretTask(1))).toBeCloseTo(1 / 6, 12)
    fc.assert(
      fc.property(counts, counts, (solved, unsolved) => {
        expect(variance(solved, unsolved)).toBeCloseTo(variance(unsolved, solved), 12)
        const half = (solved + unsolved) / 2
        expect(variance(solved, unsolved)).toBeLessThanOrEqual(variance(half, half) + 1e-12)
        expect(variance(solved, unsolved)).toBeGreaterThan(0)
      })
    )
  })
})

describe("drawTasks", () => {
  const tasks = Array.from({ length: 10 }, (_, index) => secretTask(1, `task ${index}`))

  it("draws different tasks as a function of the seed", () => {
    fc.assert(
      fc.property(fc.nat(10), fc.nat(), (count, seed) => {
        const drawn = drawTasks(tasks, {}, { count, seed })
        expect(new Set(drawn).size).toBe(count)
        expect(drawTasks(tasks, {}, { count, seed })).toEqual(drawn)
      })
    )
    expect(() => drawTasks(tasks, {}, { count: 11, seed: 0 })).toThrow("11 different tasks")
  })

  it("draws in proportion to what a task is expected to teach", () => {
    const [easy, middling] = [secretTask(1, "easy"), secretTask(1, "middling")]
    const known = { easy: { solved: 16, unsolved: 0 }, middling: { solved: 8, unsolved: 8 } }
    const rounds = 4000
    let middle = 0
    for (let seed = 0; seed < rounds; seed++) {
      if (drawTasks([easy, middling], known, { count: 1, seed })[0] === middling) middle += 1
    }
    const [a, b] = [expectedVariance(known, easy), expectedVariance(known, middling)]
    // five standard errors
    expect(Math.abs(middle / rounds - b / (a + b))).toBeLessThan(5 * Math.sqrt(0.25 / rounds))
  })
})

describe("adaptiveTasks", () => {
  it.effect("learns while it trains, and goes on from what it knew", () =>
    Effect.gen(function* () {
      const source = yield* adaptiveTasks(secretTasks, { count: 2 })
      const reports = yield* train(source.take, {
        steps: 12,
        horizon: 1,
        optimiser: adamW({ learningRate: 0.2 })
      }).pipe(
        Stream.tap(({ groups }) => source.learn(groups)),
        Stream.runCollect
      )
      const known = yield* source.difficulty
      const seen = reports.flatMap(({ groups }) => groups.map(({ task }) => task.id))
      assert.strictEqual(seen.length, 24)
      assert.deepStrictEqual(Object.keys(known).toSorted(), [...new Set(seen)].toSorted())
      const again = yield* adaptiveTasks(secretTasks, { count: 2, difficulty: known })
      const request = { step: 12, seed: 9 }
      assert.deepStrictEqual(yield* again.take(request), yield* source.take(request))
      assert.lengthOf(yield* again.take({ ...request, count: 1 }), 1)
    }).pipe(Effect.provide(parties.pipe(Layer.provideMerge(policy))))
  )
})
