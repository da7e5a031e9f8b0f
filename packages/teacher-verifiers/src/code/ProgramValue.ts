/** Plain values of programs. */
import * as Schema from "effect/Schema"

/**
 * A value that left the sandbox: its JavaScript type and its text, exact for every type (`String` of a
 * number reads back to the same number). 0 and -0 have one text, and NaN equals itself.
 */
export const ProgramValue = Schema.Struct({
  type: Schema.Literals(["number", "string", "boolean", "bigint", "undefined", "null"]),
  text: Schema.String
})
export type ProgramValue = typeof ProgramValue.Type
