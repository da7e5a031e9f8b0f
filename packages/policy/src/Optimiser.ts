/** Settings of one optimiser step. */
import * as Schema from "effect/Schema"

const UnitInterval = Schema.Finite.pipe(
  Schema.check(Schema.isGreaterThanOrEqualTo(0), Schema.isLessThan(1))
)
const NonNegative = Schema.Finite.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(0)))
const Positive = Schema.Finite.pipe(Schema.check(Schema.isGreaterThan(0)))

const isExpression = (source: string): boolean => {
  try {
    return new RegExp(source) instanceof RegExp
  } catch {
    return false
  }
}

/**
 * Parameters with settings of their own.
 *
 * - `parameters`: a regular expression's source, looked for anywhere in a parameter's name, which is
 *   that of the checkpoint (`model.layers.0.mlp.up_proj.weight`).
 * - `learningRateScale`: factor on the learning rate, whatever the schedule makes of it; 0 keeps the
 *   parameters as they are.
 * - `weightDecay`: in place of the optimiser's, for norm scales and biases too.
 */
export const ParameterGroup = Schema.Struct({
  parameters: Schema.String.pipe(
    Schema.check(
      Schema.makeFilter((source) =>
        isExpression(source) ? undefined : `"${source}" is not a regular expression`
      )
    )
  ),
  learningRateScale: Schema.optionalKey(NonNegative),
  weightDecay: Schema.optionalKey(NonNegative)
}).pipe(
  Schema.check(
    Schema.makeFilter(({ learningRateScale, weightDecay }) =>
      learningRateScale === undefined && weightDecay === undefined
        ? "a parameter group sets nothing: give it a learningRateScale or a weightDecay"
        : undefined
    )
  )
)
export type ParameterGroup = typeof ParameterGroup.Type

/**
 * AdamW (arXiv:1711.05101): decoupled weight decay, bias-corrected moments. `maxGradNorm` bounds the
 * global L2 norm of the gradient before the update. Norm scales and biases are not decayed. Of
 * `groups` the first one that matches a parameter counts; see {@link ParameterGroup}.
 */
export const AdamW = Schema.Struct({
  learningRate: NonNegative,
  beta1: UnitInterval,
  beta2: UnitInterval,
  epsilon: Positive,
  weightDecay: NonNegative,
  maxGradNorm: Positive,
  groups: Schema.optionalKey(Schema.Array(ParameterGroup))
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
