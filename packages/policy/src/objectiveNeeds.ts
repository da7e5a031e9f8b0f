/** Which parts of its data an objective reads. */
import type { Datum } from "./Datum.ts"
import type { Objective } from "./Objective.ts"

/** The parts of a datum that an objective may need besides tokens and weights. */
export type DatumPart = Exclude<keyof Datum, "tokens" | "weights" | "label">

/**
 * What every datum must have for `objective` to act; an engine refuses data without it.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { objectiveNeeds } from "@sml/policy"
 *
 * const needs = objectiveNeeds({
 *   _tag: "PolicyOptimisation",
 *   surrogate: { _tag: "Reinforce" },
 *   aggregation: { _tag: "PromptMean" },
 *   kl: { estimator: "k3", coefficient: 0.01, against: "reference" }
 * })
 * assert.deepEqual([...needs].toSorted(), ["advantages", "group", "reference"])
 * ```
 */
export const objectiveNeeds = (objective: Objective): ReadonlySet<DatumPart> => {
  switch (objective._tag) {
    case "CrossEntropy":
      return new Set()
    case "PolicyGradient":
      return new Set(["advantages"])
    case "ClippedPolicyGradient":
      return new Set(["advantages", "logprobs"])
    case "PolicyOptimisation": {
      const { aggregation, correction, kl, maskOverlong, surrogate } = objective
      const needs = new Set<DatumPart>(["advantages"])
      if (surrogate._tag !== "Reinforce" && correction === undefined) needs.add("logprobs")
      if (correction !== undefined) needs.add("logprobs").add("proximal")
      if (kl?.against === "reference") needs.add("reference")
      if (kl?.against === "sampler") needs.add("logprobs")
      if (aggregation._tag === "PromptMean") needs.add("group")
      if (maskOverlong) needs.add("truncated")
      return needs
    }
    default:
      return objective satisfies never
  }
}
