import { assert, describe, it } from "@effect/vitest"
import { adamW, type Datum, Learner, type Objective, Sampler, TabularPolicy } from "@sml/policy"
import * as Effect from "effect/Effect"

const objective: Objective = { _tag: "CrossEntropy", normaliser: "weight" }
const logits = [0.3, -1, 0.5, 0, 0.2, 0.9, -0.4, 1.1, 0]
const policy = TabularPolicy.layer({ vocabularySize: 3, contextLength: 12, logits })
const request = {
  tokens: Int32Array.of(0, 1),
  maxTokens: 6,
  temperature: 1,
  stop: [2],
  seed: 7
}
const datum: Datum = {
  tokens: Int32Array.of(0, 1, 2, 0),
  weights: Float32Array.of(1, 0, 1)
}

describe("TabularPolicy", () => {
  it.effect("scores what it samples with the log-probabilities of sampling", () =>
    Effect.gen(function* () {
      const sampler = yield* Sampler
      const learner = yield* Learner
      for (let seed = 0; seed < 50; seed++) {
        const { ids, logprobs, stop } = yield* sampler.generate({ ...request, seed })
        assert.strictEqual(stop, ids.at(-1) === 2 ? "stop" : "length")
        const tokens = Int32Array.of(...request.tokens, ...ids)
        const [scored] = yield* learner.forward([
          { tokens, weights: new Float32Array(tokens.length - 1) }
        ])
        assert.deepStrictEqual(scored?.slice(1), logprobs)
      }
    }).pipe(Effect.provide(policy))
  )

  it.effect("samples as often as its probabilities say, by the seed alone", () =>
    Effect.gen(function* () {
      const sampler = yield* Sampler
      const learner = yield* Learner
      const seen = [0, 0, 0]
      for (let seed = 0; seed < 3000; seed++) {
        const once = yield* sampler.generate({ ...request, maxTokens: 1, seed })
        const again = yield* sampler.generate({ ...request, maxTokens: 1, seed })
        assert.deepStrictEqual(once, again)
        const id = once.ids[0] ?? -1
        seen[id] = (seen[id] ?? 0) + 1
      }
      for (const [id, count] of seen.entries()) {
        const [scored] = yield* learner.forward([
          { tokens: Int32Array.of(1, id), weights: Float32Array.of(1) }
        ])
        // 4 standard deviations of a fraction of 3000
        assert.closeTo(count / 3000, Math.exp(scored?.[0] ?? 0), 4 * Math.sqrt(0.25 / 3000))
      }
    }).pipe(Effect.provide(policy))
  )

  it.effect("is greedy at temperature 0, with log-probabilities of temperature 1", () =>
    Effect.gen(function* () {
      const sampler = yield* Sampler
      const { ids, logprobs } = yield* sampler.generate({
        ...request,
        tokens: Int32Array.of(1),
        temperature: 0
      })
      assert.deepStrictEqual([...ids], [2])
      const total = Math.exp(0) + Math.exp(0.2) + Math.exp(0.9)
      assert.closeTo(logprobs[0] ?? 0, 0.9 - Math.log(total), 1e-6)
    }).pipe(Effect.provide(policy))
  )

  it.effect("filters, and reports both log-probabilities", () =>
    Effect.gen(function* () {
      const sampler = yield* Sampler
      const one = { ...request, tokens: Int32Array.of(1), maxTokens: 1, temperature: 0.5 }
      // row 1 is [0, 0.2, 0.9]
      const raw = Math.log(Math.exp(0) + Math.exp(0.2) + Math.exp(0.9))
      const drawn = Math.log(Math.exp(0.4) + Math.exp(1.8))
      for (let seed = 0; seed < 40; seed++) {
        const { ids, logprobs, rawLogprobs } = yield* sampler.generate({ ...one, topK: 2, seed })
        assert.oneOf(ids[0], [1, 2])
        const logit = ids[0] === 1 ? 0.2 : 0.9
        assert.closeTo(logprobs[0] ?? 0, logit / 0.5 - drawn, 1e-6)
        assert.closeTo(rawLogprobs[0] ?? 0, logit - raw, 1e-6)
        const certain = yield* sampler.generate({ ...one, topP: 0.1, seed })
        assert.strictEqual(certain.logprobs[0], 0)
        const likely = yield* sampler.generate({ ...one, minP: 0.9, seed })
        assert.strictEqual(likely.ids[0], 2)
      }
    }).pipe(Effect.provide(policy))
  )

  it.effect("refuses settings out of range and stop strings, in one sentence", () =>
    Effect.gen(function* () {
      const sampler = yield* Sampler
      const cases = [
        [{ topK: 0 }, /topK is 0/],
        [{ topP: 1.5 }, /topP is 1.5/],
        [{ minP: 1 }, /minP is 1/],
        [{ temperature: -1 }, /temperature is -1/],
        [{ stopStrings: ["."] }, /stop strings/]
      ] as const
      for (const [more, problem] of cases) {
        const error = yield* Effect.flip(sampler.generate({ ...request, ...more }))
        assert.strictEqual(error._tag, "SamplerError")
        assert.match(error.message, problem)
        assert.match(error.message, /^[^\n]+\.$/)
      }
      const same = yield* sampler.generate({ ...request, stopStrings: [] })
      assert.deepStrictEqual(same, yield* sampler.generate(request))
    }).pipe(Effect.provide(policy))
  )

  it.effect("never exceeds its context", () =>
    Effect.gen(function* () {
      const sampler = yield* Sampler
      const tokens = new Int32Array(10)
      const { ids } = yield* sampler.generate({ ...request, tokens, stop: [], maxTokens: 99 })
      assert.strictEqual(ids.length, 2)
    }).pipe(Effect.provide(policy))
  )

  it.effect("has the gradient of finite differences, for every cell", () =>
    Effect.gen(function* () {
      const lossAt = (table: ReadonlyArray<number>) =>
        Effect.gen(function* () {
          const learner = yield* Learner
          const { loss } = yield* learner.forwardBackward([datum], objective)
          return loss
        }).pipe(Effect.provide(TabularPolicy.layer({ vocabularySize: 3, logits: table })))
      let square = 0
      for (const at of logits.keys()) {
        const moved = (by: number) =>
          lossAt(logits.map((logit, index) => (index === at ? logit + by : logit)))
        square += (((yield* moved(1e-3)) - (yield* moved(-1e-3))) / 2e-3) ** 2
      }
      const learner = yield* Learner
      yield* learner.forwardBackward([datum], objective)
      const { gradNorm } = yield* learner.step(adamW())
      assert.closeTo(gradNorm, Math.sqrt(square), 1e-4)
    }).pipe(Effect.provide(policy))
  )

  it.effect("moves every weight by the learning rate in the first step", () =>
    Effect.gen(function* () {
      const learner = yield* Learner
      const sampler = yield* Sampler
      const before = yield* learner.forwardBackward([datum], objective)
      yield* learner.step(adamW({ learningRate: 0.5 }))
      const after = yield* learner.forwardBackward([datum], objective)
      assert.isBelow(after.loss, before.loss)
      // row 0 becomes [−0.2, −0.5, 0]: its target up by 0.5, the others down
      const { logprobs } = yield* sampler.generate({
        ...request,
        tokens: Int32Array.of(0),
        temperature: 0
      })
      const total = Math.exp(-0.2) + Math.exp(-0.5) + Math.exp(0)
      assert.closeTo(logprobs[0] ?? 0, -Math.log(total), 1e-4)
    }).pipe(Effect.provide(policy))
  )

  it.effect("accumulates gradients until the step, and clears them in it", () =>
    Effect.gen(function* () {
      const learner = yield* Learner
      const still = adamW({ learningRate: 0 })
      yield* learner.forwardBackward([datum], objective)
      const once = yield* learner.step(still)
      yield* learner.forwardBackward([datum], objective)
      yield* learner.forwardBackward([datum], objective)
      const twice = yield* learner.step(still)
      assert.closeTo(twice.gradNorm, 2 * once.gradNorm, 1e-12)
      assert.strictEqual((yield* learner.step(still)).gradNorm, 0)
    }).pipe(Effect.provide(policy))
  )

  it.effect("restores what it saved", () =>
    Effect.gen(function* () {
      const learner = yield* Learner
      yield* learner.save("first")
      const before = yield* learner.forwardBackward([datum], objective)
      yield* learner.step(adamW({ learningRate: 0.3 }))
      yield* learner.restore("first")
      assert.deepStrictEqual(yield* learner.forward([datum]), before.logprobs)
      const failure = yield* Effect.flip(learner.restore("second"))
      assert.include(failure.message, "second")
    }).pipe(Effect.provide(policy))
  )

  it.effect("goes on from a state with the same bits, from weights alone with others", () =>
    Effect.gen(function* () {
      const learner = yield* Learner
      const train = Effect.gen(function* () {
        yield* learner.forwardBackward([datum], objective)
        yield* learner.step(adamW({ learningRate: 0.3 }))
      })
      yield* train
      yield* learner.saveState("first")
      yield* train
      const whole = yield* learner.forward([datum])
      yield* learner.restoreState("first")
      yield* train
      assert.deepStrictEqual(yield* learner.forward([datum]), whole)
      yield* learner.restore("first")
      yield* train
      assert.notDeepEqual(yield* learner.forward([datum]), whole)
    }).pipe(Effect.provide(policy))
  )

  it.effect("refuses ids outside its vocabulary", () =>
    Effect.gen(function* () {
      const sampler = yield* Sampler
      const learner = yield* Learner
      for (const tokens of [Int32Array.of(3), Int32Array.of(-1), new Int32Array()]) {
        const failure = yield* Effect.flip(sampler.generate({ ...request, tokens }))
        assert.strictEqual(failure._tag, "SamplerError")
      }
      const tokens = Int32Array.of(0, 3)
      const failure = yield* Effect.flip(
        learner.forward([{ tokens, weights: Float32Array.of(1), label: "t/1" }])
      )
      assert.include(failure.message, "t/1")
    }).pipe(Effect.provide(policy))
  )
})
