import { existsSync } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, describe, it as test, layer } from "@effect/vitest"
import type { ModelConfig } from "@sml/language-model"
import { type GenerateRequest, Learner, Sampler, SamplerError } from "@sml/policy"
import { EngineCounters, OnnxPolicy } from "@sml/policy-onnx"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as fc from "fast-check"

import {
  adamW,
  allWeighted,
  goldenCheckpoint,
  request,
  sharedModels,
  tinyConfig,
  altered,
  repeated
} from "./fixture.ts"

const together = { concurrency: "unbounded" } as const

// requests that are valid for a vocabulary of 40 and a context of 96
const anyRequest = (vocabulary: number, context: number): fc.Arbitrary<GenerateRequest> =>
  fc.record({
    tokens: fc
      .array(fc.nat(vocabulary - 1), { minLength: 1, maxLength: Math.floor(context * 0.7) })
      .map((ids) => Int32Array.from(ids)),
    maxTokens: fc.integer({ min: 1, max: 12 }),
    temperature: fc.constantFrom(0, 0.7, 1),
    topK: fc.constantFrom(1, 5, vocabulary),
    topP: fc.constantFrom(0.8, 1),
    stop: fc.array(fc.nat(vocabulary - 1), { maxLength: 3 }),
    seed: fc.nat(2 ** 32 - 1)
  })

const goldenIn = (lanes: number) =>
  OnnxPolicy.layer({ checkpoint: goldenCheckpoint, threads: 2, lanes })

const golden = goldenIn(1)

