import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, describe, it as test } from "@effect/vitest"
import { readCheckpoint } from "@sml/language-model"
import { type Datum, Learner, type Objective, Sampler } from "@sml/policy"
import {
  EngineCounters,
  EngineError,
  type EngineOptions,
  laneCount,
  OnnxPolicy
} from "@sml/policy-onnx"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as fc from "fast-check"

import { adamW, allWeighted, anyDatum, goldenCheckpoint, request, tinyConfig } from "./fixture.ts"

const together = { concurrency: "unbounded" } as const

const inLanes = <A, E, R>(lanes: number, effect: Effect.Effect<A, E, R>, seed = 3) =>
  Effect.provide(
    effect,
    OnnxPolicy.layerFresh({ config: tinyConfig, seed, threads: lanes, lanes }),
    { local: true }
  )

const temporary = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "sml-lanes-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true }))
)

const someData = (seed: number, count: number): ReadonlyArray<Datum> =>
  fc.sample(anyDatum(tinyConfig.vocabularySize, 30), { numRuns: count, seed })

const objectives: ReadonlyArray<Objective> = [
  { _tag: "CrossEntropy", normaliser: "none" },
  { _tag: "ClippedPolicyGradient", clipLow: 0.2, clipHigh: 0.3, normaliser: "weight" },
  {
    _tag: "PolicyOptimisation",
    surrogate: { _tag: "Clip", low: 0.2, high: 0.3 },
    aggregation: { _tag: "TokenMean" },
    entropy: 0.01
  }
]

// what an engine answers to three passes and steps, and where its weights are afterwards
const training = Effect.gen(function* () {
  const learner = yield* Learner
  const answers = yield* Effect.forEach(objectives, (objective, seed) =>
    Effect.gen(function* () {
      const pass = yield* learner.forwardBackward(someData(seed, 9), objective)
      return { pass, ...(yield* learner.step(adamW)) }
    })
  )
  const directory = yield* temporary
  yield* learner.save(directory)
  const { tensors } = yield* readCheckpoint(directory)
  const forward = yield* learner.forward(someData(9, 7))
  return { answers, weights: [...tensors.values()].map(({ data }) => data), forward }
})

// of the gradients of three steps
const norms = Effect.gen(function* () {
  const learner = yield* Learner
  return yield* Effect.forEach([0, 1, 2], (seed) =>
    Effect.andThen(
      learner.forwardBackward(someData(seed, 6), { _tag: "CrossEntropy", normaliser: "weight" }),
      Effect.map(learner.step(adamW), ({ gradNorm }) => gradNorm)
    )
  )
})

const inAdapter = (lanes: number) =>
  Effect.provide(
    norms,
    OnnxPolicy.layer({
      checkpoint: goldenCheckpoint,
      threads: lanes,
      lanes,
      lora: { rank: 2, alpha: 4, targets: ["q_proj", "down_proj"], seed: 4 }
    }),
    { local: true }
  )

// why an engine does not start
const refusal = (options: Pick<EngineOptions, "device" | "lanes">) =>
  Effect.flip(Layer.build(OnnxPolicy.layerFresh({ config: tinyConfig, seed: 1, ...options })))

const farthest = (a: ReadonlyArray<Float32Array>, b: ReadonlyArray<Float32Array>): number =>
  Math.max(
    ...a.map((array, i) =>
      array.reduce((most, x, j) => Math.max(most, Math.abs(x - (b[i]?.[j] ?? NaN))), 0)
    )
  )

