/**
 * What a learner learns from: one token stream with a weight on every predicted token.
 */

/**
 * One training sequence of `n` tokens. All per-target arrays have length `n − 1` and are aligned
 * with the *predicted* token: entry `i` belongs to `tokens[i + 1]`.
 *
 * - `weights`: loss weight of each target, 0 on everything that the student did not say.
 * - `advantages`: advantage of each target (dimensionless); absent for supervised learning.
 * - `logprobs`: log-probability (nats) of each target under the policy that sampled it; 0 where
 *   the weight is 0. Absent for supervised learning.
 *
 * For objectives that ask for them (`objectiveNeeds`):
 *
 * - `proximal`: log-probability of each target under the learner before the first of its steps on
 *   these data; `reference`: under a reference policy.
 * - `group`: names the prompt; `truncated`: whether what was said was cut off.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { makeDatum } from "@sml/policy"
 *
 * const datum = makeDatum({ tokens: Int32Array.of(5, 6, 7), weights: Float32Array.of(0, 1) })
 * assert.equal(datum.tokens.length - 1, datum.weights.length)
 * ```
 */
export interface Datum {
  readonly tokens: Int32Array
  readonly weights: Float32Array
  readonly advantages?: Float32Array
  readonly logprobs?: Float32Array
  readonly proximal?: Float32Array
  readonly reference?: Float32Array
  readonly group?: string
  readonly truncated?: boolean
  /** Names the episode in error messages. */
  readonly label?: string
}

/** Checks the lengths and returns the datum; throws a `RangeError` that names the label. */
export const makeDatum = (datum: Datum): Datum => {
  const targets = datum.tokens.length - 1
  const named = datum.label === undefined ? "datum" : `datum ${datum.label}`
  if (targets < 1) throw new RangeError(`${named}: needs at least 2 tokens, has ${targets + 1}`)
  for (const [name, array] of [
    ["weights", datum.weights],
    ["advantages", datum.advantages],
    ["logprobs", datum.logprobs],
    ["proximal", datum.proximal],
    ["reference", datum.reference]
  ] as const) {
    if (array !== undefined && array.length !== targets) {
      throw new RangeError(`${named}: ${name} has ${array.length} entries, expected ${targets}`)
    }
  }
  return datum
}
