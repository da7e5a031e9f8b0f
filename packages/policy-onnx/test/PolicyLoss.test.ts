import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, layer } from "@effect/vitest"
import {
  type Aggregation,
  type Datum,
  evaluatePolicyObjective,
  Learner,
  type PolicyOptimisation,
  type Surrogate
} from "@sml/policy"
import { OnnxPolicy } from "@sml/policy-onnx"
import * as Effect from "effect/Effect"

import { adamW, allWeighted, changed, tinyConfig } from "./fixture.ts"

// its update changes no weight: shows the gradient's norm and clears it
const still = { ...adamW, learningRate: 0 }

// Adam with an epsilon far above the gradient is gradient descent
const descent = (rate: number) => ({
  ...adamW,
  beta1: 0,
  beta2: 0,
  epsilon: 1e6,
  learningRate: rate * 1e6,
  maxGradNorm: 1e9
})

const temporary = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "sml-policy-loss-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true }))
)

const surrogates: ReadonlyArray<Surrogate> = [
  { _tag: "Reinforce" },
  { _tag: "ImportanceSampling" },
  { _tag: "Clip", low: 0.2, high: 0.28 },
  { _tag: "Clip", low: 0.2, high: 0.2, dual: 1.5 },
  { _tag: "SequenceClip", low: 0.1, high: 0.2 },
  { _tag: "Cispo", low: 0.3, high: 0.3 },
  { _tag: "Cispo", high: 0.3 }
]
const aggregations: ReadonlyArray<Aggregation> = [
  { _tag: "TokenMean" },
  { _tag: "SequenceMean" },
  { _tag: "Constant", length: 7 },
  { _tag: "PromptMean" }
]
// each surrogate meets each of them in some aggregation
const extras: ReadonlyArray<Partial<PolicyOptimisation>> = [
  { maskOverlong: true },
  { kl: { estimator: "k1", coefficient: 0.3, against: "reference" }, entropy: 0.2 },
  {
    kl: { estimator: "k2", coefficient: 0.3, against: "sampler" },
    correction: { level: "token", mode: "truncate", max: 1.1, min: 0.9 }
  },
  {
    kl: { estimator: "k3", coefficient: 0.3, against: "reference" },
    correction: { level: "sequence", mode: "mask", max: 1.5 }
  }
]
const objectives = surrogates.flatMap((surrogate, i) =>
  aggregations.map((aggregation, j): readonly [string, PolicyOptimisation] => [
    `${surrogate._tag} ${aggregation._tag}`,
    {
      _tag: "PolicyOptimisation",
      surrogate,
      aggregation,
      ...extras[(i + j) % extras.length]
    }
  ])
)

/** Deterministic numbers in [−1, 1]. */
const noise = (seed: number) => Math.sin(12.9898 * (seed + 1) * (seed + 78.233))

const tokensOf = (length: number, seed: number) =>
  Int32Array.from({ length }, (_, at) => (at * 7 + seed * 3 + 1) % tinyConfig.vocabularySize)

/** Sequences whose recorded log-probabilities are near those of the weights. */
const dataOf = (learner: Learner["Service"]) =>
  Effect.gen(function* () {
    const plain = [9, 4, 13, 6, 2].map((length, seed) => ({
      tokens: tokensOf(length, seed),
      // every third target is not trained
      weights: Float32Array.from({ length: length - 1 }, (_, at) =>
        length > 2 && at % 3 === 1 ? 0 : 1
      )
    }))
    const logprobs = yield* learner.forward(plain)
    return plain.map(({ tokens, weights }, seed): Datum => {
      const near = (scale: number, stream: number) =>
        weights.map(
          (_, at) => (logprobs[seed]?.[at] ?? 0) + scale * noise(100 * stream + 17 * seed + at)
        )
      return {
        tokens,
        weights,
        advantages: weights.map((_, at) => 2 * noise(7 * seed + at)),
        logprobs: near(0.5, 1),
        proximal: near(0.4, 2),
        reference: near(0.4, 3),
        group: seed % 2 === 0 ? "even" : "odd",
        truncated: seed === 1
      }
    })
  })

const engine = OnnxPolicy.layerFresh({
  config: tinyConfig,
  seed: 3,
  threads: 1,
  microBatchTokens: 24
})

