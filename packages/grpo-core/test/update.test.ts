import { assert, describe, it } from "@effect/vitest"
import type { Group } from "@sml/env-pomdp"
import { update, UpdateMetrics } from "@sml/grpo-core"
import { adamW, type Datum, Learner, type Sampler } from "@sml/policy"
import { Deferred, Effect, Exit, Fiber, Layer, Schema } from "effect"

import { episodeOf, guesses, policy, secretTask, vocabularySize } from "./HintWorld.ts"

const optimiser = adamW({ learningRate: 0.1 })

/** The probabilities that the policy gives to each token after the statement. */
const probabilities = Effect.gen(function* () {
  const learner = yield* Learner
  const data = Array.from({ length: vocabularySize }, (_, id): Datum => ({
    tokens: Int32Array.of(0, id),
    weights: Float32Array.of(1)
  }))
  return (yield* learner.forward(data)).map((row) => Math.exp(row[0] ?? Number.NaN))
})

/** A learner around the tabular one. */
const wrapped = (wrap: (learner: Learner["Service"]) => Learner["Service"]) =>
  Layer.effect(Learner, Effect.map(Learner, wrap)).pipe(Layer.provideMerge(policy))

describe("update", () => {
  it.effect("makes what worked more likely and what did not less, and nothing else", () =>
    Effect.gen(function* () {
      const metrics = yield* update([guesses([1, 2, 2, 2])], { optimiser })
      const [other = 0, good = 0, bad = 0, untried = 0] = yield* probabilities
      assert.isAbove(good, 1 / vocabularySize)
      assert.isBelow(bad, 1 / vocabularySize)
      assert.closeTo(other, untried, 1e-12)
      assert.isTrue(Schema.is(UpdateMetrics)(metrics))
      assert(metrics.updated)
      // on policy every ratio is 1, and the advantages of a group sum to 0
      assert.closeTo(metrics.loss, 0, 1e-6)
      assert.strictEqual(metrics["clip_ratio/region_mean"], 0)
      assert.isBelow(metrics["sampling/logp_difference/max"], 1e-6)
      assert.strictEqual(metrics["tokens/trained"], 4)
      assert.strictEqual(metrics.learning_rate, 0.1)
      // gradient of −Σ A·log p / 4 at the uniform policy: A summed by token, over 4
      const [one, two] = [Math.sqrt(3), 3 * Math.sqrt(1 / 3)]
      assert.closeTo(metrics.grad_norm, Math.hypot(one, two) / 4, 1e-5)
    }).pipe(Effect.provide(policy))
  )

  it.effect("averages over tokens, not over episodes", () =>
    Effect.gen(function* () {
      const task = secretTask(1)
      const long = episodeOf(task, [{ context: [0], ids: [2, 0, 2], verdict: "correct" }])
      const short = episodeOf(task, [{ context: [0], ids: [3] }])
      const metrics = yield* update([{ task, episodes: [long, short] }], {
        optimiser,
        advantage: { _tag: "GroupStd", epsilon: 0, std: "population" }
      })
      assert(metrics.updated)
      // three tokens of advantage 1, one of −1
      assert.closeTo(metrics.loss, -(3 - 1) / 4, 1e-6)
    }).pipe(Effect.provide(policy))
  )

  it.effect("updates nothing when every group is degenerate, and says so", () =>
    Effect.gen(function* () {
      const before = yield* probabilities
      const metrics = yield* update([guesses([1, 1]), guesses([2, 3])], { optimiser })
      assert.isFalse(metrics.updated)
      assert.isTrue(Schema.is(UpdateMetrics)(metrics))
      assert.strictEqual(metrics.frac_reward_zero_std, 1)
      assert.deepStrictEqual(yield* probabilities, before)
    }).pipe(Effect.provide(policy))
  )

  const off: Group = (() => {
    const task = secretTask(1)
    const uniform = -Math.log(vocabularySize)
    return {
      task,
      episodes: [
        episodeOf(task, [{ context: [0], ids: [1], verdict: "correct" }]),
        episodeOf(
          task,
          [
            { context: [0], ids: [2], logprobs: [uniform + 1e-4] },
            { context: [6], ids: [3, 4], logprobs: [uniform, uniform - 3e-4] }
          ],
          { seed: 3 }
        )
      ]
    }
  })()

  it.effect("refuses to learn from another policy's words, and names the token", () =>
    Effect.gen(function* () {
      const before = yield* probabilities
      const error = yield* Effect.flip(update([off], { optimiser }))
      assert(error._tag === "LogprobMismatch")
      assert.deepInclude(error, { episode: "secret 1/3", turn: 2, token: 2, tolerance: 2e-4 })
      assert.closeTo(error.difference, 3e-4, 1e-6)
      assert.match(error.message, /secret 1\/3, student turn 2, token 2: .* 3\.0e-4 apart/)
      assert.deepStrictEqual(yield* probabilities, before)
    }).pipe(Effect.provide(policy))
  )

  it.effect("takes the tolerance from its options, and can be told not to check", () =>
    Effect.gen(function* () {
      const metrics = yield* update([off], { optimiser, logprobTolerance: 5e-4 })
      assert(metrics.updated)
      assert.closeTo(metrics["sampling/logp_difference/max"], 3e-4, 1e-6)
      assert.closeTo(metrics["sampling/logp_difference/mean"], 1e-4, 1e-6)
      const unchecked = yield* update([off], { optimiser, verifyLogprobs: false })
      assert(unchecked.updated)
      assert.isAbove(unchecked["sampling/logp_difference/max"], 1e-2)
    }).pipe(Effect.provide(policy))
  )

  it.effect("counts what is clipped once the policy has moved", () =>
    Effect.gen(function* () {
      const group = guesses([1, 2, 2, 2])
      for (let step = 0; step < 5; step++) {
        yield* update([group], { optimiser, verifyLogprobs: false })
      }
      const metrics = yield* update([group], { optimiser, verifyLogprobs: false })
      assert(metrics.updated)
      assert.strictEqual(metrics["clip_ratio/high_mean"], 1 / 4)
      assert.strictEqual(metrics["clip_ratio/low_mean"], 3 / 4)
      assert.strictEqual(metrics["clip_ratio/region_mean"], 1)
    }).pipe(Effect.provide(policy))
  )

  it.effect("treats a log-probability that the learner does not give as the worst", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(update([guesses([1, 2])], { optimiser }))
      assert(error._tag === "LogprobMismatch")
      assert.isNaN(error.learned)
    }).pipe(
      Effect.provide(
        wrapped((learner) => ({
          ...learner,
          forwardBackward: (data, objective) =>
            Effect.map(learner.forwardBackward(data, objective), (pass) => ({
              ...pass,
              logprobs: pass.logprobs.slice(0, 1)
            }))
        }))
      )
    )
  )

  it.effect("is never half done: an interruption in mid-gradient lets the step finish", () => {
    const log: Array<string> = []
    return Effect.gen(function* () {
      const entered = yield* Deferred.make<void>()
      const release = yield* Deferred.make<void>()
      const slow = wrapped((learner) => ({
        ...learner,
        forwardBackward: (data, objective) =>
          Effect.gen(function* () {
            yield* Deferred.succeed(entered, undefined)
            yield* Deferred.await(release)
            log.push("gradient")
            return yield* learner.forwardBackward(data, objective)
          }),
        step: (settings) =>
          Effect.andThen(
            Effect.sync(() => log.push("step")),
            learner.step(settings)
          )
      }))
      const fiber = yield* Effect.forkChild(
        update([guesses([1, 2])], { optimiser }).pipe(Effect.provide(slow))
      )
      yield* Deferred.await(entered)
      const stopping = yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
      yield* Deferred.succeed(release, undefined)
      yield* Fiber.join(stopping)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
      assert.deepStrictEqual(log, ["gradient", "step"])
    })
  })

  it.effect("refuses options that cannot act", () =>
    Effect.gen(function* () {
      const groups = [guesses([1, 2])]
      for (const options of [
        { discount: 1.5 },
        { advantage: { _tag: "MeanNormalised", epsilon: -1 } } as const,
        { logprobTolerance: 0 }
      ]) {
        const error = yield* Effect.flip(update(groups, options))
        assert.strictEqual(error._tag, "InvalidOptions")
        assert.include(error.message, Object.keys(options).join())
      }
      // @ts-expect-error a misspelt option does not compile
      const error = yield* Effect.flip(update(groups, { discont: 0.7 }))
      assert.include(error.message, "discont")
    }).pipe(Effect.provide(policy))
  )
})

const learns = (program: Effect.Effect<unknown, unknown, Learner>) => program
const speaks = (program: Effect.Effect<unknown, unknown, Sampler>) => program

it("an update needs a learner, and no sampler", () => {
  const program = update([])
  assert.strictEqual(learns(program), program)
  // @ts-expect-error a sampler alone cannot learn
  assert.strictEqual(speaks(program), program)
})
