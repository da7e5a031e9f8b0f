/** The ways to turn returns into advantages, as data. */
import * as Schema from "effect/Schema"

const epsilon = Schema.Finite.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(0)))

/**
 * Divisor of a standard deviation over `n` numbers: `n` (`"population"`) or `n − 1` (`"sample"`, what
 * `torch.std` and with it TRL and verl compute).
 */
export const StdConvention = Schema.Literals(["population", "sample"])
export type StdConvention = typeof StdConvention.Type

/**
 * `A_i = (r_i − mean) / (std + ε)` within the group: GRPO (arXiv:2402.03300 §4.1.2), the form of
 * arXiv:2602.16488.
 */
export const GroupStd = Schema.TaggedStruct("GroupStd", { epsilon, std: StdConvention })
export type GroupStd = typeof GroupStd.Type

/** `A_i = r_i − mean` within the group: Dr. GRPO (arXiv:2503.20783), without the bias of a std. */
export const MeanCentred = Schema.TaggedStruct("MeanCentred", {})
export type MeanCentred = typeof MeanCentred.Type

/**
 * `A_i = (r_i − mean of its group) / (std of all returns of the batch + ε)`: group mean, batch std
 * (arXiv:2508.08221; TRL's `scale_rewards="batch"`).
 */
export const BatchStd = Schema.TaggedStruct("BatchStd", { epsilon, std: StdConvention })
export type BatchStd = typeof BatchStd.Type

/** `A_i = r_i − mean of the others = g/(g−1)·(r_i − mean)`: RLOO (arXiv:2402.14740), unbiased. */
export const LeaveOneOut = Schema.TaggedStruct("LeaveOneOut", {})
export type LeaveOneOut = typeof LeaveOneOut.Type

/**
 * `A_i = (r_i − mean) / (mean + ε)` within the group: MaxRL (arXiv:2602.02710), whose expected
 * gradient approaches that of the log-likelihood of success. Returns must not be negative.
 */
export const MeanNormalised = Schema.TaggedStruct("MeanNormalised", { epsilon })
export type MeanNormalised = typeof MeanNormalised.Type

/**
 * REINFORCE++ (arXiv:2501.03262): normalised over the whole batch. With `a_i = r_i`
 * (`baseline: "batch"`) or `a_i = r_i − mean of its group` (`baseline: "group"`, the paper's
 * REINFORCE++-baseline), `A_i = (a_i − mean of all a) / (std of all a + ε)`. Over episodes, where the
 * paper's code averages over tokens. With the batch baseline a group of equal returns has advantages,
 * and is not dropped.
 */
export const ReinforcePlusPlus = Schema.TaggedStruct("ReinforcePlusPlus", {
  epsilon,
  std: StdConvention,
  baseline: Schema.Literals(["batch", "group"])
})
export type ReinforcePlusPlus = typeof ReinforcePlusPlus.Type

/** Any of the six. `g` is the size of a group; ε is part of the form, there is no hidden one. */
export const AdvantageForm = Schema.Union([
  GroupStd,
  MeanCentred,
  BatchStd,
  LeaveOneOut,
  MeanNormalised,
  ReinforcePlusPlus
])
export type AdvantageForm = typeof AdvantageForm.Type
