/** The learning rate of the first steps. */

/**
 * Linear warm-up: step `step` (from 0) of `warmupSteps` runs at `(step + 1) / warmupSteps` of
 * `learningRate`, later ones at all of it. 0 warm-up steps is none.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { warmUp } from "@sml/grpo-core"
 *
 * assert.deepEqual([0, 1, 2, 3].map((step) => warmUp(1, 2, step)), [0.5, 1, 1, 1])
 * ```
 */
export const warmUp = (learningRate: number, warmupSteps: number, step: number): number =>
  learningRate * Math.min(1, (step + 1) / Math.max(1, warmupSteps))
