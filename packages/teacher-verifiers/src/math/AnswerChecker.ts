/**
 * Judges answers in a worker thread that is killed when one of them takes too long. The comparison is
 * bounded by itself; this is the second line, and it keeps the caller's event loop free.
 */
import { Worker } from "node:worker_threads"

import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"

import type { CheckerData, CheckerRequest } from "./internal/CheckerMessage.ts"
import { CheckerReply } from "./internal/CheckerMessage.ts"
import type { AnswerJudgement } from "./judgeAnswer.ts"
import { JudgeOptions } from "./judgeAnswer.ts"

/** The thread can not be started, or its options can not be used. */
export class AnswerCheckerError extends Schema.TaggedError<AnswerCheckerError>()(
  "AnswerCheckerError",
  { reason: Schema.String }
) {
  override get message(): string {
    return this.reason
  }
}

/** The options of `judgeAnswer`, and `timeMillis` (250): the longest time for one case. */
export const AnswerCheckerOptions = Schema.Struct({
  ...JudgeOptions.fields,
  timeMillis: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 10, maximum: 60_000 }))
  )
})
export type AnswerCheckerOptions = typeof AnswerCheckerOptions.Type

/** A reference and the text to judge against it. */
export interface AnswerCase {
  readonly gold: string
  readonly text: string
}

/** Cases in one message: few enough to be judged again when one of them ends the thread. */
const casesPerMessage = 256

/** Longest time for the thread to start. */
const startMillis = 20_000

const workerUrl = import.meta.url.endsWith(".ts")
  ? new URL("./internal/checkerWorker.ts", import.meta.url)
  : new URL("./internal/checkerWorker.js", import.meta.url)

const decodeReply = Schema.decodeUnknownResult(CheckerReply)

/** A reply of the thread, or why there is none: late at a case, or broken. */
type Answer =
  | { readonly _tag: "Reply"; readonly reply: CheckerReply }
  | { readonly _tag: "Late"; readonly at: number }
  | { readonly _tag: "Broken"; readonly cause: string }

interface Thread {
  readonly worker: Worker
  readonly progress: Int32Array
}

