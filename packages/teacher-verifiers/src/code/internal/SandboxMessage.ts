/** What the sandbox's worker thread is asked, and what it answers. */
import * as Schema from "effect/Schema"

import { SandboxOutcome } from "../SandboxOutcome.ts"

/** One program to be run on each of the inputs, and the bounds of all its runs together. */
export interface SandboxRequest {
  readonly id: number
  readonly source: string
  readonly entry: string
  readonly inputs: ReadonlyArray<number>
  /** Interrupt checks; QuickJS makes one about every 10,000 steps. */
  readonly fuel: number
  readonly stackBytes: number
}

/** Sent once when the worker can take requests, then once for each request. */
export const SandboxReply = Schema.Union([
  Schema.TaggedStruct("Ready", {}),
  Schema.TaggedStruct("Done", { id: Schema.Int, outcomes: Schema.Array(SandboxOutcome) })
])
export type SandboxReply = typeof SandboxReply.Type
