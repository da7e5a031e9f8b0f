/** Which learning rate and weight decay each parameter has. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import { InvalidOptions } from "./InvalidOptions.ts"
import { type AdamW, ParameterGroup } from "./Optimiser.ts"

/** What an update of one weight array needs to know about it. `learningRate` is absolute. */
export interface ParameterSettings {
  readonly learningRate: number
  readonly weightDecay: number
}

const isGroup = Schema.is(ParameterGroup)

const invalid = (reason: string): Result.Result<never, InvalidOptions> =>
  Result.fail(new InvalidOptions({ where: "AdamW", reason }))

/**
 * The settings of each of the parameters called `names`: those of the first group that matches its
 * name, the optimiser's own otherwise, without weight decay where `decayed` does not ask for it (a
 * group's own weight decay counts everywhere).
 *
 * Fails with {@link InvalidOptions} when a group is malformed, or when it gets no parameter, be it
 * that its expression matches none or that earlier groups have them all.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { Result } from "effect"
 * import { adamW, resolveParameterGroups } from "@sml/policy"
 *
 * const settings = adamW({
 *   learningRate: 1e-3,
 *   weightDecay: 0.1,
 *   groups: [{ parameters: "^embed", learningRateScale: 0.1 }]
 * })
 * const names = ["embed.weight", "norm.weight"]
 * assert.deepEqual(Result.getOrThrow(resolveParameterGroups(settings, names, [true, false])), [
 *   { learningRate: 1e-4, weightDecay: 0.1 },
 *   { learningRate: 1e-3, weightDecay: 0 }
 * ])
 * ```
 */
export const resolveParameterGroups = (
  settings: AdamW,
  names: ReadonlyArray<string>,
  decayed: ReadonlyArray<boolean>
): Result.Result<ReadonlyArray<ParameterSettings>, InvalidOptions> => {
  const { groups = [], learningRate, weightDecay } = settings
  const unfit = groups.find((group): boolean => !isGroup(group))
  if (unfit !== undefined) {
    return invalid(
      `the parameter group "${unfit.parameters}" is malformed; give a valid regular expression and a learningRateScale or a weightDecay of 0 or more.`
    )
  }
  const expressions = groups.map(({ parameters }) => new RegExp(parameters))
  const members = groups.map(() => 0)
  const resolved = names.map((name, index): ParameterSettings => {
    const at = expressions.findIndex((expression) => expression.test(name))
    const group = groups[at]
    const own = decayed[index] === true ? weightDecay : 0
    if (group === undefined) return { learningRate, weightDecay: own }
    members[at] = (members[at] ?? 0) + 1
    return {
      learningRate: learningRate * (group.learningRateScale ?? 1),
      weightDecay: group.weightDecay ?? own
    }
  })
  const idle = groups.find((_group, index) => members[index] === 0)
  return idle === undefined
    ? Result.succeed(resolved)
    : invalid(
        `the parameter group "${idle.parameters}" gets none of the ${names.length} parameters (${names[0] ?? "none"} …); correct its expression, or move it before the groups that match the same names.`
      )
}
