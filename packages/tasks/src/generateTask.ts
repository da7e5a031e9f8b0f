/** One task of a given domain and split. */
import type { Task } from "@sml/env-pomdp"
import * as Schema from "effect/Schema"

import type { CodeDifficulty } from "./CodeTask.ts"
import { generateCodeTask } from "./CodeTask.ts"
import type { MathDifficulty } from "./MathTask.ts"
import { generateMathTask } from "./MathTask.ts"
import type { Random } from "./Random.ts"
import type { Split } from "./Split.ts"
import { splitOf } from "./Split.ts"
import { TaskSourceError } from "./TaskSourceError.ts"

/** The domains of the generated tasks. */
export const NanoDomain = Schema.Literals(["math", "code"])
export type NanoDomain = typeof NanoDomain.Type

/** Which task to draw; `math` and `code` set the difficulty of their domain. */
export interface GenerateTaskOptions {
  readonly domain: NanoDomain
  readonly split: Split
  /** Default: false. */
  readonly underspecified?: boolean
  readonly math?: MathDifficulty
  readonly code?: CodeDifficulty
}

/** Draws after which the split is called empty. */
const maximumDraws = 1_000

/**
 * Draws tasks until one lies on the wanted side of {@link splitOf}.
 *
 * Throws a {@link TaskSourceError} when the difficulty leaves no such task.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { uniformStream } from "@sml/env-pomdp"
 * import { generateTask, splitOf } from "@sml/tasks"
 *
 * const task = generateTask(uniformStream(7), { domain: "code", split: "test" })
 * assert.equal(splitOf(task.prompt), "test")
 * ```
 */
export const generateTask = (random: Random, options: GenerateTaskOptions): Task => {
  const { domain, split, underspecified = false } = options
  for (let draw = 0; draw < maximumDraws; draw++) {
    const task =
      domain === "math"
        ? generateMathTask(random, { ...options.math, underspecified })
        : generateCodeTask(random, { ...options.code, underspecified })
    if (splitOf(task.prompt) === split) return task
  }
  throw new TaskSourceError({
    reason: `No ${domain} task of the ${split} split in ${maximumDraws} draws; widen the difficulty options.`
  })
}
