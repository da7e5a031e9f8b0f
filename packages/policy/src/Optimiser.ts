/** Settings of one optimiser step. */
import * as Schema from "effect/Schema"

const UnitInterval = Schema.Finite.pipe(
  Schema.check(Schema.isGreaterThanOrEqualTo(0), Schema.isLessThan(1))
)
const NonNegative = Schema.Finite.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(0)))
const Positive = Schema.Finite.pipe(Schema.check(Schema.isGreaterThan(0)))

/**
 * AdamW (arXiv:1711.05101): decoupled weight decay, bias-corrected moments. `maxGradNorm` bounds the
 * global L2 norm of the gradient before the update. Norm scales are not decayed.
 */
export const AdamW = Schema.Struct({
  learningRate: NonNegative,
  beta1: UnitInterval,
  beta2: UnitInterval,
  epsilon: Positive,
  weightDecay: NonNegative,
  maxGradNorm: Positive
})
export type AdamW = typeof AdamW.Type

/**
 * AdamW with the given settings and, for the rest, learning rate 3e-4, β = (0.9, 0.95), ε = 1e-8, no
 * weight decay and a gradient norm of at most 1: what the embedded student is trained with.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { adamW } from "@sml/policy"
 *
 * assert.equal(adamW({ learningRate: 1e-3 }).beta2, 0.95)
 * ```
 */
export const adamW = (settings: Partial<AdamW> = {}): AdamW => ({
  learningRate: 3e-4,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0,
  maxGradNorm: 1,
  ...settings
})
