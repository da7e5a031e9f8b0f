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
