import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, describe, it as test, layer } from "@effect/vitest"
import { readCheckpoint } from "@sml/language-model"
import {
  type Datum,
  evaluateObjective,
  Learner,
  LearnerError,
  type Objective,
  Sampler
} from "@sml/policy"
import { OnnxPolicy } from "@sml/policy-onnx"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as fc from "fast-check"

import {
  adamW,
  allWeighted,
  anyDatum,
  changed,
  goldenCheckpoint,
  repeated,
  request,
  tinyConfig
} from "./fixture.ts"

// its update changes no weight: shows the gradient's norm and clears it
const still = { ...adamW, learningRate: 0 }

const crossEntropy: Objective = { _tag: "CrossEntropy", normaliser: "weight" }

// every datum has what the richest objective needs
const complete = (datum: Datum): Datum => ({
  advantages: new Float32Array(datum.weights.length).fill(0.5),
  logprobs: new Float32Array(datum.weights.length).fill(-2),
  ...datum
})

const someData = (seed: number, count: number, longest = 40): ReadonlyArray<Datum> => [
  complete(allWeighted([1, 2, 3])),
  ...fc.sample(anyDatum(40, longest), { numRuns: count, seed })
]

const floats = (...values: Array<number>) => Float32Array.from(values)

for (const lanes of [1, 2]) {
  const golden = OnnxPolicy.layer({ checkpoint: goldenCheckpoint, threads: 2, lanes })

  layer(golden, { excludeTestServices: true })(`learning in ${lanes} lanes`, (it) => {
    const objectives: ReadonlyArray<Objective> = [
      crossEntropy,
      { _tag: "CrossEntropy", normaliser: "none" },
      { _tag: "PolicyGradient", normaliser: "weight" },
      { _tag: "ClippedPolicyGradient", clipLow: 0.2, clipHigh: 0.3, normaliser: "weight" },
      { _tag: "ClippedPolicyGradient", clipLow: 0.5, clipHigh: 0.5, normaliser: "none" }
    ]

    it.effect("has the loss and the gradient of the reference, for every objective", () =>
      Effect.gen(function* () {
        const learner = yield* Learner
        for (const [seed, objective] of objectives.entries()) {
          const data = someData(seed, 12)
          const { logprobs, loss, trainedTokens } = yield* learner.forwardBackward(data, objective)
          const { gradNorm } = yield* learner.step(still)
          const reference = evaluateObjective(objective, data, logprobs)
          assert.closeTo(loss, reference.loss, 1e-5 * (1 + Math.abs(reference.loss)))
          const trained = data.flatMap(({ weights }) => [...weights]).filter((x) => x !== 0)
          assert.strictEqual(trainedTokens, trained.length)
          // the reference's derivative by log-probability as a linear objective: by the chain rule
          // the parameters' gradients agree exactly when the difference of the two vanishes
          const linear = data.map(({ tokens }, i) => ({
            tokens,
            weights: new Float32Array(tokens.length - 1).fill(1),
            advantages: Float32Array.from(reference.gradient[i] ?? [])
          }))
          yield* learner.forwardBackward(data, objective)
          yield* learner.forwardBackward(linear, { _tag: "PolicyGradient", normaliser: "none" })
          const difference = yield* learner.step(still)
          assert.isAbove(gradNorm, 1e-3)
          assert.isBelow(difference.gradNorm, 1e-5 * gradNorm, objective._tag)
        }
      })
    )

    it.effect("gives log-probabilities in the caller's order", () =>
      Effect.gen(function* () {
        const learner = yield* Learner
        const data = someData(7, 20)
        const all = yield* learner.forward(data)
        const { logprobs } = yield* learner.forwardBackward(data, crossEntropy)
        yield* learner.step(still)
        for (const [i, datum] of data.entries()) {
          const [alone] = yield* learner.forward([datum])
          assert.lengthOf(all[i] ?? [], datum.weights.length)
          alone?.forEach((x, t) => {
            assert.closeTo(all[i]?.[t] ?? NaN, x, 1e-5)
            // no logits are computed where no loss falls
            const expected = data[i]?.weights[t] === 0 ? 0 : x
            assert.closeTo(logprobs[i]?.[t] ?? NaN, expected, 1e-5)
          })
        }
      })
    )

    it.effect("has a gradient of zero where no target counts", () =>
      Effect.gen(function* () {
        const learner = yield* Learner
        const data = someData(7, 2).map(({ tokens, weights }) => ({
          tokens,
          weights: new Float32Array(weights.length)
        }))
        const { loss, trainedTokens } = yield* learner.forwardBackward(data, {
          _tag: "CrossEntropy",
          normaliser: "none"
        })
        assert.equal(loss, 0)
        assert.equal(trainedTokens, 0)
        assert.equal((yield* learner.step(still)).gradNorm, 0)
      })
    )

    it.effect("adds up the gradients of its calls, each with its own normaliser", () =>
      Effect.gen(function* () {
        const learner = yield* Learner
        const data = someData(3, 4)
        yield* learner.forwardBackward(data, crossEntropy)
        const once = yield* learner.step(still)
        yield* learner.forwardBackward(data, crossEntropy)
        yield* learner.forwardBackward(data, crossEntropy)
        const twice = yield* learner.step(still)
        assert.closeTo(twice.gradNorm, 2 * once.gradNorm, 1e-5 * once.gradNorm)
        // data whose weights are scaled: the normaliser takes the scale away
        const scaled = data.map((datum) =>
          changed(datum, { weights: datum.weights.map((x) => 4 * x) })
        )
        yield* learner.forwardBackward(scaled, crossEntropy)
        const same = yield* learner.step(still)
        assert.closeTo(same.gradNorm, once.gradNorm, 1e-5 * once.gradNorm)
      })
    )

    it.effect("refuses what it cannot learn from, in one sentence that names the datum", () =>
      Effect.gen(function* () {
        const learner = yield* Learner
        const good = allWeighted([1, 2, 3])
        const named = { ...good, label: "episode 7" }
        const gradient: Objective = { _tag: "PolicyGradient", normaliser: "weight" }
        const clipped = objectives[3] ?? crossEntropy
        const cases: ReadonlyArray<readonly [ReadonlyArray<Datum>, Objective, RegExp]> = [
          [[], crossEntropy, /no data/],
          [[{ tokens: Int32Array.of(1), weights: floats() }], crossEntropy, /Datum 0 has 1 tokens/],
          [
            [good, { ...named, tokens: Int32Array.of(1, 2, 40) }],
            crossEntropy,
            /"episode 7" has the id 40/
          ],
          [
            [{ ...named, weights: floats(1) }],
            crossEntropy,
            /"episode 7" has 1 weights for 2 targets/
          ],
          [
            [{ ...good, weights: floats(1, NaN) }],
            crossEntropy,
            /Datum 0 has NaN among its weights/
          ],
          [[good], gradient, /has no advantages/],
          [[{ ...good, advantages: floats(1, 1) }], clipped, /has no logprobs/],
          [[{ ...good, weights: floats(0, 0) }], crossEntropy, /sum to 0/],
          [[allWeighted(repeated(1, 98))], crossEntropy, /more than the context of 96/],
          [
            [good],
            { _tag: "ClippedPolicyGradient", clipLow: -1, clipHigh: 1, normaliser: "none" },
            /objective is not valid/
          ]
        ]
        for (const [data, objective, problem] of cases) {
          const error = yield* Effect.flip(learner.forwardBackward(data, objective))
          assert.instanceOf(error, LearnerError)
          assert.match(error.message, problem)
          assert.match(error.message, /^[^\n]+\.$/)
        }
        const empty = yield* Effect.flip(learner.step(adamW))
        assert.match(empty.message, /call forwardBackward before step/)
        const settings = yield* Effect.flip(learner.step({ ...adamW, beta1: 1 }))
        assert.match(settings.message, /optimiser's settings/)
        // a whole context is fine
        yield* learner.forward([allWeighted(repeated(1, 97))])
      })
    )

    it.effect(
      "has the sum of its targets' gradients, though fewer positions are computed for each",
      () =>
        Effect.gen(function* () {
          const learner = yield* Learner
          const objective: Objective = { _tag: "CrossEntropy", normaliser: "none" }
          const data = someData(11, 6)
          yield* learner.forwardBackward(data, objective)
          const { gradNorm } = yield* learner.step(still)
          yield* learner.forwardBackward(data, objective)
          for (const part of [0, 1, 2]) {
            const taken = data.map(({ tokens, weights }) => ({
              tokens,
              weights: weights.map((weight, i) => (i % 3 === part ? -weight : 0))
            }))
            yield* learner.forwardBackward(taken, objective)
          }
          const left = yield* learner.step(still)
          assert.isAbove(gradNorm, 0)
          assert.isBelow(left.gradNorm, 1e-5 * gradNorm)
        })
    )

    it.effect("does not take a step along a gradient that is not finite", () =>
      Effect.gen(function* () {
        const learner = yield* Learner
        const data = someData(4, 3)
        const before = yield* learner.forward(data)
        const huge = data.map((datum) =>
          changed(datum, { advantages: datum.weights.map(() => 3e38) })
        )
        yield* learner.forwardBackward(huge, { _tag: "PolicyGradient", normaliser: "none" })
        const error = yield* Effect.flip(learner.step(adamW))
        assert.match(error.message, /the step was not taken/)
        assert.deepStrictEqual(yield* learner.forward(data), before)
        // the next step starts from nothing
        assert.match((yield* Effect.flip(learner.step(adamW))).message, /call forwardBackward/)
      })
    )

    it.effect("forgets a pass that was interrupted", () =>
      Effect.gen(function* () {
        const learner = yield* Learner
        const small = someData(5, 2)
        yield* learner.forwardBackward(small, crossEntropy)
        const alone = yield* learner.step(still)
        yield* learner.forwardBackward(small, crossEntropy)
        const large = Array.from({ length: 40 }, () => someData(6, 60)).flat()
        const running = yield* Effect.forkChild(learner.forwardBackward(large, crossEntropy))
        const queued = yield* Effect.forkChild(learner.forwardBackward(large, crossEntropy))
        yield* Effect.sleep("20 millis")
        yield* Fiber.interrupt(queued)
        yield* Fiber.interrupt(running)
        const after = yield* learner.step(still)
        assert.strictEqual(after.gradNorm, alone.gradNorm)
      })
    )
  })
}

const temporary = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "learner-"))),
  (directory) => Effect.promise(() => rm(directory, { recursive: true, force: true }))
)