for (const lanes of [1, 2]) {
  layer(goldenIn(lanes), { excludeTestServices: true })(`sampling in ${lanes} lanes`, (it) => {
    it.effect("lets requests join while others are being served", () =>
      Effect.gen(function* () {
        const sampler = yield* Sampler
        const one = request([1, 2, 3], { maxTokens: 10 })
        const alone = yield* sampler.generate(one)
        const company = Array.from({ length: 6 }, (_, i) =>
          request([i + 4], { maxTokens: 90, seed: i })
        )
        const running = yield* Effect.forkChild(
          Effect.forEach(company, (r) => sampler.generate(r), together)
        )
        yield* Effect.sleep("5 millis")
        assert.deepStrictEqual(yield* sampler.generate(one), alone)
        const completions = yield* Fiber.join(running)
        assert.isTrue(completions.every(({ ids }) => ids.length === 90))
      })
    )

    it.effect("agrees with the learner's log-probabilities to 2e-4", () =>
      Effect.gen(function* () {
        const sampler = yield* Sampler
        const learner = yield* Learner
        const requests = fc.sample(anyRequest(40, 96), { numRuns: 24, seed: 9 })
        const completions = yield* Effect.forEach(requests, (r) => sampler.generate(r), together)
        const streams = completions.map(({ ids }, i) => [...(requests[i]?.tokens ?? []), ...ids])
        const logprobs = yield* learner.forward(streams.map(allWeighted))
        completions.forEach((completion, i) => {
          const prompt = requests[i]?.tokens.length ?? 0
          completion.rawLogprobs.forEach((logprob, j) => {
            assert.closeTo(logprobs[i]?.[prompt - 1 + j] ?? NaN, logprob, 2e-4)
          })
        })
      })
    )

    it.effect("continues dialogues from cached keys and values", () =>
      Effect.gen(function* () {
        const sampler = yield* Sampler
        const counters = yield* EngineCounters
        const before = (yield* counters.read).reusedTokens
        for (let dialogue = 0; dialogue < 4; dialogue++) {
          const stream = [1, 5, 6, 7, 8, dialogue + 9]
          for (let turn = 0; turn < 3; turn++) {
            const next = request(stream, { seed: turn, maxTokens: 6 })
            const cold = yield* sampler.generate(next)
            const warm = yield* sampler.generate({ ...next, cacheKey: `dialogue ${dialogue}` })
            assert.deepStrictEqual(warm.ids, cold.ids)
            warm.logprobs.forEach((x, i) => assert.closeTo(x, cold.logprobs[i] ?? NaN, 2e-5))
            stream.push(...warm.ids, 20 + turn, 21)
          }
        }
        // per dialogue: 6 + 5 tokens for the second turn, 14 + 5 for the third
        assert.strictEqual((yield* counters.read).reusedTokens - before, 4 * (11 + 19))
      })
    )

    it.effect("reuses only the common prefix of a cached stream", () =>
      Effect.gen(function* () {
        const sampler = yield* Sampler
        const key = { cacheKey: "edited", maxTokens: 4 }
        yield* sampler.generate(request([3, 4, 5, 6, 7, 8], key))
        const edited = request([3, 4, 5, 30, 31, 32, 33])
        const cold = yield* sampler.generate(edited)
        const warm = yield* sampler.generate({ ...edited, cacheKey: "edited" })
        assert.deepStrictEqual(warm.ids, cold.ids)
        // the same prompt again: all but its last token is cached
        const again = yield* sampler.generate({ ...edited, cacheKey: "edited" })
        assert.deepStrictEqual(again.ids, cold.ids)
      })
    )

    it.effect("runs equal prompts once in each lane and draws from each with its own seed", () =>
      Effect.gen(function* () {
        const sampler = yield* Sampler
        const counters = yield* EngineCounters
        const before = (yield* counters.read).prefilledTokens
        const prompt = [2, 4, 6, 8, 10, 12]
        const group = Array.from({ length: 16 }, (_, seed) => request(prompt, { seed }))
        const completions = yield* Effect.forEach(group, (r) => sampler.generate(r), together)
        const reads = lanes * prompt.length
        assert.strictEqual((yield* counters.read).prefilledTokens - before, reads)
        assert.isAbove(new Set(completions.map(({ ids }) => ids.join())).size, 8)
        for (const [i, r] of group.entries()) {
          assert.deepStrictEqual(yield* sampler.generate(r), completions[i])
        }
      })
    )

    it.effect("stops after a stop id, at the limit and at the end of the context", () =>
      Effect.gen(function* () {
        const sampler = yield* Sampler
        const free = yield* sampler.generate(request([1], { maxTokens: 20, temperature: 0 }))
        assert.strictEqual(free.stop, "length")
        assert.lengthOf(free.ids, 20)
        const stop = free.ids[3] ?? 0
        const at = free.ids.indexOf(stop)
        const stopped = yield* sampler.generate(
          request([1], { maxTokens: 20, temperature: 0, stop: [stop] })
        )
        assert.strictEqual(stopped.stop, "stop")
        assert.deepStrictEqual(stopped.ids, free.ids.slice(0, at + 1))
        const first = yield* sampler.generate(
          request([1], { temperature: 0, stop: [free.ids[0] ?? 0] })
        )
        assert.lengthOf(first.ids, 1)
        const full = yield* sampler.generate(request(repeated(7, 90), { maxTokens: 50 }))
        assert.strictEqual(full.stop, "length")
        assert.lengthOf(full.ids, 6)
      })
    )

    it.effect("refuses what it cannot serve, in one sentence", () =>
      Effect.gen(function* () {
        const sampler = yield* Sampler
        const cases: ReadonlyArray<readonly [GenerateRequest, RegExp]> = [
          [request([]), /tokens are empty/],
          [request([1, 40]), /token 1 has the id 40, outside the vocabulary of 40/],
          [request([-1]), /id -1/],
          [request(repeated(1, 96)), /no room in the context of 96/],
          [request([1], { maxTokens: 0 }), /maxTokens is 0/],
          [request([1], { temperature: NaN }), /temperature is NaN/],
          [request([1], { seed: -1 }), /seed is -1/],
          [request([1], { seed: 2 ** 32 }), /unsigned 32-bit/],
          [request([1], { stop: [0.5] }), /stop id/],
          [request([], { cacheKey: "dialogue 3" }), /"dialogue 3"/]
        ]
        for (const [bad, problem] of cases) {
          const error = yield* Effect.flip(sampler.generate(bad))
          assert.instanceOf(error, SamplerError)
          assert.match(error.message, problem)
          assert.match(error.message, /^[^\n]+\.$/)
        }
        // and goes on
        yield* sampler.generate(request([1]))
      })
    )

    it.effect("withdraws the request of an interrupted fiber", () =>
      Effect.gen(function* () {
        const sampler = yield* Sampler
        const counters = yield* EngineCounters
        const long = Array.from({ length: 8 }, (_, i) =>
          request([i + 1], { maxTokens: 95, seed: i })
        )
        const kept = request([9, 9], { maxTokens: 60 })
        const alone = yield* sampler.generate(kept)
        const before = (yield* counters.read).sampledTokens
        const fibers = yield* Effect.forEach(long, (r) => Effect.forkChild(sampler.generate(r)))
        const other = yield* Effect.forkChild(sampler.generate(kept))
        yield* Effect.sleep("3 millis")
        yield* Fiber.interruptAll(fibers)
        assert.deepStrictEqual(yield* Fiber.join(other), alone)
        yield* sampler.generate(request([1]))
        const sampled = (yield* counters.read).sampledTokens - before
        assert.isBelow(sampled, 8 * 95)
      })
    )
  })
}

