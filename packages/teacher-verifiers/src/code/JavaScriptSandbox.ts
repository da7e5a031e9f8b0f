/**
 * Runs untrusted JavaScript and TypeScript: QuickJS compiled to WebAssembly, in worker threads.
 *
 * A program gets no host object, no clock, no randomness and no input but what it is called with. QuickJS
 * stops it when it goes over its fuel, memory or stack; what QuickJS cannot interrupt (a built-in that
 * walks an array-like of length 2^53) ends with the thread, which is killed after a time and started
 * again. The caller's event loop is never blocked.
 *
 * **Values, not verdicts.** What is expected is never where the program is. A value is read as plain data
 * without running any of the program's code, and compared outside. Tests that are JavaScript themselves
 * run in a second interpreter, with a memory of its own, that no student's code ever enters.
 */
import { availableParallelism } from "node:os"
import { Worker } from "node:worker_threads"

import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"

import { makeProgramThreads } from "./internal/ProgramThreads.ts"
import type { SandboxRequest } from "./internal/SandboxMessage.ts"
import { SandboxReply } from "./internal/SandboxMessage.ts"
import { verifyJavaScript } from "./internal/verifyJavaScript.ts"
import type { JavaScriptProgram } from "./JavaScriptProgram.ts"
import type { ProgramDiagnostics } from "./ProgramDiagnostics.ts"
import { SandboxError } from "./SandboxError.ts"
import type { SandboxOutcome } from "./SandboxOutcome.ts"

export { SandboxError } from "./SandboxError.ts"

/** WebAssembly memory comes in pages. */
const pageBytes = 65_536

/**
 * The limits of `run`, over all inputs of a program together, and of `verify`, for each test: what ends in
 * `timeMillis`, `fuel`, `memoryBytes` and `stackBytes` with `test` before it.
 */
export const SandboxLimits = Schema.Struct({
  /** Interrupt checks before a timeout, about 10,000 steps (0.03..0.3 ms) each; default 200. */
  fuel: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 }))),
  /** Wall-clock time before the thread is killed; default 500 ms. */
  timeMillis: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 10, maximum: 60_000 }))
  ),
  /** The interpreter's whole memory, a multiple of 64 KiB; default and least: 16 MiB. */
  memoryBytes: Schema.optionalKey(
    Schema.Int.check(
      Schema.isBetween({ minimum: 16_777_216, maximum: 1_073_741_824 }),
      Schema.isMultipleOf(pageBytes)
    )
  ),
  /** Stack; default 128 KiB. The WebAssembly stack bounds it. */
  stackBytes: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 16_384, maximum: 262_144 }))
  ),
  /** Number of programs whose outcomes are remembered; default 10,000. */
  cacheCapacity: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10_000_000 }))
  ),
  /** Interrupt checks of one test before a timeout; default 8000, some 1 to 3 s. */
  testFuel: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100_000_000 }))
  ),
  /** Wall-clock time of one test before its thread is killed; default 6000 ms. */
  testTimeMillis: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 10, maximum: 3_600_000 }))
  ),
  /** The interpreter's whole memory for a test, a multiple of 64 KiB; default 64 MiB. */
  testMemoryBytes: Schema.optionalKey(
    Schema.Int.check(
      Schema.isBetween({ minimum: 16_777_216, maximum: 2_147_483_648 }),
      Schema.isMultipleOf(pageBytes)
    )
  ),
  /** Stack of a test, some 6 calls a KiB; default and most: 1 MiB. */
  testStackBytes: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 16_384, maximum: 1_048_576 }))
  ),
  /** UTF-16 units that a test may print; default 1,000,000. */
  outputCharacters: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 1000, maximum: 100_000_000 }))
  ),
  /** Verifications at a time, each in a thread; default: the cores that are available. */
  parallel: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1024 }))),
  /** Verifications that may wait before further ones are refused; default 10,000. */
  queue: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10_000_000 })))
})
export type SandboxLimits = typeof SandboxLimits.Type

/** The defaults. */
export const sandboxLimits: Required<SandboxLimits> = {
  fuel: 200,
  timeMillis: 500,
  memoryBytes: 16 * 1024 * 1024,
  stackBytes: 128 * 1024,
  cacheCapacity: 10_000,
  testFuel: 8000,
  testTimeMillis: 6000,
  testMemoryBytes: 64 * 1024 * 1024,
  testStackBytes: 1024 * 1024,
  outputCharacters: 1_000_000,
  parallel: availableParallelism(),
  queue: 10_000
}

/**
 * A program and the integers on which to run it, each in a context that nothing ran in before.
 * `source` is an expression that gives a function, or statements that declare one named `entry`.
 */
