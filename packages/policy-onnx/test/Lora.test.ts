import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, describe, it as test } from "@effect/vitest"
import { mergeLora, readCheckpoint, readLoraAdapter } from "@sml/language-model"
import { type Datum, Learner, Sampler } from "@sml/policy"
import { OnnxPolicy } from "@sml/policy-onnx"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import { adamW, allWeighted, goldenCheckpoint, repeated, request } from "./fixture.ts"

const crossEntropy = { _tag: "CrossEntropy", normaliser: "weight" } as const
const data: ReadonlyArray<Datum> = [
  allWeighted([1, 5, 9, 2, 7, 3, 3, 8]),
  { tokens: Int32Array.of(4, 4, 20, 31, 6), weights: Float32Array.of(0, 0, 1, 1) }
]

const temporary = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "sml-lora-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true }))
)

const engine = (options: Omit<OnnxPolicy.CheckpointOptions, "threads">) =>
  Effect.map(Layer.build(OnnxPolicy.layer({ ...options, threads: 2 })), (context) => ({
    learner: Effect.runSync(Effect.provide(Learner, context)),
    sampler: Effect.runSync(Effect.provide(Sampler, context))
  }))

const targets = ["q_proj", "v_proj", "o_proj", "up_proj", "down_proj"]
const lora = { rank: 3, alpha: 6, targets, seed: 4 }

// Adam with an epsilon far above the gradient is gradient descent with the rate η
const eta = 0.05
const descent = {
  ...adamW,
  beta1: 0,
  beta2: 0,
  epsilon: 1e6,
  learningRate: eta * 1e6,
  maxGradNorm: 1e9
}

const difference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - (b[i] ?? NaN))), 0)

const trained = Effect.fnUntraced(function* (directory: string, dropout = 0) {
  const { learner, sampler } = yield* engine({
    checkpoint: goldenCheckpoint,
    lora: { ...lora, dropout }
  })
  for (let step = 0; step < 5; step++) {
    yield* learner.forwardBackward(data, crossEntropy)
    yield* learner.step(adamW)
  }
  yield* learner.save(directory)
  return { learner, sampler }
})