const lossAndNorm = (microBatchTokens: number) =>
  Effect.gen(function* () {
    const learner = yield* Learner
    const { loss } = yield* learner.forwardBackward(someData(8, 40), crossEntropy)
    return { loss, ...(yield* learner.step(still)) }
  }).pipe(
    Effect.provide(OnnxPolicy.layer({ checkpoint: goldenCheckpoint, threads: 1, microBatchTokens }))
  )

describe("a learner", () => {
  test.live("has the same gradient whatever the size of its passes", () =>
    Effect.gen(function* () {
      const whole = yield* lossAndNorm(4096)
      const pieces = yield* lossAndNorm(1)
      assert.closeTo(pieces.loss, whole.loss, 1e-5)
      assert.closeTo(pieces.gradNorm, whole.gradNorm, 1e-5 * whole.gradNorm)
    })
  )

  test.live("saves a folder from which everything can go on, and restores it", () =>
    Effect.gen(function* () {
      const directory = yield* temporary
      const companions = yield* temporary
      yield* Effect.promise(() => writeFile(join(companions, "tokenizer.json"), "{}"))
      const data = [allWeighted([1, 2, 3, 4, 5]), allWeighted([6, 7, 8])]
      const train = Effect.gen(function* () {
        const learner = yield* Learner
        yield* learner.forwardBackward(data, crossEntropy)
        yield* learner.step(adamW)
      })
      const ask = request([1, 2], { maxTokens: 20 })
      yield* Effect.gen(function* () {
        const learner = yield* Learner
        const sampler = yield* Sampler
        yield* train
        yield* learner.save(directory)
        const saved = yield* sampler.generate(ask)
        const files = yield* Effect.promise(() => readdir(directory))
        assert.deepStrictEqual(files.toSorted(), [
          "config.json",
          "model.safetensors",
          "tokenizer.json"
        ])
        assert.deepStrictEqual((yield* readCheckpoint(directory)).config, tinyConfig)
        yield* train
        assert.notDeepEqual(yield* sampler.generate(ask), saved)
        yield* learner.restore(directory)
        assert.deepStrictEqual(yield* sampler.generate(ask), saved)
        const onDisk = Effect.flatMap(Sampler, (other) => other.generate(ask))
        const opened = Effect.provide(
          onDisk,
          OnnxPolicy.layer({ checkpoint: directory, threads: 1 })
        )
        assert.deepStrictEqual(yield* opened, saved)

        const other = yield* Effect.flip(learner.restore(goldenCheckpoint))
        assert.match(other.message, /a model of another shape/)
        const missing = yield* Effect.flip(learner.restore(join(directory, "nowhere")))
        assert.match(missing.message, /There is no file .*config\.json/)
        const blocked = yield* Effect.flip(learner.save(join(directory, "config.json", "below")))
        assert.match(blocked.message, /choose a writable folder/)
      }).pipe(
        Effect.provide(
          OnnxPolicy.layerFresh({ config: tinyConfig, seed: 1, threads: 1, companions })
        )
      )
    })
  )

  test.live("names a folder that cannot be opened", () =>
    Effect.gen(function* () {
      const program = Effect.flatMap(Sampler, (sampler) => sampler.generate(request([1])))
      const error = yield* Effect.flip(
        Effect.provide(program, OnnxPolicy.layer({ checkpoint: "/no/such/folder" }))
      )
      assert.strictEqual(error._tag, "CheckpointError")
      assert.match(error.message, /There is no file/)
    })
  )
})