export const Program = Schema.Struct({
  source: Schema.String,
  entry: Schema.String.check(Schema.isPattern(/^[A-Za-z_$][\w$]*$/)),
  inputs: Schema.Array(Schema.Int)
})
export type Program = typeof Program.Type

/** Longest time for the thread to start. */
const startMillis = 20_000

const workerUrl = import.meta.url.endsWith(".ts")
  ? new URL("./internal/sandboxWorker.ts", import.meta.url)
  : new URL("./internal/sandboxWorker.js", import.meta.url)

const isProgram = Schema.is(Program)

const decodeReply = Schema.decodeUnknownResult(SandboxReply)

/** A reply of the thread, or why there is none. */
type Answer =
  | { readonly _tag: "Reply"; readonly reply: SandboxReply }
  | { readonly _tag: "Late" }
  | { readonly _tag: "Broken"; readonly cause: string }

/** Waits for one message, at most `millis`. The timer keeps the process alive meanwhile. */
const receive = (worker: Worker, millis: number): Effect.Effect<Answer> =>
  Effect.callback((resume) => {
    const finish = (answer: Answer) => {
      clearTimeout(timer)
      worker.off("message", onMessage).off("error", onError).off("exit", onExit)
      resume(Effect.succeed(answer))
    }
    const onMessage = (message: unknown) => {
      const reply = decodeReply(message)
      finish(
        Result.isSuccess(reply)
          ? { _tag: "Reply", reply: reply.success }
          : { _tag: "Broken", cause: reply.failure.message }
      )
    }
    const onError = (error: unknown) =>
      finish({ _tag: "Broken", cause: error instanceof Error ? error.message : String(error) })
    const onExit = (code: number) =>
      finish({ _tag: "Broken", cause: `the thread ended with exit code ${code}` })
    // a timer of the platform, not of the Effect clock: a test clock must not stop the kill
    const timer = setTimeout(() => finish({ _tag: "Late" }), millis)
    worker.on("message", onMessage).on("error", onError).on("exit", onExit)
  })

/** The outcomes, and whether another run would give the same ones. */
interface Run {
  readonly outcomes: ReadonlyArray<SandboxOutcome>
  readonly isRepeatable: boolean
}

/**
 * Runs and verifies programs. `run` takes one at a time, and does not run again what was run before;
 * `verify` takes several.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { JavaScriptSandbox } from "@sml/teacher-verifiers"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const sandbox = yield* JavaScriptSandbox
 *   const squares = yield* sandbox.run({ source: "x => x * x", entry: "f", inputs: [2, 3] })
 *   const loop = yield* sandbox.run({ source: "x => { for (;;); }", entry: "f", inputs: [2] })
 *   return [squares, loop] as const
 * })
 * const [squares, loop] = await Effect.runPromise(
 *   Effect.provide(program, JavaScriptSandbox.layer())
 * )
 * assert.deepEqual(squares, [
 *   { _tag: "Value", value: { type: "number", text: "4" } },
 *   { _tag: "Value", value: { type: "number", text: "9" } }
 * ])
 * assert.deepEqual(loop, [
 *   { _tag: "Failure", category: "timeout", message: "ran for too long" }
 * ])
 * ```
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { JavaScriptSandbox } from "@sml/teacher-verifiers"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const sandbox = yield* JavaScriptSandbox
 *   return yield* sandbox.verify({
 *     code: "const add = (a: number, b: number): number => a - b",
 *     language: "typescript",
 *     preamble: "",
 *     tests: { kind: "calls", calls: [{ fn: "add", args: [1, 2], expected: 3 }] },
 *     seed: 0
 *   })
 * })
 * const { tests, verdict } = await Effect.runPromise(
 *   Effect.provide(program, JavaScriptSandbox.layer())
 * )
 * assert.equal(verdict, "fail")
 * assert.equal(`${tests[0]?.call} gives ${tests[0]?.got}`, "add(1, 2) gives -1")
 * ```
 */
export class JavaScriptSandbox extends Context.Service<
  JavaScriptSandbox,
  {
    /** One outcome for each input, in order. */
    readonly run: (program: Program) => Effect.Effect<ReadonlyArray<SandboxOutcome>, SandboxError>
    /**
     * Judges a program by tests, several programs at a time; whatever a program does is a verdict. Fails
     * when the tests themselves can not be run, when too many programs wait, and when no thread starts.
     */
    readonly verify: (program: JavaScriptProgram) => Effect.Effect<ProgramDiagnostics, SandboxError>
  }
>()("@sml/teacher-verifiers/JavaScriptSandbox") {
  /** A sandbox whose threads start with the first programs and end with the layer's scope. */
  static readonly layer = (
    limits: SandboxLimits = {}
  ): Layer.Layer<JavaScriptSandbox, SandboxError> => Layer.effect(JavaScriptSandbox, make(limits))
}

