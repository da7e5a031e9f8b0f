/** Text files with one JSON value a line, read back even when a crash tore a line. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** A line that could not be read: its 1-based number and its beginning. */
export interface DamagedLine {
  readonly line: number
  readonly excerpt: string
}

/** The lines that could be read, in order, and those that could not. */
export interface JsonLines<A> {
  readonly values: ReadonlyArray<A>
  readonly damaged: ReadonlyArray<DamagedLine>
}

/** One line per value, each ended by a newline; the empty text for no values. */
export const formatJsonLines = (values: ReadonlyArray<unknown>): string =>
  values.map((value) => `${JSON.stringify(value)}\n`).join("")

/**
 * Reads every line that holds a value of the schema. A line cut off by a crash, or anything else that
 * does not fit, is reported and costs no other line.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import * as Schema from "effect/Schema"
 * import { parseJsonLines } from "@sml/run-store"
 *
 * const Step = Schema.Struct({ step: Schema.Int })
 * const read = parseJsonLines(Step, `{"step":1}\n{"step":2}\n{"st`)
 * assert.deepEqual(read.values, [{ step: 1 }, { step: 2 }])
 * assert.deepEqual(read.damaged, [{ line: 3, excerpt: `{"st` }])
 * ```
 */
export const parseJsonLines = <A, I>(schema: Schema.Codec<A, I>, text: string): JsonLines<A> => {
  const decode = Schema.decodeUnknownOption(Schema.fromJsonString(schema))
  const values: Array<A> = []
  const damaged: Array<DamagedLine> = []
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue
    const value = decode(line)
    if (Option.isSome(value)) values.push(value.value)
    else damaged.push({ line: index + 1, excerpt: line.slice(0, 80) })
  }
  return { values, damaged }
}