// wide enough that onnxruntime divides its products among threads
const wide: ModelConfig = {
  ...tinyConfig,
  vocabularySize: 40,
  contextLength: 96,
  hiddenSize: 64,
  intermediateSize: 330,
  keyValueHeads: 1,
  headSize: 16
}

const large: ModelConfig = {
  ...tinyConfig,
  vocabularySize: 4096 + 32,
  contextLength: 96,
  hiddenSize: 192,
  intermediateSize: 328,
  headSize: 40
}

describe("the company of a request", () => {
  const policies = {
    "a trained shape": golden,
    "wide products": OnnxPolicy.layerFresh({ config: wide, seed: 3, threads: 2, lanes: 1 }),
    "uncut products, blocks of a large vocabulary": OnnxPolicy.layerFresh({
      config: large,
      seed: 3,
      threads: 2,
      lanes: 1
    }),
    "a key for every query": OnnxPolicy.layerFresh({
      config: { ...wide, keyValueHeads: wide.heads },
      seed: 3,
      threads: 2,
      lanes: 1
    }),
    "more threads than rows": OnnxPolicy.layerFresh({
      config: wide,
      seed: 3,
      threads: 5,
      lanes: 1
    }),
    "a lane for each thread": OnnxPolicy.layerFresh({ config: wide, seed: 3, threads: 2 })
  }
  for (const [name, policy] of Object.entries(policies)) {
    test.live(`changes no bit of its completion: ${name}`, () =>
      Effect.gen(function* () {
        const sampler = yield* Sampler
        const runs = fc.sample(
          fc.tuple(
            anyRequest(40, 96),
            fc.array(anyRequest(40, 96), { minLength: 1, maxLength: 40 })
          ),
          { numRuns: 10, seed: 5 }
        )
        for (const [one, others] of runs) {
          const alone = yield* sampler.generate(one)
          const middle = Math.floor(others.length / 2)
          const all = [...others.slice(0, middle), one, ...others.slice(middle)]
          const completions = yield* Effect.forEach(all, (r) => sampler.generate(r), together)
          assert.deepStrictEqual(completions[middle], alone)
        }
      }).pipe(Effect.provide(policy))
    )
  }
})

// eleven letters, each its own token
const letters = "abcdefghijk".split("")
const lettersTokenizer = {
  pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: false },
  decoder: { type: "ByteLevel" },
  model: {
    type: "BPE",
    vocab: Object.fromEntries(letters.map((letter, id) => [letter, id])),
    merges: []
  }
}

