import { assert, describe, expect, it } from "@effect/vitest"
import { objectivePresets, referenceLoss } from "@sml/grpo-core"
import {
  adamW,
  type Aggregation,
  type Datum,
  Learner,
  type Objective,
  Objective as ObjectiveSchema,
  type PolicyOptimisation,
  type Surrogate,
  TabularPolicy
} from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const surrogates: ReadonlyArray<Surrogate> = [
  { _tag: "Reinforce" },
  { _tag: "ImportanceSampling" },
  { _tag: "Clip", low: 0.2, high: 0.28 },
  { _tag: "Clip", low: 0.2, high: 0.2, dual: 1.5 },
  { _tag: "SequenceClip", low: 0.1, high: 0.2 },
  { _tag: "Cispo", low: 0.3, high: 0.3 }
]
const aggregations: ReadonlyArray<Aggregation> = [
  { _tag: "TokenMean" },
  { _tag: "SequenceMean" },
  { _tag: "Constant", length: 7 },
  { _tag: "PromptMean" }
]
const rich: Omit<PolicyOptimisation, "surrogate" | "aggregation"> = {
  _tag: "PolicyOptimisation",
  kl: { estimator: "k3", coefficient: 0.3, against: "reference" },
  entropy: 0.2,
  correction: { level: "token", mode: "truncate", max: 1.2 },
  maskOverlong: true
}
const objectives: ReadonlyArray<Objective> = [
  { _tag: "CrossEntropy", normaliser: "weight" },
  { _tag: "PolicyGradient", normaliser: "none" },
  { _tag: "ClippedPolicyGradient", clipLow: 0.2, clipHigh: 0.3, normaliser: "weight" },
  ...surrogates.flatMap((surrogate) =>
    aggregations.map((aggregation): Objective => Object.assign({ surrogate, aggregation }, rich))
  )
]

const size = 4
/** Deterministic numbers in [−1, 1]. */
const noise = (seed: number) => Math.sin(12.9898 * (seed + 1) * (seed + 78.233))
const table = Float64Array.from({ length: size * size }, (_, cell) => noise(cell))

const data = [5, 3, 4, 2].map((length, seed): Datum => {
  const tokens = Int32Array.from({ length }, (_, at) => (at * 3 + seed) % size)
  const numbers = (stream: number, centre: number, scale: number) =>
    Float32Array.from(
      { length: length - 1 },
      (_, at) => centre + scale * noise(50 * stream + 7 * seed + at)
    )
  return {
    tokens,
    weights: new Float32Array(length - 1).fill(1),
    advantages: numbers(1, 0, 2),
    logprobs: numbers(2, -1.4, 0.6),
    proximal: numbers(3, -1.4, 0.6),
    reference: numbers(4, -1.4, 0.6),
    group: seed % 2 === 0 ? "even" : "odd",
    truncated: seed === 1
  }
})

const logitsOf = (cells: Float64Array) =>
  data.map(({ tokens }) =>
    [...tokens.subarray(0, -1)].map((from) => cells.subarray(from * size, (from + 1) * size))
  )

describe("referenceLoss", () => {
  it.effect.each(objectives)("is what a learner does: %j", (objective) =>
    Effect.gen(function* () {
      const learner = yield* Learner
      const pass = yield* learner.forwardBackward(data, objective)
      const reference = referenceLoss(objective, data, logitsOf(table))
      assert.closeTo(pass.loss, reference.loss, 1e-6)
      // the gradient of the table: logits of one row add up
      const gradient = new Float64Array(size * size)
      for (const [i, { tokens }] of data.entries()) {
        for (const [t, row] of (reference.logitGradient[i] ?? []).entries()) {
          for (const [k, value] of row.entries()) {
            const cell = (tokens[t] ?? 0) * size + k
            gradient[cell] = (gradient[cell] ?? 0) + value
          }
        }
      }
      // gradient descent: Adam with an epsilon far above the gradient
      const rate = 1e-3
      const { gradNorm } = yield* learner.step(
        adamW({ beta1: 0, beta2: 0, epsilon: 1e9, learningRate: rate * 1e9, maxGradNorm: 1e9 })
      )
      assert.closeTo(gradNorm, Math.hypot(...gradient), 1e-6)
      const moved = table.map((cell, at) => cell - rate * (gradient[at] ?? 0))
      const after = referenceLoss(
        { _tag: "CrossEntropy", normaliser: "none" },
        data,
        logitsOf(moved)
      )
      const found = yield* learner.forward(data)
      for (const [i, row] of after.logprobs.entries()) {
        for (const [t, value] of row.entries()) assert.closeTo(found[i]?.[t] ?? NaN, value, 1e-6)
      }
    }).pipe(Effect.provide(TabularPolicy.layer({ vocabularySize: size, logits: table })))
  )

  // a surrogate with held weights is not the derivative of its value
  const smooth = objectives.filter(
    (objective) => !("surrogate" in objective && objective.surrogate._tag === "Cispo")
  )
  it.each(smooth)("has the derivative by logits that finite differences find: %j", (objective) => {
    const { logitGradient } = referenceLoss(objective, data, logitsOf(table))
    const rows = logitsOf(table)
    const step = 1e-6
    for (const [i, targets] of rows.entries()) {
      for (const [t, row] of targets.entries()) {
        for (const k of row.keys()) {
          const at = (by: number) =>
            referenceLoss(
              objective,
              data,
              rows.with(i, targets.with(t, row.with(k, (row[k] ?? 0) + by)))
            ).loss
          const slope = (at(step) - at(-step)) / (2 * step)
          expect(logitGradient[i]?.[t]?.[k]).toBeCloseTo(slope, 6)
        }
      }
    }
  })

  it("has entropies, of impossible tokens too", () => {
    const { entropies, logprobs } = referenceLoss(
      { _tag: "CrossEntropy", normaliser: "none" },
      [{ tokens: Int32Array.of(0, 1), weights: Float32Array.of(1) }],
      [[[0, 0, -Infinity]]]
    )
    expect(entropies[0]?.[0]).toBeCloseTo(Math.LN2, 12)
    expect(logprobs[0]?.[0]).toBeCloseTo(-Math.LN2, 12)
  })
})

describe("objectivePresets", () => {
  it("are objectives", () => {
    const { cispo, dapo, drGrpo, grpo, gspo } = objectivePresets
    for (const preset of [cispo, dapo, drGrpo(64), grpo, gspo]) {
      expect(Schema.is(ObjectiveSchema)(preset)).toBe(true)
    }
  })
})
