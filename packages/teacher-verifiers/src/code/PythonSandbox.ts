/**
 * Runs untrusted Python under bubblewrap and judges what it gives.
 *
 * **Values, not verdicts.** The student's process gets the program and one input at a time, and what comes
 * back is taken for the student's word: a value, which is compared outside. No expected value, no test and
 * no verdict is ever in that process; exit codes never count, and printed text only as the output of a whole
 * program. Tests that are themselves Python (`check(candidate)`, assertions) run in a second sandboxed
 * process that holds no student code; there, the candidate is a proxy that sends plain data.
 *
 * A process is bubblewrap under an unprivileged user with all namespaces of its own, no capabilities, a
 * system-call filter, an empty environment, read-only `/usr` and no `/proc`; rlimits inside, a clock outside.
 * It is used once.
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

import { makePythonPool } from "./internal/PythonPool.ts"
import type { PythonProcess } from "./internal/PythonProcess.ts"
import type { PythonWorkshop } from "./internal/PythonWorkshop.ts"
import { runPythonCalls } from "./internal/runPythonCalls.ts"
import { runPythonMain } from "./internal/runPythonMain.ts"
import { runPythonTests } from "./internal/runPythonTests.ts"
import { SandboxError } from "./JavaScriptSandbox.ts"
import type { ProgramDiagnostics } from "./ProgramDiagnostics.ts"
import type { ProgramTests } from "./ProgramTests.ts"
import type { PythonSandboxStatus } from "./PythonSandboxStatus.ts"

const between = (minimum: number, maximum: number) =>
  Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum, maximum })))

/** Limits of one process, and how many there are. */
export const PythonSandboxOptions = Schema.Struct({
  /** Processor time of a program over all its inputs; default 3 s. */
  cpuSeconds: between(1, 3600),
  /** Wall-clock time of a program over all its inputs; default 6000 ms. */
  timeMillis: between(100, 3_600_000),
  /** Address space of each process; default and least but half: 256 MiB. */
  memoryBytes: between(128 * 2 ** 20, 2 ** 40),
  /** Longest file; default 1 MiB. */
  fileBytes: between(0, 2 ** 30),
  /** All files together, which live in memory; default 8 MiB. */
  scratchBytes: between(2 ** 20, 2 ** 30),
  /** Open files; default 64. */
  files: between(16, 1024),
  /** Processes and threads; default 16. */
  processes: between(1, 1024),
  /** Printed bytes; default 1 MiB. */
  outputBytes: between(1024, 2 ** 28),
  /** Bytes of one value, about two for a character; default 1 MiB. */
  valueBytes: between(1024, 2 ** 28),
  /** Verifications at a time; default 2. */
  parallel: between(1, 1024),
  /** Verifications that may wait before further ones are refused; default 10,000. */
  queue: between(0, 10_000_000),
  /** Processes that are started before they are needed; default 4. */
  warm: between(0, 1024),
  /**
   * Whether processes are forked, into namespaces of their own, from one that waits in a bubblewrap; else each
   * is a bubblewrap of its own, which is slower and where the former is not allowed happens by itself.
   * Default true.
   */
  fork: Schema.optionalKey(Schema.Boolean)
})
export type PythonSandboxOptions = typeof PythonSandboxOptions.Type

/** The defaults. */
export const pythonSandboxOptions: Required<PythonSandboxOptions> = {
  cpuSeconds: 3,
  timeMillis: 6000,
  memoryBytes: 256 * 2 ** 20,
  fileBytes: 2 ** 20,
  scratchBytes: 8 * 2 ** 20,
  files: 64,
  processes: 16,
  outputBytes: 2 ** 20,
  valueBytes: 2 ** 20,
  parallel: 2,
  queue: 10_000,
  warm: 4,
  fork: true
}

/**
 * - `code`: the student's program. One whose first line is indented continues the preamble (a completion).
 * - `preamble`: trusted code before it; its lines are not counted.
 * - `seed`: decides in which order the tests run.
 * - `tolerance`: of floats in `calls`, see `samePlainValue`.
 */
export interface PythonProgram {
  readonly code: string
  readonly language: "python"
  readonly preamble: string
  readonly tests: ProgramTests
  readonly seed: number
  readonly tolerance?: number
}

