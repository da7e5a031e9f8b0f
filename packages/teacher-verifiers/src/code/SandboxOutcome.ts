/** What became of one run of a program. */
import * as Schema from "effect/Schema"

import { ProgramValue } from "./ProgramValue.ts"

/**
 * - `Value`: the plain value that the program gave.
 * - `Failure`: why it gave none; `message` is capped and holds no control characters, but its words may
 *   be the program's.
 */
export const SandboxOutcome = Schema.Union([
  Schema.TaggedStruct("Value", { value: ProgramValue }),
  Schema.TaggedStruct("Failure", {
    category: Schema.Literals(["error", "timeout", "memory", "unsupported"]),
    message: Schema.String
  })
])
export type SandboxOutcome = typeof SandboxOutcome.Type