/** Waits for one message; gives up when the thread stays at one case for `millis`. */
const receive = ({ progress, worker }: Thread, millis: number): Effect.Effect<Answer> =>
  Effect.callback((resume) => {
    const finish = (answer: Answer) => {
      clearInterval(timer)
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
    let at = Atomics.load(progress, 0)
    let since = performance.now()
    // the platform's clock, not Effect's: a test clock must not stop the kill
    const timer = setInterval(
      () => {
        const now = Atomics.load(progress, 0)
        if (now !== at) {
          at = now
          since = performance.now()
        } else if (performance.now() - since >= millis) finish({ _tag: "Late", at })
      },
      Math.max(5, millis / 10)
    )
    worker.on("message", onMessage).on("error", onError).on("exit", onExit)
  })

/**
 * Judges many cases at a time, in order. A case that takes longer than `timeMillis` is `undecided`; the
 * thread is killed and a new one goes on with the others.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { AnswerChecker } from "@sml/teacher-verifiers/math"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const checker = yield* AnswerChecker
 *   return yield* checker.judgeAll([
 *     { gold: "\\frac{1}{2}", text: "The answer is 0.5." },
 *     { gold: "\\frac{1}{2}", text: "What is x?" }
 *   ])
 * })
 * const judgements = await Effect.runPromise(Effect.provide(program, AnswerChecker.layer()))
 * assert.deepEqual(
 *   judgements.map((judgement) => judgement._tag),
 *   ["attempt", "no-attempt"]
 * )
 * ```
 */
export class AnswerChecker extends Context.Service<
  AnswerChecker,
  {
    /** One judgement for each case, in order. */
    readonly judgeAll: (
      cases: ReadonlyArray<AnswerCase>
    ) => Effect.Effect<ReadonlyArray<AnswerJudgement>, AnswerCheckerError>
  }
>()("@sml/teacher-verifiers/AnswerChecker") {
  /** A checker whose thread starts with the first case and ends with the layer's scope. */
  static readonly layer = (
    options: AnswerCheckerOptions = {}
  ): Layer.Layer<AnswerChecker, AnswerCheckerError> => Layer.effect(AnswerChecker, make(options))
}

const undecided = (text: string, reason: string): AnswerJudgement => ({
  _tag: "attempt",
  answer: text.slice(0, 500),
  comparison: { _tag: "undecided", reason },
  side: null
})

const make: (
  options: AnswerCheckerOptions
) => Effect.Effect<AnswerChecker["Service"], AnswerCheckerError, Scope.Scope> = Effect.fnUntraced(
  function* (given: AnswerCheckerOptions) {
    const { timeMillis = 250, ...options } = yield* Schema.decodeUnknownEffect(
      AnswerCheckerOptions,
      {
        onExcessProperty: "error"
      }
    )(given).pipe(
      Effect.mapError(
        (error) =>
          new AnswerCheckerError({
            reason: `The options of the answer checker cannot be used: ${error.message}`
          })
      )
    )
    let thread: Thread | undefined
    let requests = 0

    const stop = Effect.promise(async () => {
      const stopped = thread
      thread = undefined
      await stopped?.worker.terminate()
    })
    yield* Effect.addFinalizer(() => stop)

    const start = Effect.gen(function* () {
      if (thread !== undefined) return thread
      const progress = new SharedArrayBuffer(4)
      const workerData: CheckerData = { options, progress }
      const worker = new Worker(workerUrl, {
        env: {},
        execArgv: [],
        name: "answer checker",
        workerData,
        resourceLimits: { maxOldGenerationSizeMb: 256 }
      })
      worker.unref()
      const started: Thread = { worker, progress: new Int32Array(progress) }
      // between two requests there is nobody else to hear it; the next one starts a new thread
      const forget = () => {
        if (thread === started) thread = undefined
      }
      worker.on("exit", forget).on("error", forget)
      thread = started
      const answer = yield* receive(started, startMillis)
      if (answer._tag === "Reply") return started
      yield* stop
      return yield* new AnswerCheckerError({
        reason: `The answer checker's thread did not start: ${answer._tag === "Late" ? `no sign of life in ${startMillis} ms` : answer.cause}`
      })
    })

    /** One message's cases; those that end the thread are passed over. */
    const judgeSome = Effect.fnUntraced(function* (cases: ReadonlyArray<AnswerCase>) {
      const failed = new Map<number, string>()
      for (;;) {
        const left = cases.filter((_, i) => !failed.has(i))
        const positions = cases.flatMap((_, i) => (failed.has(i) ? [] : [i]))
        const running = yield* start
        const id = ++requests
        Atomics.store(running.progress, 0, 0)
        const request: CheckerRequest = { id, cases: left }
        running.worker.postMessage(request, [])
        const answer = yield* receive(running, timeMillis)
        if (answer._tag === "Reply" && answer.reply._tag === "Done" && answer.reply.id === id) {
          const { judgements } = answer.reply
          return cases.map((item, i) => {
            const reason = failed.get(i)
            const judgement = judgements[positions.indexOf(i)]
            return reason !== undefined || judgement === undefined
              ? undecided(item.text, reason ?? "the answer checker lost the case")
              : judgement
          })
        }
        const at = answer._tag === "Late" ? answer.at : Atomics.load(running.progress, 0)
        yield* stop
        failed.set(
          positions[at] ?? 0,
          answer._tag === "Late"
            ? `the comparison took more than ${timeMillis} ms`
            : "the comparison ended its thread"
        )
      }
    })

    const oneAtATime = yield* Semaphore.make(1)

    const judgeAll = Effect.fn("AnswerChecker.judgeAll")(function* (
      cases: ReadonlyArray<AnswerCase>
    ) {
      const all: Array<AnswerJudgement> = []
      for (let from = 0; from < cases.length; from += casesPerMessage) {
        const some = cases.slice(from, from + casesPerMessage)
        // not interrupted in mid-run: the thread's reply would be taken for that of the next request
        const judged = yield* Semaphore.withPermit(
          oneAtATime,
          Effect.uninterruptible(judgeSome(some))
        )
        for (const judgement of judged) all.push(judgement)
      }
      return all
    })
    return AnswerChecker.of({ judgeAll })
  }
)
