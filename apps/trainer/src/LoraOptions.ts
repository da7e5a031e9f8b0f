/** Low-rank adapters in the settings of `sml train`. */
import * as Schema from "effect/Schema"

const Positive = Schema.Finite.check(Schema.isGreaterThan(0))

/** Each setting of an adapter with its bounds. */
export const loraFields = {
  rank: Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)),
  alpha: Positive,
  targets: Schema.Array(Schema.NonEmptyString).check(Schema.isMinLength(1)),
  dropout: Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0), Schema.isLessThan(1))
}

/**
 * An adapter to train in place of the weights: its product is scaled by `alpha / rank`. Unless given,
 * `alpha` is twice the rank, `targets` all linear maps but the head, `dropout` 0.
 */
export const LoraOptions = Schema.Struct({
  rank: loraFields.rank,
  alpha: Schema.optionalKey(loraFields.alpha),
  targets: Schema.optionalKey(loraFields.targets),
  dropout: Schema.optionalKey(loraFields.dropout)
})
export type LoraOptions = typeof LoraOptions.Type

/** What each setting is for, in a few words. */
export const loraDescriptions: Readonly<Record<keyof LoraOptions, string>> = {
  rank: "train a low-rank adapter of this rank and leave the weights as they are (default every weight is trained)",
  alpha: "the adapter is scaled by alpha / rank (default twice the rank)",
  targets: "the linear maps that are adapted, such as q_proj,v_proj (default all-linear)",
  dropout: "how likely an element is dropped before the adapter in training (default 0)"
}