describe("lanes", () => {
  test.live("train as one engine does", () =>
    Effect.gen(function* () {
      const one = yield* inLanes(1, training)
      // three lanes: shards that begin within a matrix
      for (const lanes of [2, 3]) {
        const several = yield* inLanes(lanes, training)
        for (const [i, { gradNorm, pass }] of one.answers.entries()) {
          const other = several.answers[i]
          if (other === undefined) throw new Error("an answer is missing")
          assert.closeTo(other.pass.loss, pass.loss, 1e-5 * (1 + Math.abs(pass.loss)))
          assert.closeTo(other.gradNorm, gradNorm, 1e-5 * gradNorm)
          assert.strictEqual(other.pass.trainedTokens, pass.trainedTokens)
          assert.isBelow(farthest(pass.logprobs, other.pass.logprobs), 1e-4)
          assert.strictEqual(other.pass.entropies === undefined, pass.entropies === undefined)
          assert.isBelow(farthest(pass.entropies ?? [], other.pass.entropies ?? []), 1e-4)
        }
        assert.isBelow(farthest(one.weights, several.weights), 1e-4)
        assert.isBelow(farthest(one.forward, several.forward), 1e-3)
      }
    })
  )

  test.live("give the same bits each time", () =>
    Effect.gen(function* () {
      const first = yield* inLanes(3, training)
      assert.deepStrictEqual(yield* inLanes(3, training), first)
    })
  )

  test.live("have the same weights, and give a request the same bits in any of them", () =>
    inLanes(
      3,
      Effect.gen(function* () {
        const learner = yield* Learner
        const sampler = yield* Sampler
        for (let step = 0; step < 3; step++) {
          yield* learner.forwardBackward(someData(step, 5), {
            _tag: "CrossEntropy",
            normaliser: "none"
          })
          yield* learner.step(adamW)
        }
        // as many that all lanes are asked
        const same = Array.from({ length: 30 }, () => request([1, 2, 3], { seed: 7 }))
        const counters = yield* EngineCounters
        const before = (yield* counters.read).prefilledTokens
        const completions = yield* Effect.forEach(same, (r) => sampler.generate(r), together)
        // each lane has run the prompt once
        assert.strictEqual((yield* counters.read).prefilledTokens - before, 3 * 3)
        for (const completion of completions) assert.deepStrictEqual(completion, completions[0])
      })
    )
  )

  test.live("keep a dialogue where its beginning is cached", () =>
    inLanes(
      2,
      Effect.gen(function* () {
        const sampler = yield* Sampler
        const counters = yield* EngineCounters
        const keys = Array.from({ length: 9 }, (_, i) => `dialogue ${i}`)
        const turn = (length: number) =>
          Effect.forEach(
            keys,
            (cacheKey, i) =>
              sampler.generate(
                request(
                  Array.from({ length }, (_, at) => (i + at * at) % 11),
                  { cacheKey, maxTokens: 2 }
                )
              ),
            together
          )
        yield* turn(5)
        const before = (yield* counters.read).reusedTokens
        yield* turn(12)
        assert.isAtLeast((yield* counters.read).reusedTokens - before, 5 * keys.length)
      })
    )
  )

  test.live("go on from the state of any number of them", () =>
    Effect.gen(function* () {
      const directory = yield* temporary
      const passes = (from: number, to: number) =>
        Effect.gen(function* () {
          const learner = yield* Learner
          for (let seed = from; seed < to; seed++) {
            yield* learner.forwardBackward(someData(seed, 6), {
              _tag: "CrossEntropy",
              normaliser: "weight"
            })
            yield* learner.step(adamW)
          }
          const there = yield* temporary
          yield* learner.save(there)
          const { tensors } = yield* readCheckpoint(there)
          return [...tensors.values()].map(({ data }) => data)
        })
      const whole = yield* inLanes(2, passes(0, 5))
      yield* inLanes(
        2,
        Effect.gen(function* () {
          yield* passes(0, 2)
          yield* (yield* Learner).saveState(directory)
        })
      )
      const goOn = Effect.gen(function* () {
        // what was done before does not matter
        yield* passes(7, 8)
        yield* (yield* Learner).restoreState(directory)
        return yield* passes(2, 5)
      })
      assert.deepStrictEqual(yield* inLanes(2, goOn, 4), whole)
      for (const lanes of [1, 3]) {
        assert.isBelow(farthest(yield* inLanes(lanes, goOn, 4), whole), 1e-4)
      }
    })
  )

  test.live("take data of which some of them have none", () =>
    Effect.gen(function* () {
      const pass = Effect.gen(function* () {
        const learner = yield* Learner
        const { loss } = yield* learner.forwardBackward([allWeighted([1, 5, 9, 2])], {
          _tag: "CrossEntropy",
          normaliser: "weight"
        })
        return { loss, ...(yield* learner.step(adamW)) }
      })
      const [one, four] = [yield* inLanes(1, pass), yield* inLanes(4, pass)]
      assert.closeTo(four.loss, one.loss, 1e-6)
      assert.closeTo(four.gradNorm, one.gradNorm, 1e-6)
    })
  )

  test.live("add nothing of a pass that any of them has given up", () =>
    inLanes(
      3,
      Effect.gen(function* () {
        const learner = yield* Learner
        const objective = { _tag: "CrossEntropy", normaliser: "none" } as const
        const large = Array.from({ length: 30 }, (_, seed) => someData(seed, 60)).flat()
        for (let milliseconds = 0; milliseconds < 40; milliseconds += 4) {
          const running = yield* Effect.forkChild(learner.forwardBackward(large, objective))
          const queued = yield* Effect.forkChild(learner.forwardBackward(large, objective))
          const stepping = yield* Effect.forkChild(learner.step({ ...adamW, learningRate: 0 }))
          yield* Effect.sleep(milliseconds)
          yield* Fiber.interrupt(stepping)
          yield* Fiber.interrupt(queued)
          yield* Fiber.interrupt(running)
        }
        // clears what a pass may have left that was finished in time
        yield* Effect.exit(learner.step({ ...adamW, learningRate: 0 }))
        const none = yield* Effect.flip(learner.step(adamW))
        assert.match(none.message, /call forwardBackward before step/)
        const once = Effect.andThen(
          learner.forwardBackward(someData(1, 8), objective),
          learner.step({ ...adamW, learningRate: 0 })
        )
        assert.deepStrictEqual(yield* once, yield* once)
      })
    )
  )

  test.live("end together", () =>
    Effect.gen(function* () {
      const workers: Array<{ readonly terminate: () => Promise<number> }> = []
      const note = (worker: { readonly terminate: () => Promise<number> }) => {
        workers.push(worker)
      }
      process.on("worker", note)
      const scope = yield* Layer.build(
        OnnxPolicy.layerFresh({ config: tinyConfig, seed: 1, threads: 3, lanes: 3 })
      )
      process.off("worker", note)
      assert.strictEqual(workers.length, 3)
      yield* Effect.gen(function* () {
        const learner = yield* Learner
        // one that is idle: ended in the middle of native code, it could take the process with it
        const terminated = workers[1]?.terminate()
        const pass = learner.forwardBackward(someData(1, 8), {
          _tag: "CrossEntropy",
          normaliser: "none"
        })
        // the others wait for its word until they hear that it has ended
        const waiting = yield* Effect.forkChild(Effect.flip(pass), { startImmediately: true })
        yield* Effect.promise(async () => terminated)
        assert.match((yield* Fiber.join(waiting)).message, /it exited with code 1/)
        const later = yield* Effect.flip(learner.forward(someData(1, 4)))
        assert.match(later.message, /thread has stopped/)
      }).pipe(Effect.provide(scope))
    })
  )

  test.live("are refused where there can be none", () =>
    Effect.gen(function* () {
      const none = yield* refusal({ lanes: 0 })
      assert.instanceOf(none, EngineError)
      assert.match(none.message, /lanes/)
      const elsewhere = yield* refusal({ lanes: 2, device: "webgpu" })
      assert.instanceOf(elsewhere, EngineError)
      assert.match(elsewhere.message, /cannot have 2 lanes on the device "webgpu"/)
    })
  )

  test.live("train an adapter, too", () =>
    Effect.gen(function* () {
      const [one, two] = [yield* inAdapter(1), yield* inAdapter(2)]
      for (const [i, norm] of one.entries()) assert.closeTo(two[i] ?? NaN, norm, 1e-4 * norm)
    })
  )

  test("are as many as threads for a small model, and one for a large one", () => {
    assert.strictEqual(laneCount(tinyConfig, { threads: 4 }), 4)
    assert.strictEqual(laneCount({ ...tinyConfig, vocabularySize: 2 ** 21 }, { threads: 4 }), 1)
    assert.strictEqual(laneCount(tinyConfig, { threads: 4, device: "webgpu" }), 1)
    assert.strictEqual(laneCount(tinyConfig, { threads: 4, lora: {} }), 1)
    assert.strictEqual(laneCount(tinyConfig, { threads: 4, lora: {}, lanes: 2 }), 2)
  })
})
