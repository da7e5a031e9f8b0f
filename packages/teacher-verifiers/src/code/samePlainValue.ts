/** Whether what a program gave is what a test expects. */
import type * as Schema from "effect/Schema"

import type { PlainValue } from "./PlainValue.ts"

/** How exact numbers must be. */
export interface SameOptions {
  /**
   * Two numbers of which one at least is a float or has a fraction are the same when they differ by at
   * most `tolerance * max(1, |expected|)`. Default 0: exactly equal. Integers are always exact.
   */
  readonly tolerance?: number
}

/**
 * Compares a program's value with JSON. Types count, in so far as JSON has them:
 *
 * - a JSON number is an integer or a float of the same numerical value (`2` is `2.0`, `0` is `-0.0`);
 *   NaN is never the same as anything. JSON is read into doubles, so an expected integer beyond 2^53 has
 *   lost digits: there, the value is rounded in the same way before it is compared.
 * - a boolean is not a number, null is neither `undefined` nor anything else;
 * - a JSON list is a list or a tuple, but never a set, as JSON has an order and sets have none;
 * - a JSON object is a dict whose keys, written as JSON writes keys, are the same: text as it is, and of
 *   other languages' keys an integer, float, boolean or null by its text, as Python's `json.dumps` does
 *   (`{1: "a"}` is `{"1": "a"}`); two keys with one text are never the same as one;
 * - bytes, complex numbers, sets and `undefined` have no JSON and are the same as nothing.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { samePlainValue } from "@sml/teacher-verifiers"
 *
 * const pair = {
 *   type: "tuple",
 *   items: [
 *     { type: "integer", text: "1" },
 *     { type: "float", text: "0.30000000000000004" }
 *   ]
 * } as const
 * assert.equal(samePlainValue(pair, [1, 0.3]), false)
 * assert.equal(samePlainValue(pair, [1, 0.3], { tolerance: 1e-9 }), true)
 * assert.equal(samePlainValue({ type: "boolean", value: true }, 1), false)
 * ```
 */
export const samePlainValue = (
  value: PlainValue,
  expected: Schema.Json,
  options: SameOptions = {}
): boolean => {
  switch (value.type) {
    case "null":
      return expected === null
    case "boolean":
      return expected === value.value
    case "string":
      return expected === value.text
    case "integer":
    case "float":
      return (
        typeof expected === "number" &&
        sameNumber(value.type, value.text, expected, options.tolerance ?? 0)
      )
    case "list":
    case "tuple":
      return (
        isList(expected) &&
        expected.length === value.items.length &&
        value.items.every((item, index) => {
          const other = expected[index]
          return other !== undefined && samePlainValue(item, other, options)
        })
      )
    case "dict":
      return sameEntries(value.entries, expected, options)
    // undefined, complex, bytes, set, frozenset
    default:
      return false
  }
}

const isList = (json: Schema.Json): json is ReadonlyArray<Schema.Json> => Array.isArray(json)

const sameNumber = (
  type: "integer" | "float",
  text: string,
  expected: number,
  tolerance: number
): boolean => {
  const number = Number(text)
  if (type === "integer" && Number.isSafeInteger(expected)) return BigInt(text) === BigInt(expected)
  if (number === expected) return true
  if (type === "integer" && Number.isInteger(expected)) return false
  return Math.abs(number - expected) <= tolerance * Math.max(1, Math.abs(expected))
}

/** A key as JSON writes it, or undefined where it has no such form. */
const keyText = (key: PlainValue): string | undefined => {
  switch (key.type) {
    case "string":
    case "integer":
    case "float":
      return key.text
    case "boolean":
      return String(key.value)
    case "null":
      return "null"
    default:
      return undefined
  }
}

const sameEntries = (
  entries: ReadonlyArray<readonly [PlainValue, PlainValue]>,
  expected: Schema.Json,
  options: SameOptions
): boolean => {
  if (typeof expected !== "object" || expected === null || isList(expected)) return false
  const wanted = new Map(Object.entries(expected))
  if (wanted.size !== entries.length) return false
  for (const [key, value] of entries) {
    const text = keyText(key)
    const other = text === undefined ? undefined : wanted.get(text)
    if (text === undefined || other === undefined || !samePlainValue(value, other, options)) {
      return false
    }
    // found once: a second key with the same text finds nothing
    wanted.delete(text)
  }
  return true
}
