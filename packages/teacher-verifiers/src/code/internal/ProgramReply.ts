/** What the threads that verify programs are asked, and what they answer. */
import * as Schema from "effect/Schema"

import type { RealmLimits } from "./Realm.ts"

/** Tests without what is expected; those that are sources themselves run beside the program, not with it. */
export type ProgramJob =
  | {
      readonly kind: "calls"
      readonly calls: ReadonlyArray<{ readonly fn: string; readonly args: string }>
    }
  | { readonly kind: "stdio"; readonly inputs: ReadonlyArray<string> }
  | { readonly kind: "check"; readonly source: string; readonly entry: string }
  | { readonly kind: "asserts"; readonly setup: string; readonly asserts: ReadonlyArray<string> }

/** Runs the tests of `order`, one after another, with a reply to each. */
export interface ProgramRequest {
  readonly id: number
  readonly language: "javascript" | "typescript"
  readonly preamble: string
  readonly code: string
  readonly job: ProgramJob
  readonly order: ReadonlyArray<number>
  readonly limits: RealmLimits
}

/** Why a program gave nothing. Its words may be the program's, and are neither capped nor clean. */
export const ProgramFailure = Schema.TaggedStruct("Failure", {
  verdict: Schema.Literals(["error", "timeout", "memory", "output-limit", "unsupported"]),
  error: Schema.Struct({
    type: Schema.String,
    message: Schema.String,
    line: Schema.NullOr(Schema.Int)
  })
})
export type ProgramFailure = typeof ProgramFailure.Type

/**
 * What became of one test.
 *
 * - `Value`: the wire of what a call gave. `Output`: a whole program ran to its end.
 * - `Examined`: a test that is a source ran to its end; `got` and `expected` are wires, `call` is what the
 *   program was last called with; `error` is what ended the test.
 * - `Unusable`: the test itself cannot be run.
 */
export const ProgramOutcome = Schema.Union([
  Schema.TaggedStruct("Value", { wire: Schema.String }),
  Schema.TaggedStruct("Output", {}),
  Schema.TaggedStruct("Examined", {
    isPassed: Schema.Boolean,
    call: Schema.NullOr(Schema.Struct({ fn: Schema.String, args: Schema.String })),
    got: Schema.NullOr(Schema.String),
    expected: Schema.NullOr(Schema.String),
    failure: Schema.NullOr(ProgramFailure)
  }),
  Schema.TaggedStruct("Unusable", { reason: Schema.String }),
  ProgramFailure
])
export type ProgramOutcome = typeof ProgramOutcome.Type

/** Sent once when the thread can take requests, then once for each test. */
export const ProgramReply = Schema.Union([
  Schema.TaggedStruct("Ready", {}),
  Schema.TaggedStruct("Tested", {
    id: Schema.Int,
    index: Schema.Int,
    outcome: ProgramOutcome,
    stdout: Schema.String,
    millis: Schema.Finite
  })
])
export type ProgramReply = typeof ProgramReply.Type
