/** How students are measured, as data: which tasks, told how, with what feedback, how long and often. */
import * as Schema from "effect/Schema"

import { Informativeness } from "./Informativeness.ts"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))

/**
 * How a task is told.
 *
 * - `as-given`: its prompt, and then the teacher's feedback.
 *
 * The five of "LLMs Get Lost In Multi-Turn Conversation" (2505.06120), for tasks that have shards:
 *
 * - `full`: the whole statement at once; `concat`: its pieces at once, as a list;
 * - `sharded`: one piece a turn, whatever the student says;
 * - `recap`: the same, and at last all pieces once more;
 * - `snowball`: each turn says all earlier pieces again.
 *
 * And beyond it:
 *
 * - `evolving`: the goal changes on the way, for tasks that have goals.
 */
export const Staging = Schema.Literals([
  "as-given",
  "full",
  "concat",
  "sharded",
  "recap",
  "snowball",
  "evolving"
])
export type Staging = typeof Staging.Type

/**
 * One way to play every task of a protocol.
 *
 * - `name`: goes before the metric's name in the results (`"binary/success@4"`).
 * - `informativeness`: how much the teacher's feedback says; of no effect where the staging speaks for
 *   the teacher.
 * - `horizon`: the largest number of student turns; a staging with fewer pieces ends earlier.
 * - `repeats`: dialogues per task.
 */
export const ProtocolCondition = Schema.Struct({
  name: Schema.NonEmptyString,
  staging: Staging,
  informativeness: Informativeness,
  horizon: Count,
  repeats: Count
})
export type ProtocolCondition = typeof ProtocolCondition.Type

/**
 * - `tasks`: which of the given tasks are played: all, or only those whose statements leave nothing ·
 *   something out.
 * - `conditions`: the ways to play them.
 * - `metrics`: names that `metricsNamed` knows; a family such as `"success@k"` stands for all its `k`.
 * - `comparisons`: pairs of conditions whose difference is tested on the tasks that both have.
 * - `comparedMetric`: by which metric; one of `metricsNamed`, not a family.
 */
export const Protocol = Schema.Struct({
  name: Schema.NonEmptyString,
  tasks: Schema.Literals(["all", "specified", "underspecified"]),
  conditions: Schema.NonEmptyArray(ProtocolCondition),
  metrics: Schema.Array(Schema.NonEmptyString),
  comparisons: Schema.Array(
    Schema.Struct({ before: Schema.NonEmptyString, after: Schema.NonEmptyString })
  ),
  comparedMetric: Schema.NonEmptyString
})
export type Protocol = typeof Protocol.Type