layer(engine, { excludeTestServices: true })("a policy objective", (it) => {
  it.effect.each(objectives)("has the gradient of the reference: %s", ([, objective]) =>
    Effect.gen(function* () {
      const learner = yield* Learner
      const data = yield* dataOf(learner)
      const pass = yield* learner.forwardBackward(data, objective)
      const { gradNorm } = yield* learner.step(still)
      const reference = evaluatePolicyObjective(objective, data, pass.logprobs, pass.entropies)
      assert.closeTo(pass.loss, reference.loss, 1e-6)
      assert.isAbove(gradNorm, 1e-3)
      // the reference's derivatives as a linear objective, and the bonus without its reward: by the
      // chain rule the parameters' gradients agree exactly when the difference of the two vanishes
      yield* learner.forwardBackward(data, objective)
      const linear = data.map(({ tokens }, i) => ({
        tokens,
        weights: new Float32Array(tokens.length - 1).fill(1),
        advantages: Float32Array.from(reference.gradient[i] ?? [])
      }))
      yield* learner.forwardBackward(linear, { _tag: "PolicyGradient", normaliser: "none" })
      const { entropy } = objective
      const before = yield* learner.step(still)
      if (entropy === undefined) {
        assert.isBelow(before.gradNorm, 1e-5 * gradNorm)
        return
      }
      // what is left is the gradient of the bonus alone
      const silent = data.map((datum) =>
        changed(datum, { advantages: new Float32Array(datum.weights.length) })
      )
      const { kl: _, ...rest } = objective
      yield* learner.forwardBackward(silent, rest)
      const bonus = yield* learner.step(still)
      assert.closeTo(before.gradNorm, bonus.gradNorm, 1e-5 * gradNorm)
    })
  )

  // the derivative of `Cispo` is not that of its value: its weights are held
  const smooth = surrogates.filter(({ _tag }) => _tag !== "Cispo")
  it.effect.each(smooth)("falls along its gradient as it should: $_tag", (surrogate) =>
    Effect.gen(function* () {
      const learner = yield* Learner
      const data = yield* dataOf(learner)
      const objective: PolicyOptimisation = {
        _tag: "PolicyOptimisation",
        surrogate,
        aggregation: { _tag: "PromptMean" },
        kl: { estimator: "k3", coefficient: 0.3, against: "reference" },
        entropy: 0.2
      }
      const directory = yield* temporary
      yield* learner.save(directory)
      const { loss } = yield* learner.forwardBackward(data, objective)
      const { gradNorm } = yield* learner.step(still)
      /** How much the loss falls for each unit of a step along the gradient. */
      const fall = Effect.fnUntraced(function* (rate: number) {
        yield* learner.restore(directory)
        yield* learner.forwardBackward(data, objective)
        yield* learner.step(descent(rate))
        const after = yield* learner.forwardBackward(data, objective)
        yield* learner.step(still)
        yield* learner.restore(directory)
        return (loss - after.loss) / rate
      })
      const rate = 1e-2 / gradNorm ** 2
      // two steps tell what the curvature takes away
      const slope = 2 * (yield* fall(rate / 2)) - (yield* fall(rate))
      assert.closeTo(slope / gradNorm ** 2, 1, 5e-3)
    })
  )

  it.effect(
    "computes nothing of a sequence that is masked, and refuses data without its parts",
    () =>
      Effect.gen(function* () {
        const learner = yield* Learner
        const data = yield* dataOf(learner)
        const objective: PolicyOptimisation = {
          _tag: "PolicyOptimisation",
          surrogate: { _tag: "Reinforce" },
          aggregation: { _tag: "TokenMean" },
          maskOverlong: true
        }
        const { entropies, logprobs } = yield* learner.forwardBackward(data, objective)
        assert.isUndefined(entropies)
        assert.deepStrictEqual(logprobs[1], new Float32Array(3))
        yield* learner.step(still)
        const all = data.map((datum) => changed(datum, { truncated: true }))
        assert.equal((yield* learner.forwardBackward(all, objective)).loss, 0)
        assert.equal((yield* learner.step(still)).gradNorm, 0)
        const { truncated: _, ...rest } = data[0] ?? allWeighted([1, 2])
        const error = yield* Effect.flip(learner.forwardBackward([rest], objective))
        assert.match(error.message, /Datum 0 has no truncated, which the objective needs/)
        const clipless = { ...objective, surrogate: { ...objective.surrogate, high: 0.2 } }
        const refused = yield* Effect.flip(learner.forwardBackward(data, clipless))
        assert.match(refused.message, /objective is not valid.*high/)
      })
  )
})