layer(goldenIn(2), { excludeTestServices: true })("listening", (it) => {
  it.effect("brings every id in order before the completion, and changes nothing", () =>
    Effect.gen(function* () {
      const sampler = yield* Sampler
      const asked = [1, 2, 3].map((seed) =>
        request([seed, 4], { maxTokens: 20 + seed, seed, stop: [7] })
      )
      const quiet = yield* Effect.forEach(asked, (r) => sampler.generate(r), together)
      const heard = asked.map((): Array<readonly [number, number]> => [])
      let most = 0
      const loud = yield* Effect.forEach(
        asked,
        (one, index) =>
          sampler.generate({
            ...one,
            onSampled: (id, rawLogprob) => {
              heard[index]?.push([id, rawLogprob])
              // the first request is heard while the last is still being served
              most = Math.max(most, heard.filter(({ length }) => length > 0).length)
            }
          }),
        together
      )
      assert.deepStrictEqual(loud, quiet)
      for (const [index, { ids, rawLogprobs }] of loud.entries()) {
        assert.deepStrictEqual(
          heard[index],
          Array.from(ids, (id, at) => [id, rawLogprobs[at] ?? 0] as const)
        )
      }
      assert.strictEqual(most, 3)
    })
  )

  it.effect("ends with an interruption", () =>
    Effect.gen(function* () {
      const sampler = yield* Sampler
      let heard = 0
      const begun = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkChild(
        sampler.generate(
          request([1], {
            maxTokens: 90,
            onSampled: () => {
              heard += 1
              if (heard === 3) Deferred.doneUnsafe(begun, Effect.void)
            }
          })
        )
      )
      yield* Deferred.await(begun)
      yield* Fiber.interrupt(fiber)
      const then = heard
      assert.isBelow(then, 90)
      yield* sampler.generate(request([2], { maxTokens: 90 }))
      assert.strictEqual(heard, then)
    })
  )
})

describe("stop strings", () => {
  test.live("end a completion where its text has one, also across tokens", () =>
    Effect.gen(function* () {
      const directory = yield* Effect.acquireRelease(
        Effect.promise(() => mkdtemp(join(tmpdir(), "sml-letters-"))),
        (path) => Effect.promise(() => rm(path, { recursive: true }))
      )
      const file = join(directory, "tokenizer.json")
      yield* Effect.promise(() => writeFile(file, JSON.stringify(lettersTokenizer)))
      const options = { config: tinyConfig, seed: 2, threads: 1, companions: directory }
      const sampler = yield* Effect.provide(
        Sampler,
        yield* Layer.build(OnnxPolicy.layerFresh(options))
      )
      for (let seed = 0; seed < 20; seed++) {
        const free = yield* sampler.generate(request([1], { maxTokens: 40, seed }))
        const text = Array.from(free.ids, (id) => letters[id]).join("")
        const pair = text.slice(20, 23)
        const stopped = yield* sampler.generate(
          request([1], { maxTokens: 40, seed, stopStrings: ["zzz", pair] })
        )
        const end = text.indexOf(pair) + pair.length
        assert.deepEqual([...stopped.ids], [...free.ids.subarray(0, end)])
        assert.equal(stopped.stop, "stop")
        assert.equal(stopped.rawLogprobs.length, end)
      }
      const refused = yield* Effect.flip(sampler.generate(request([1], { stopStrings: [""] })))
      assert.include(refused.reason, "empty")
    }).pipe(Effect.scoped)
  )

  test.live("are refused where nothing says what the ids spell", () =>
    Effect.gen(function* () {
      const sampler = yield* Sampler
      const refused = yield* Effect.flip(sampler.generate(request([1], { stopStrings: ["a"] })))
      assert.include(refused.reason, "stop ids")
    }).pipe(Effect.provide(OnnxPolicy.layerFresh({ config: tinyConfig, seed: 2, threads: 1 })))
  )
})

