/** Threads that verify programs, started when they are needed and kept. */
import { Worker } from "node:worker_threads"

import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"

import { SandboxError } from "../SandboxError.ts"
import type { ProgramOutcome, ProgramRequest, ProgramThreadData } from "./ProgramReply.ts"
import { endsAt, failure, ProgramReply } from "./ProgramReply.ts"

/** Longest time for a thread to start. */
const startMillis = 20_000

const workerUrl = import.meta.url.endsWith(".ts")
  ? new URL("./programWorker.ts", import.meta.url)
  : new URL("./programWorker.js", import.meta.url)

const decodeReply = Schema.decodeUnknownResult(ProgramReply)

/** What became of one test. */
export interface Tested {
  readonly outcome: ProgramOutcome
  readonly stdout: string
  readonly millis: number
}

export interface ThreadOptions {
  readonly parallel: number
  readonly queue: number
  readonly testMillis: number
  readonly thread: ProgramThreadData
}

export interface ProgramThreads {
  /** One result for each test that was run, by its number. */
  readonly verify: (
    request: Omit<ProgramRequest, "id">
  ) => Effect.Effect<ReadonlyMap<number, Tested>, SandboxError>
}

/** Listens to a thread until `onReply` gives a result, the thread ends or `millis` pass without a reply. */
const listen = <A>(
  worker: Worker,
  millis: number,
  onReply: (reply: ProgramReply) => A | undefined,
  onEnd: (why: "late" | "broken", detail: string) => A
): Effect.Effect<A> =>
  Effect.callback((resume) => {
    const stop = () => {
      clearTimeout(timer)
      worker.off("message", onMessage).off("error", onError).off("exit", onExit)
    }
    const finish = (result: A) => {
      stop()
      resume(Effect.succeed(result))
    }
    const onMessage = (message: unknown) => {
      const reply = decodeReply(message)
      if (Result.isFailure(reply)) return finish(onEnd("broken", reply.failure.message))
      timer.refresh()
      const result = onReply(reply.success)
      if (result !== undefined) finish(result)
    }
    const onError = (error: unknown) =>
      finish(onEnd("broken", error instanceof Error ? error.message : String(error)))
    const onExit = (code: number) => finish(onEnd("broken", `exit code ${code}`))
    // a timer of the platform, not of the Effect clock: a test clock must not stop the kill
    const timer = setTimeout(() => {
      // a reply that came while this thread was busy counts
      setImmediate(() => finish(onEnd("late", `no reply in ${millis} ms`)))
    }, millis)
    worker.on("message", onMessage).on("error", onError).on("exit", onExit)
    return Effect.sync(stop)
  })

/** At most `parallel` threads; they end with the scope. */
export const makeProgramThreads = Effect.fnUntraced(function* (
  options: ThreadOptions
): Effect.fn.Return<ProgramThreads, never, Scope.Scope> {
  const { parallel, queue, testMillis, thread } = options
  const idle: Array<Worker> = []
  const all = new Set<Worker>()
  let waiting = 0
  let jobs = 0

  const end = (worker: Worker) =>
    Effect.promise(() => {
      all.delete(worker)
      return worker.terminate()
    })
  yield* Effect.addFinalizer(() => Effect.forEach(all, end, { concurrency: "unbounded" }))

  const start = Effect.gen(function* () {
    // no arguments, no environment: nothing of the host's is in the thread
    const worker = new Worker(workerUrl, {
      env: {},
      execArgv: ["--disable-warning=ExperimentalWarning"],
      name: "program-sandbox",
      workerData: thread,
      // parsing nests deeper in the host's stack than in QuickJS's own
      resourceLimits: { maxOldGenerationSizeMb: 256, stackSizeMb: 32 }
    })
    all.add(worker)
    worker.unref()
    // between two jobs there is nobody else to hear it; the next job starts a new thread
    const forget = () => {
      all.delete(worker)
      const index = idle.indexOf(worker)
      if (index >= 0) idle.splice(index, 1)
    }
    worker.on("exit", forget).on("error", forget)
    const fault = yield* listen(
      worker,
      startMillis,
      (reply) => (reply._tag === "Ready" ? "" : undefined),
      (_, detail) => detail
    ).pipe(Effect.onInterrupt(() => end(worker)))
    if (fault === "") return worker
    yield* end(worker)
    return yield* new SandboxError({
      reason: `The JavaScript sandbox did not start: ${fault}`
    })
  })

  /** Runs what is left on one thread; the thread is back among the idle ones, or gone. */
  const runOn = Effect.fnUntraced(function* (
    worker: Worker,
    request: ProgramRequest,
    tested: Map<number, Tested>
  ) {
    let last = Infinity
    let since = performance.now()
    const pending = () => request.order.find((index) => !tested.has(index) && index < last)
    const record = (index: number, result: Tested) => {
      tested.set(index, result)
      if (endsAt(result.outcome)) last = Math.min(last, index)
      since = performance.now()
    }
    worker.postMessage(request, [])
    const ending = yield* listen<"done" | "killed">(
      worker,
      testMillis,
      (reply) => {
        if (
          reply._tag === "Tested" &&
          reply.id === request.id &&
          request.order.includes(reply.index)
        ) {
          record(reply.index, reply)
        }
        return pending() === undefined ? "done" : undefined
      },
      (why) => {
        const index = pending()
        if (index !== undefined) {
          const outcome =
            why === "late"
              ? failure("timeout", "Timeout", `ran for more than ${testMillis} ms`)
              : failure("error", "InternalError", "broke the interpreter")
          record(index, { outcome, stdout: "", millis: performance.now() - since })
        }
        return "killed"
      }
    ).pipe(Effect.onInterrupt(() => end(worker)))
    if (ending === "done") idle.push(worker)
    else yield* end(worker)
    const left = request.order.filter((index) => !tested.has(index) && index < last)
    return left
  })

  const permits = yield* Semaphore.make(parallel)

  const verify = Effect.fnUntraced(function* (request: Omit<ProgramRequest, "id">) {
    const tested = new Map<number, Tested>()
    let order = request.order
    while (order.length > 0) {
      const worker = idle.pop() ?? (yield* start)
      order = yield* runOn(worker, { ...request, order, id: ++jobs }, tested)
    }
    return tested
  })

  return {
    verify: (request) =>
      Effect.suspend(() => {
        if (waiting >= parallel + queue) {
          return Effect.fail(
            new SandboxError({
              reason: `${waiting} programs wait for the JavaScript sandbox already; verify fewer at a time, or give it a longer queue.`
            })
          )
        }
        waiting++
        return Effect.ensuring(
          Semaphore.withPermit(permits, verify(request)),
          Effect.sync(() => {
            waiting--
          })
        )
      })
  }
})
