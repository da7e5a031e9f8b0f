/** What the threads that verify programs are asked, and what they answer. */
import * as Schema from "effect/Schema"

/** What one test of a program may use up. */
export const RealmLimits = Schema.Struct({
  /** Interrupt checks; QuickJS makes one about every 10,000 steps. */
  fuel: Schema.Int,
  stackBytes: Schema.Int,
  /** Printed UTF-16 units. */
  outputCharacters: Schema.Int
})
export type RealmLimits = typeof RealmLimits.Type

/** What a thread is started with. */
export const ProgramThreadData = Schema.Struct({ limits: RealmLimits, memoryBytes: Schema.Int })
export type ProgramThreadData = typeof ProgramThreadData.Type

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
}

/** Why a program gave nothing. Its words may be the program's, and are neither capped nor clean. */
export const ProgramFailure = Schema.TaggedStruct("Failure", {
  verdict: Schema.Literals(["fail", "error", "timeout", "memory", "output-limit", "unsupported"]),
  error: Schema.Struct({
    type: Schema.String,
    message: Schema.String,
    line: Schema.NullOr(Schema.Int)
  })
})
export type ProgramFailure = typeof ProgramFailure.Type

export const failure = (
  verdict: ProgramFailure["verdict"],
  type: string,
  message: string,
  line: number | null = null
): ProgramFailure => ({ _tag: "Failure", verdict, error: { type, message, line } })

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

const costly: ReadonlySet<string> = new Set(["timeout", "memory", "output-limit"])

/**
 * Whether a test has used up what it could: those that come later in the task are then not run, whatever
 * the order, so that what is found does not depend on the order.
 */
export const endsAt = (outcome: ProgramOutcome): boolean => {
  const failed = outcome._tag === "Examined" ? outcome.failure : outcome
  return failed?._tag === "Failure" && costly.has(failed.verdict)
}

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