describe("a sampler beside a learner", () => {
  test.live("sees new weights after a step, restored ones after a restore", () =>
    Effect.gen(function* () {
      const sampler = yield* Sampler
      const learner = yield* Learner
      const ask = request([1, 2, 3], { maxTokens: 12, cacheKey: "kept" })
      const before = yield* sampler.generate(ask)
      yield* learner.forwardBackward([allWeighted([1, 2, 3, 4, 5, 6])], {
        _tag: "CrossEntropy",
        normaliser: "weight"
      })
      // requests that are on the way finish with the old weights, those after see the new
      const early = yield* Effect.forkChild(sampler.generate(ask), { startImmediately: true })
      yield* learner.step({ ...adamW, learningRate: 0.5 })
      assert.deepStrictEqual((yield* Fiber.join(early)).ids, before.ids)
      const after = yield* sampler.generate(ask)
      assert.notDeepEqual(after, before)
      const { cacheKey: _, ...uncached } = ask
      assert.deepStrictEqual(yield* sampler.generate(uncached), after)
      yield* learner.restore(goldenCheckpoint)
      assert.deepStrictEqual(yield* sampler.generate(ask), before)
    }).pipe(Effect.provide(OnnxPolicy.layer({ checkpoint: goldenCheckpoint, threads: 1 })))
  )

  test.live("works with less room than requests, and with hardly any cache", () =>
    Effect.gen(function* () {
      const requests = Array.from({ length: 9 }, (_, i) =>
        request([1, i + 1, 3], { seed: i, maxTokens: 20, cacheKey: `${i}` })
      )
      const ask = Effect.gen(function* () {
        const sampler = yield* Sampler
        const first = yield* Effect.forEach(requests, (r) => sampler.generate(r), together)
        const longer = requests.map((r, i) =>
          altered(r, { tokens: Int32Array.from([...r.tokens, ...(first[i]?.ids ?? []), 4]) })
        )
        return yield* Effect.forEach(longer, (r) => sampler.generate(r), together)
      })
      const options = { config: tinyConfig, seed: 2, threads: 1 }
      const roomy = yield* Effect.provide(ask, OnnxPolicy.layerFresh(options))
      const narrow = yield* Effect.provide(
        ask,
        OnnxPolicy.layerFresh({ ...options, maxRows: 2, cacheMegabytes: 0.02 })
      )
      assert.deepStrictEqual(
        narrow.map(({ ids }) => ids),
        roomy.map(({ ids }) => ids)
      )
    })
  )

  test.live("fails everything that waits when its thread dies", () =>
    Effect.gen(function* () {
      const started = yield* Deferred.make<{ readonly terminate: () => Promise<number> }>()
      process.once("worker", (worker) => {
        Effect.runSync(Deferred.succeed(started, worker))
      })
      const scope = yield* Layer.build(OnnxPolicy.layerFresh({ config: tinyConfig, seed: 1 }))
      yield* Effect.gen(function* () {
        const sampler = yield* Sampler
        const learner = yield* Learner
        const worker = yield* Deferred.await(started)
        const asked = yield* Effect.forkChild(
          Effect.flip(
            Effect.all(
              Array.from({ length: 20 }, (_, seed) =>
                sampler.generate(request([1], { maxTokens: 47, seed }))
              ),
              together
            )
          ),
          { startImmediately: true }
        )
        yield* Effect.promise(() => worker.terminate())
        const error = yield* Fiber.join(asked)
        assert.instanceOf(error, SamplerError)
        assert.match(error.message, /thread has stopped .*start the engine again/)
        const later = yield* Effect.flip(learner.step(adamW))
        assert.match(later.message, /thread has stopped/)
      }).pipe(Effect.provide(scope))
    })
  )

  test.live("says so when it cannot start", () =>
    Effect.gen(function* () {
      process.once("worker", (worker) => void worker.terminate())
      const error = yield* Effect.flip(
        Layer.build(OnnxPolicy.layerFresh({ config: tinyConfig, seed: 1 }))
      )
      assert.strictEqual(error._tag, "EngineError")
      assert.match(error.message, /^The engine did not start/)
    })
  )
})

const stories = join(sharedModels, "stories260K")

describe.skipIf(!existsSync(stories))("stories260K (skipped without shared models)", () => {
  test.live("gives the same bits in company, at odd sizes too", () =>
    Effect.gen(function* () {
      const sampler = yield* Sampler
      const requests = fc.sample(anyRequest(512, 200), { numRuns: 40, seed: 3 })
      const completions = yield* Effect.forEach(requests, (r) => sampler.generate(r), together)
      for (const i of [0, 7, 21, 39]) {
        const one = requests[i] ?? request([1])
        assert.deepStrictEqual(yield* sampler.generate(one), completions[i])
      }
    }).pipe(Effect.provide(OnnxPolicy.layer({ checkpoint: stories, threads: 2 })))
  )
})