/**
 * The sandbox as a service. Whatever a program does is a verdict.
 *
 * @example
 * ```ts no-run
 * import assert from "node:assert/strict"
 * import { PythonSandbox } from "@sml/teacher-verifiers"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const sandbox = yield* PythonSandbox
 *   return yield* sandbox.verify({
 *     code: "def add(a, b):\n    return a - b",
 *     language: "python",
 *     preamble: "",
 *     tests: { kind: "calls", calls: [{ fn: "add", args: [1, 2], expected: 3 }] },
 *     seed: 0
 *   })
 * })
 * const { tests, verdict } = await Effect.runPromise(
 *   Effect.provide(program, PythonSandbox.layer())
 * )
 * assert.equal(verdict, "fail")
 * assert.equal(`${tests[0]?.call} gives ${tests[0]?.got}`, "add(1, 2) gives -1")
 * ```
 */
export class PythonSandbox extends Context.Service<
  PythonSandbox,
  {
    /**
     * Fails with a `SandboxError` where Python can not be sandboxed (there is no way to run it
     * otherwise), when too many programs wait, and when the tests themselves can not be run.
     */
    readonly verify: (program: PythonProgram) => Effect.Effect<ProgramDiagnostics, SandboxError>
    /** Tries it out; `statusSentence` says it in words. */
    readonly status: Effect.Effect<PythonSandboxStatus>
  }
>()("@sml/teacher-verifiers/PythonSandbox") {
  /** Processes start with the first program and end with the layer's scope. Fails on options out of range. */
  static readonly layer = (
    options: PythonSandboxOptions = {}
  ): Layer.Layer<PythonSandbox, SandboxError> => Layer.effect(PythonSandbox, make(options))
}

/** A student's longer program is not run. */
const maximumCode = 500_000

const tooLong = (program: PythonProgram): ProgramDiagnostics => ({
  kind: "program",
  language: "python",
  verdict: "unsupported",
  tests: [
    {
      verdict: "unsupported",
      call: "",
      expected: null,
      got: null,
      error: {
        type: "Unsupported",
        message: `the program has ${program.code.length} characters; at most ${maximumCode} are run`,
        line: null
      },
      millis: 0
    }
  ],
  stdout: ""
})

/** A process ended through no fault of the program in it. */
class ProcessFault extends Data.TaggedError("ProcessFault")<{ readonly detail: string }> {}

const isFault = (error: ProcessFault | SandboxError): boolean => error._tag === "ProcessFault"

const test = (workshop: PythonWorkshop, program: PythonProgram) => {
  const { tests } = program
  switch (tests.kind) {
    case "calls":
      return runPythonCalls(workshop, program, tests.calls)
    case "stdio":
      return runPythonMain(workshop, program, tests.cases)
    case "check":
      return runPythonTests(workshop, program, {
        kind: "check",
        setup: "",
        sources: [tests.source],
        entry: tests.entry
      })
    default:
      return runPythonTests(workshop, program, {
        kind: "asserts",
        setup: tests.setup,
        sources: tests.asserts,
        entry: ""
      })
  }
}

const make = Effect.fnUntraced(function* (options: PythonSandboxOptions) {
  const limits = {
    ...pythonSandboxOptions,
    ...(yield* Schema.decodeUnknownEffect(PythonSandboxOptions, { onExcessProperty: "error" })(
      options
    ).pipe(
      Effect.mapError(
        (error) =>
          new SandboxError({
            reason: `The options of the Python sandbox cannot be used: ${error.message}`
          })
      )
    ))
  }
  const pool = yield* makePythonPool(limits)

  const run = Effect.fnUntraced(function* (program: PythonProgram) {
    const taken: Array<PythonProcess> = []
    const take = Effect.tap(pool.take, (process) => Effect.sync(() => taken.push(process)))
    const diagnostics = yield* Effect.scoped(test({ take, limits }, program))
    const fault = taken.find((each) => each.fault !== undefined)?.fault
    if (fault === undefined) return diagnostics
    return yield* new ProcessFault({ detail: fault })
  })

  return PythonSandbox.of({
    status: pool.status,
    verify: Effect.fn("PythonSandbox.verify")(function* (program: PythonProgram) {
      if (program.code.length > maximumCode) return tooLong(program)
      return yield* run(program).pipe(
        Effect.retry({ times: 1, while: isFault }),
        Effect.catchTag("ProcessFault", ({ detail }) =>
          Effect.fail(
            new SandboxError({
              reason: `The Python sandbox has ended while a program ran in it: ${detail}`
            })
          )
        ),
        pool.admit
      )
    })
  })
})
