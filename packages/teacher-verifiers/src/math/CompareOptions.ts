/** What counts as the same answer where people differ. */
import * as Schema from "effect/Schema"

/**
 * - `precision` (6): digits behind the point to which a decimal must agree with a number that no
 *   decimal writes exactly, or with another decimal of that many digits. `7.0000001` is never 7, and two
 *   decimals of as many digits each are the same only digit by digit.
 * - `decimals` ("rounded"): "exact" takes a decimal for exactly what it says, so 0.333333 is not 1/3.
 * - `percent` ("either"): 28% is 28 as well as 0.28; with "value" it is 0.28 only.
 * - `units` ("compare"): an answer without a unit may stand for one with; two units must measure the same
 *   and are converted. "require" makes a missing unit wrong, "ignore" compares numbers only.
 * - `strict` (true): a set is no tuple, and names of variables matter. With false, {1, 2} is (1, 2), and
 *   x + 1 is y + 1.
 * - `relationsAsSets` ("gold"): whether `x > 2` is `(2, ∞)`. "gold": where the reference is a relation, its
 *   solutions may be given as a set; where it is an interval, an interval is asked for. Or "always",
 *   "never".
 */
export const CompareOptions = Schema.Struct({
  precision: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 30 }))),
  decimals: Schema.optionalKey(Schema.Literals(["rounded", "exact"])),
  percent: Schema.optionalKey(Schema.Literals(["either", "value"])),
  units: Schema.optionalKey(Schema.Literals(["compare", "ignore", "require"])),
  strict: Schema.optionalKey(Schema.Boolean),
  relationsAsSets: Schema.optionalKey(Schema.Literals(["gold", "always", "never"]))
})
export type CompareOptions = typeof CompareOptions.Type

/** The defaults. */
export const compareOptions: Required<CompareOptions> = {
  precision: 6,
  decimals: "rounded",
  percent: "either",
  units: "compare",
  strict: true,
  relationsAsSets: "gold"
}