const make = Effect.fnUntraced(function* (options: SandboxLimits) {
  const limits = {
    ...sandboxLimits,
    ...(yield* Schema.decodeUnknownEffect(SandboxLimits, { onExcessProperty: "error" })(
      options
    ).pipe(
      Effect.mapError(
        (error) =>
          new SandboxError({ reason: `The limits of the sandbox cannot be used: ${error.message}` })
      )
    ))
  }
  let worker: Worker | undefined
  let jobs = 0

  const stop = Effect.promise(async () => {
    const stopped = worker
    worker = undefined
    await stopped?.terminate()
  })
  yield* Effect.addFinalizer(() => stop)

  const start = Effect.gen(function* () {
    if (worker !== undefined) return worker
    // no arguments, no environment: nothing of the host's is in the thread
    const started = new Worker(workerUrl, {
      env: {},
      execArgv: [],
      name: "sandbox",
      workerData: limits.memoryBytes / pageBytes,
      resourceLimits: { maxOldGenerationSizeMb: 128 }
    })
    started.unref()
    started.on("exit", () => {
      if (worker === started) worker = undefined
    })
    // between two jobs there is nobody else to hear it; the next job starts a new thread
    started.on("error", () => {
      if (worker === started) worker = undefined
    })
    worker = started
    const answer = yield* receive(started, startMillis)
    if (answer._tag === "Reply") return started
    yield* stop
    return yield* new SandboxError({
      reason: `The JavaScript sandbox did not start: ${answer._tag === "Late" ? `no sign of life in ${startMillis} ms` : answer.cause}`
    })
  })

  const runNow = Effect.fnUntraced(function* ({ entry, inputs, source }: Program) {
    const thread = yield* start
    const id = ++jobs
    const { fuel, stackBytes, timeMillis } = limits
    const request: SandboxRequest = { id, source, entry, inputs, fuel, stackBytes }
    thread.postMessage(request, [])
    const answer = yield* receive(thread, timeMillis)
    if (answer._tag === "Reply" && answer.reply._tag === "Done" && answer.reply.id === id) {
      const run: Run = { outcomes: answer.reply.outcomes, isRepeatable: true }
      return run
    }
    yield* stop
    const outcome: SandboxOutcome =
      answer._tag === "Late"
        ? { _tag: "Failure", category: "timeout", message: `ran for more than ${timeMillis} ms` }
        : { _tag: "Failure", category: "error", message: "broke the interpreter" }
    const run: Run = { outcomes: inputs.map(() => outcome), isRepeatable: false }
    return run
  })

  const oneAtATime = yield* Semaphore.make(1)
  // oldest first
  const remembered = new Map<string, ReadonlyArray<SandboxOutcome>>()

  const remember = (key: string, { isRepeatable, outcomes }: Run) => {
    if (!isRepeatable) return
    for (const oldest of remembered.keys()) {
      if (remembered.size < limits.cacheCapacity) break
      remembered.delete(oldest)
    }
    remembered.set(key, outcomes)
  }

  const run = Effect.fn("JavaScriptSandbox.run")(function* (program: Program) {
    const { entry, inputs, source } = program
    const key = `${entry} ${inputs.join()} ${source}`
    const known = remembered.get(key)
    if (known !== undefined) return known
    if (!isProgram(program)) {
      return yield* new SandboxError({
        reason: `A program needs an entry that is a name and inputs that are integers, not "${entry}" and ${inputs.join(", ")}.`
      })
    }
    return yield* Semaphore.withPermit(
      oneAtATime,
      Effect.suspend(() => {
        // another caller may have run it meanwhile
        const outcomes = remembered.get(key)
        if (outcomes !== undefined) return Effect.succeed(outcomes)
        // not interrupted in mid-run: the thread's reply would be taken for that of the next program
        return Effect.uninterruptible(
          Effect.map(runNow(program), (fresh) => {
            remember(key, fresh)
            return fresh.outcomes
          })
        )
      })
    )
  })

  const threads = yield* makeProgramThreads({
    parallel: limits.parallel,
    queue: limits.queue,
    testMillis: limits.testTimeMillis,
    thread: {
      memoryBytes: limits.testMemoryBytes,
      limits: {
        fuel: limits.testFuel,
        stackBytes: limits.testStackBytes,
        outputCharacters: limits.outputCharacters
      }
    }
  })
  const verify = Effect.fn("JavaScriptSandbox.verify")(function* (program: JavaScriptProgram) {
    return yield* verifyJavaScript(threads, program)
  })
  return JavaScriptSandbox.of({ run, verify })
})
