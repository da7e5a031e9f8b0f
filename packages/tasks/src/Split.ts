/** Which tasks are kept for evaluation. */
import { crc32 } from "node:zlib"

import * as Schema from "effect/Schema"

/** `train` tasks may be learnt from; `test` tasks are for evaluation only. */
export const Split = Schema.Literals(["train", "test"])
export type Split = typeof Split.Type

/** Percentage of all statements that are kept for evaluation. */
export const testPercent = 15

/**
 * The side on which a statement lies: `crc32(statement) mod 100 < 15` is test. A function of the
 * statement alone, so the two streams are disjoint for every seed and every difficulty, also between
 * programs that know nothing of each other.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { splitOf } from "@sml/tasks"
 *
 * assert.equal(splitOf("a = 4 0 . b = 6 * 2 - 5 . c = a - b . find c ."), "test")
 * ```
 */
export const splitOf = (statement: string): Split =>
  crc32(statement) % 100 < testPercent ? "test" : "train"
