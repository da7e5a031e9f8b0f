import { assert, describe, it } from "@effect/vitest"
import type { Episode, Group } from "@sml/env-pomdp"
import { LeakDetector, ReferencePolicy, update, UpdateMetrics } from "@sml/grpo-core"
import { adamW, type Datum, Learner, type PolicyOptimisation, type Sampler } from "@sml/policy"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

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

/** Update with options that the defaults do not use. */
describe("update with", () => {
  const group = guesses([1, 2, 2, 2])
  const aggregation = { _tag: "TokenMean" } as const
  const reinforce: PolicyOptimisation = {
    _tag: "PolicyOptimisation",
    surrogate: { _tag: "Reinforce" },
    aggregation
  }
  const uniform = ReferencePolicy.layerEngine(policy)
  const refused = (options: Parameters<typeof update>[1]) =>
    Effect.map(Effect.flip(update([group], options)), (error) => {
      assert.strictEqual(error._tag, "InvalidOptions")
      return error.message
    })

  it.effect("a KL penalty in the loss: the reference stays where it was", () =>
    Effect.gen(function* () {
      const objective: PolicyOptimisation = {
        ...reinforce,
        kl: { estimator: "k3", coefficient: 0.5, against: "reference" }
      }
      const first = yield* update([group], { optimiser, objective })
      assert(first.updated)
      assert.strictEqual(first.kl, 0)
      const second = yield* update([group], { optimiser, objective, verifyLogprobs: false })
      assert(second.updated)
      assert.isAbove(second.kl ?? 0, 1e-4)
    }).pipe(Effect.provide(Layer.merge(uniform, policy)))
  )

  it.effect("a KL penalty in the reward: what strays from the reference is worth less", () =>
    Effect.gen(function* () {
      // everybody was right, but the first said what the reference would not have
      const task = secretTask(1)
      const said = [0.5, 0, 0, 0].map((off, seed) =>
        episodeOf(
          task,
          [
            {
              context: [0],
              ids: [1],
              logprobs: [-Math.log(vocabularySize) + off],
              verdict: "correct"
            }
          ],
          { seed }
        )
      )
      const penalised = yield* update([{ task, episodes: said }], {
        optimiser,
        objective: reinforce,
        rewardKl: { estimator: "k1", coefficient: 0.1 },
        verifyLogprobs: false
      })
      assert(penalised.updated)
      assert.closeTo(penalised["reward/kl_penalty"] ?? 0, (0.1 * 0.5) / 4, 1e-7)
      assert.closeTo(penalised.return, 1 - (0.1 * 0.5) / 4, 1e-7)
      assert.strictEqual(penalised.reward, 1)
      // one episode below the mean, three above: without the penalty there was nothing to learn
      assert.strictEqual(penalised.frac_reward_zero_std, 0)
    }).pipe(Effect.provide(Layer.merge(uniform, policy)))
  )

  it.effect("several epochs: the first is on policy, the last is clipped", () =>
    Effect.gen(function* () {
      const metrics = yield* update([group], { optimiser, epochs: 6 })
      assert(metrics.updated)
      assert.isBelow(metrics["sampling/logp_difference/max"], 1e-6)
      assert.strictEqual(metrics["clip_ratio/region_mean"], 1)
    }).pipe(Effect.provide(policy))
  )

  it.effect("importance correction: the proximal policy is the learner before the first step", () =>
    Effect.gen(function* () {
      const objective: PolicyOptimisation = {
        ...reinforce,
        surrogate: { _tag: "Clip", low: 0.2, high: 0.2 },
        correction: { level: "sequence", mode: "truncate", max: 1.5 }
      }
      yield* update([group], { optimiser, verifyLogprobs: false })
      const metrics = yield* update([group], {
        optimiser,
        objective,
        epochs: 2,
        verifyLogprobs: false
      })
      assert(metrics.updated)
      const learned = yield* probabilities
      assert.isAbove(learned[1] ?? 0, 1 / vocabularySize)
      // the good token had become more probable than when it was sampled, the bad one less
      assert.isAbove(metrics["sampling/importance_sampling_ratio/max"] ?? 0, 1)
      assert.isBelow(metrics["sampling/importance_sampling_ratio/min"] ?? 1, 1)
    }).pipe(Effect.provide(policy))
  )

  it.effect("overlong masking: what was cut off is compared and not trained on", () =>
    Effect.gen(function* () {
      const task = secretTask(1)
      const good = episodeOf(task, [{ context: [0], ids: [1], verdict: "correct" }])
      const cut = episodeOf(task, [{ context: [0], ids: [2, 3] }], { seed: 1 })
      const objective: PolicyOptimisation = { ...reinforce, maskOverlong: true }
      const before = yield* probabilities
      const metrics = yield* update([{ task, episodes: [good, cut] }], {
        optimiser,
        objective,
        turnTokens: 2
      })
      assert(metrics.updated)
      assert.strictEqual(metrics["completions/clipped_ratio"], 0.5)
      const after = yield* probabilities
      assert.isAbove(after[1] ?? 0, before[1] ?? 1)
      // pushed down by the good one alone, as every other token
      assert.closeTo(after[2] ?? 0, after[4] ?? 1, 1e-12)
      const overflow: Episode = { ...cut, stop: "context-overflow" }
      const all = yield* update(
        [{ task, episodes: [{ ...good, stop: "context-overflow" }, overflow] }],
        {
          optimiser,
          objective
        }
      )
      assert.isFalse(all.updated)
      assert.deepStrictEqual(yield* probabilities, after)
    }).pipe(Effect.provide(policy))
  )

  it.effect("prompt means, an entropy bonus and another form of advantages", () =>
    Effect.gen(function* () {
      const objective: PolicyOptimisation = {
        ...reinforce,
        aggregation: { _tag: "PromptMean" },
        entropy: 0.01
      }
      const metrics = yield* update([group, guesses([1, 2])], {
        optimiser,
        objective,
        advantage: { _tag: "LeaveOneOut" }
      })
      assert(metrics.updated)
      assert.isTrue(Schema.is(UpdateMetrics)(metrics))
      assert.closeTo(metrics["entropy/exact"] ?? 0, Math.log(vocabularySize), 1e-6)
    }).pipe(Effect.provide(policy))
  )

  it.effect("a leak detector: the share of replies that give the answer away", () =>
    Effect.gen(function* () {
      const task = secretTask(1)
      const told = episodeOf(task, [{ context: [0], ids: [2], disclosed: [] }])
      const replies = ["it is 1", "hint"].map((text) => ({ text, disclosed: [] }))
      const leaky: Episode = { ...told, state: { ...told.state, replies } }
      const metrics = yield* update([{ task, episodes: [leaky, leaky] }])
      assert.strictEqual(metrics.leak_rate, 0.5)
    }).pipe(
      Effect.provide(
        Layer.succeed(LeakDetector, {
          isLeak: ({ knowledge }, text) => text.endsWith(`${Number(knowledge)}`)
        })
      ),
      Effect.provide(policy)
    )
  )

  it.effect("options that cannot act together is refused", () =>
    Effect.gen(function* () {
      const kl = { estimator: "k3", coefficient: 0.1 } as const
      const correction = { level: "token", mode: "mask", max: 2 } as const
      const clip = { _tag: "Clip", low: 0.2, high: 0.2 } as const
      const against = (what: "reference" | "sampler"): PolicyOptimisation => ({
        ...reinforce,
        kl: { ...kl, against: what }
      })
      assert.match(yield* refused({ objective: against("reference") }), /needs one; provide a Ref/)
      assert.match(yield* refused({ rewardKl: kl }), /needs one; provide a ReferencePolicy/)
      assert.match(
        yield* refused({ objective: against("sampler") }),
        /divergence from the sampler is 0/
      )
      assert.match(
        yield* refused({ objective: { ...reinforce, correction } }),
        /nothing to correct while verifyLogprobs/
      )
      assert.match(
        yield* refused({
          objective: { ...reinforce, surrogate: clip, correction },
          verifyLogprobs: false
        }),
        /ratios of Clip are to the learner before its first step/
      )
      assert.match(yield* refused({ turnTokens: 5 }), /turnTokens says what is overlong/)
      assert.match(yield* refused({ epochs: 0 }), /epochs/)
      // @ts-expect-error there is nothing to clip in REINFORCE
      const clipless: PolicyOptimisation["surrogate"] = { _tag: "Reinforce", high: 1 }
      assert.match(yield* refused({ objective: { ...reinforce, surrogate: clipless } }), /high/)
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