describe("an adapter", () => {
  test.live("changes nothing at first, and only itself in training", () =>
    Effect.gen(function* () {
      const directory = yield* temporary
      const base = yield* engine({ checkpoint: goldenCheckpoint })
      const { learner } = yield* engine({ checkpoint: goldenCheckpoint, lora })
      const before = yield* learner.forward(data)
      const plain = yield* base.learner.forward(data)
      before.forEach((row, i) => assert.isBelow(difference(row, plain[i] ?? []), 1e-6))
      yield* trained(directory)
      const { config, tensors } = yield* readCheckpoint(goldenCheckpoint)
      const adapter = yield* readLoraAdapter(join(directory, "adapter"), config)
      assert.deepEqual(adapter.config.targets.toSorted(), targets.toSorted())
      const merged = yield* Effect.fromResult(mergeLora(tensors, adapter))
      const saved = yield* readCheckpoint(directory)
      for (const [name, { data: weights }] of saved.tensors) {
        const expected = merged.get(name)?.data ?? []
        const own = tensors.get(name)?.data ?? []
        if (adapter.modules.has(name.replace(/\.weight$/, ""))) {
          assert.isBelow(difference(weights, expected), 1e-6, name)
          assert.isAbove(difference(weights, own), 1e-4, name)
        } else {
          assert.equal(difference(weights, own), 0, name)
        }
      }
    }).pipe(Effect.scoped)
  )

  test.live("has the gradient that the chain rule gives it", () =>
    Effect.gen(function* () {
      const [here, there, after] = [yield* temporary, yield* temporary, yield* temporary]
      // both matrices away from zero
      yield* trained(here)
      const { config, tensors } = yield* readCheckpoint(here)
      const begun = yield* readLoraAdapter(join(here, "adapter"), config)
      // the gradient of the whole matrices at the merged weights
      const full = yield* engine({ checkpoint: here })
      yield* full.learner.forwardBackward(data, crossEntropy)
      yield* full.learner.step(descent)
      yield* full.learner.save(there)
      const moved = yield* readCheckpoint(there)
      const { learner } = yield* engine({
        checkpoint: goldenCheckpoint,
        lora: { adapter: join(here, "adapter") }
      })
      yield* learner.forwardBackward(data, crossEntropy)
      yield* learner.step(descent)
      yield* learner.save(after)
      const ended = yield* readLoraAdapter(join(after, "adapter"), config)
      for (const [path, { A, B, in: width, out, rank, scale }] of begun.modules) {
        const [w, v] = [tensors, moved.tensors].map((all) => all.get(`${path}.weight`)?.data)
        const g = Float64Array.from(w ?? [], (x, i) => (x - (v?.[i] ?? NaN)) / eta)
        // dB = s·G·Aᵀ and dA = s·Bᵀ·G
        const dB = Float64Array.from({ length: out * rank }, (_, at) => {
          const [o, r] = [Math.floor(at / rank), at % rank]
          let sum = 0
          for (let i = 0; i < width; i++) sum += (g[o * width + i] ?? 0) * (A[r * width + i] ?? 0)
          return scale * sum
        })
        const dA = Float64Array.from({ length: rank * width }, (_, at) => {
          const [r, i] = [Math.floor(at / width), at % width]
          let sum = 0
          for (let o = 0; o < out; o++) sum += (B[o * rank + r] ?? 0) * (g[o * width + i] ?? 0)
          return scale * sum
        })
        const then = ended.modules.get(path)
        const stepA = A.map((x, i) => (x - (then?.A[i] ?? NaN)) / eta)
        const stepB = B.map((x, i) => (x - (then?.B[i] ?? NaN)) / eta)
        const size = dB.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
        assert.isAbove(size, 1e-4, path)
        assert.isBelow(difference(stepB, dB), 2e-2 * size + 2e-5, path)
        assert.isBelow(difference(stepA, dA), 2e-2 * size + 2e-5, path)
      }
    }).pipe(Effect.scoped)
  )

  test.live("samples what it learns, is saved merged and alone, and is restored", () =>
    Effect.gen(function* () {
      const directory = yield* temporary
      const { learner, sampler } = yield* trained(directory)
      const completion = yield* sampler.generate(request([1, 5, 9], { maxTokens: 20 }))
      const stream = allWeighted([1, 5, 9, ...completion.ids])
      const [logprobs] = yield* learner.forward([stream])
      assert.isBelow(difference(logprobs?.subarray(2) ?? [], completion.logprobs), 2e-4)
      const merged = yield* engine({ checkpoint: directory })
      const [same] = yield* merged.learner.forward([stream])
      assert.isBelow(difference(same ?? [], logprobs ?? []), 2e-5)
      yield* learner.forwardBackward(data, crossEntropy)
      yield* learner.step({ ...adamW, learningRate: 0.5 })
      const [other] = yield* learner.forward([stream])
      assert.isAbove(difference(other ?? [], logprobs ?? []), 1e-2)
      yield* learner.restore(directory)
      const [back] = yield* learner.forward([stream])
      assert.deepEqual(back, logprobs)
      const wrong = yield* engine({ checkpoint: goldenCheckpoint, lora: { ...lora, rank: 2 } })
      assert.include((yield* Effect.flip(wrong.learner.restore(directory))).reason, "another shape")
    }).pipe(Effect.scoped)
  )

  test.live("drops at random in training only, the same way each time", () =>
    Effect.gen(function* () {
      const [one, two, plain] = [yield* temporary, yield* temporary, yield* temporary]
      const { learner } = yield* trained(one, 0.4)
      yield* trained(two, 0.4)
      yield* trained(plain)
      const [a, b, c] = yield* Effect.forEach([one, two, plain], (directory) =>
        Effect.map(readCheckpoint(directory), ({ tensors }) =>
          tensors.get("model.layers.0.self_attn.q_proj.weight")
        )
      )
      assert.deepEqual(a, b)
      assert.isAbove(difference(a?.data ?? [], c?.data ?? []), 1e-5)
      assert.deepEqual(yield* learner.forward(data), yield* learner.forward(data))
    }).pipe(Effect.scoped)
  )

  test.live("is refused by name where the model has no such map", () =>
    Effect.gen(function* () {
      const start = engine({ checkpoint: goldenCheckpoint, lora: { ...lora, targets: ["w_proj"] } })
      assert.include((yield* Effect.flip(start)).reason, "w_proj")
    }).pipe(Effect.scoped)
  )
})

describe("a large batch", () => {
  test.live("has the gradient of its parts", () =>
    Effect.gen(function* () {
      const long = [
        ...data,
        ...data.map(({ tokens }) => allWeighted([...tokens, ...repeated(7, 9)]))
      ]
      const moved = yield* Effect.forEach([1e-6, 1024], (activationMegabytes) =>
        Effect.scoped(
          Effect.gen(function* () {
            const directory = yield* temporary
            const { learner } = yield* engine({ checkpoint: goldenCheckpoint, activationMegabytes })
            yield* learner.forwardBackward(long, crossEntropy)
            yield* learner.step(descent)
            yield* learner.save(directory)
            return (yield* readCheckpoint(directory)).tensors
          })
        )
      )
      const [parts, whole] = moved
      const base = (yield* readCheckpoint(goldenCheckpoint)).tensors
      for (const [name, { data: weights }] of whole ?? []) {
        const far = difference(weights, base.get(name)?.data ?? [])
        assert.isBelow(difference(weights, parts?.get(name)?.data ?? []), 1e-5 * far + 1e-7, name)
      }
    }).pipe(Effect.scoped)
  )
})
