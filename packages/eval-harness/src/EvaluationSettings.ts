/** What decides the results of an evaluation. */
import type { Task } from "@sml/env-pomdp"
import * as Schema from "effect/Schema"

import { canonicalJson, contentHash } from "./internal/canonicalJson.ts"
import { Protocol } from "./Protocol.ts"

/**
 * - `model`, `teacher`: whatever tells one from another: names, hashes of weights, prompts,
 *   temperatures.
 * - `seed`: of every random choice.
 * - `tasks`: how many, and the SHA-256 of all of them.
 */
export const EvaluationSettings = Schema.Struct({
  version: Schema.Literal(1),
  protocol: Protocol,
  model: Schema.Json,
  teacher: Schema.Json,
  seed: Schema.Int,
  tasks: Schema.Struct({ count: Schema.Int, hash: Schema.String })
})
export type EvaluationSettings = typeof EvaluationSettings.Type

/** What settings keep of tasks. */
export const taskFingerprint = (tasks: ReadonlyArray<Task>): EvaluationSettings["tasks"] => ({
  count: tasks.length,
  hash: contentHash(tasks)
})

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

const differences = (before: unknown, now: unknown, at: string): ReadonlyArray<string> => {
  if (isRecord(before) && isRecord(now) && Array.isArray(before) === Array.isArray(now)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])]
    return keys.flatMap((key) =>
      differences(before[key], now[key], at === "" ? key : `${at}.${key}`)
    )
  }
  const [old, fresh] = [before, now].map((value) =>
    value === undefined ? "nothing" : canonicalJson(value).slice(0, 60)
  )
  return old === fresh ? [] : [`${at} was ${old}, is ${fresh}`]
}

/** Each difference in words (`"seed was 1, is 2"`); none for equal settings. */
export const settingsDifferences = (
  before: EvaluationSettings,
  now: EvaluationSettings
): ReadonlyArray<string> => differences(before, now, "")
