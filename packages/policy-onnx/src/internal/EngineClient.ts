import { Worker } from "node:worker_threads"

/** The main thread's side of the engine: requests of fibers become messages to the worker. */
import type { Completion } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"

import { EngineError } from "../EngineError.ts"
import type { Engine, Listener, Request } from "./Engine.ts"
import type {
  CommandMessage,
  CommandName,
  Commands,
  CompletionsMessage,
  Counters,
  FromWorker,
  ReplyMessage,
  RequestHeader,
  SampledMessage,
  ToWorker,
  Vocabulary,
  WorkerSetup
} from "./protocol.ts"

type Settle<A> = (result: Result.Result<A, string>) => void
type Waiting = { readonly [K in CommandName]: Map<number, Settle<Commands[K]["reply"]>> }

/** A request that waits to be posted with the others of its moment. */
interface Outgoing {
  readonly header: RequestHeader
  readonly tokens: Int32Array
}

const entry = new URL(
  import.meta.url.endsWith(".ts") ? "./engineWorker.ts" : "./engineWorker.js",
  import.meta.url
)

/** An engine of one worker, or one lane of an engine. */
export class EngineClient implements Engine {
  counters: Counters = {
    sampledTokens: 0,
    prefilledTokens: 0,
    reusedTokens: 0,
    trainedTokens: 0,
    prefillSeconds: 0,
    decodeSeconds: 0,
    forwardSeconds: 0,
    forwardBackwardSeconds: 0,
    stepSeconds: 0
  }
  readonly #worker: Worker
  readonly #onEnd: (() => void) | undefined
  readonly #requests = new Map<number, Settle<Completion>>()
  readonly #listeners = new Map<number, Listener>()
  readonly #commands: Waiting = {
    forward: new Map(),
    forwardBackward: new Map(),
    policyGradient: new Map(),
    step: new Map(),
    exportWeights: new Map(),
    exportTrained: new Map(),
    exportGradient: new Map(),
    exportState: new Map(),
    importState: new Map(),
    importTrained: new Map()
  }
  #outbox: Array<Outgoing> = []
  #ids = 0
  #dead: string | undefined
  #exited = false
  #started = false
  #onReady: Settle<undefined> | undefined

  /** Starts the worker; it is stopped when the scope closes. `onEnd` is called once, when it ends or
   * is told to. */
  static readonly make = (
    setup: WorkerSetup,
    onEnd?: () => void
  ): Effect.Effect<EngineClient, EngineError, Scope.Scope> =>
    Effect.gen(function* () {
      const client = yield* Effect.acquireRelease(
        Effect.try({
          try: () => new EngineClient(setup, onEnd),
          catch: (cause) => new EngineError({ reason: startReason(String(cause)) })
        }),
        (started) => started.#close
      )
      yield* client.#ready
      return client
    })

  private constructor(setup: WorkerSetup, onEnd: (() => void) | undefined) {
    this.#onEnd = onEnd
    this.#worker = new Worker(entry, {
      workerData: setup,
      transferList: [...setup.weights, ...(setup.adapter?.matrices ?? [])].flatMap(({ buffer }) =>
        buffer instanceof ArrayBuffer ? [buffer] : []
      )
    })
    this.#worker.on("message", (message: FromWorker) => this.#receive(message))
    this.#worker.on("error", (error) => this.#fail(`it failed with ${String(error)}`))
    this.#worker.on("messageerror", (error) =>
      this.#fail(`a message was unreadable: ${error.message}`)
    )
    this.#worker.on("exit", (code) => {
      this.#exited = true
      this.#fail(`it exited with code ${code}`)
    })
  }

  /** Gives up, since another lane has ended. */
  abandon(): void {
    this.#fail("another thread of it has ended")
  }

  get #ready(): Effect.Effect<void, EngineError> {
    return Effect.callback((resume) => {
      this.#onReady = (result) =>
        resume(
          Result.isSuccess(result)
            ? Effect.void
            : new EngineError({ reason: startReason(result.failure) })
        )
      if (this.#dead !== undefined) this.#onReady(Result.fail(this.#dead))
      else if (this.#started) this.#onReady(Result.succeed(undefined))
    })
  }

  get #close(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#fail("it was closed while this was going on")
      return Effect.promise(() => this.#end())
    })
  }

  // a thread that is ended in the middle of native code takes the process with it, so it is asked first
  async #end(): Promise<void> {
    if (this.#exited) return
    this.#post({ tag: "close" })
    let timer: NodeJS.Timeout | undefined
    await Promise.race([
      new Promise<void>((resolve) => {
        this.#worker.once("exit", () => resolve())
      }),
      new Promise<void>((resolve) => {
        timer = setTimeout(resolve, closingTime)
      })
    ])
    clearTimeout(timer)
    await this.#worker.terminate()
  }

  generate(
    request: Request,
    tokens: Int32Array,
    listener?: Listener
  ): Effect.Effect<Completion, string> {
    return Effect.callback((resume) => {
      if (this.#dead !== undefined) return resume(Effect.fail(this.#dead))
      const id = this.#ids++
      this.#requests.set(id, (result) => {
        this.#listeners.delete(id)
        resume(Effect.fromResult(result))
      })
      if (listener !== undefined) this.#listeners.set(id, listener)
      // fibers that ask in the same moment share a message
      if (this.#outbox.length === 0) queueMicrotask(() => this.#flush())
      const header = { ...request, id, length: tokens.length, listens: listener !== undefined }
      this.#outbox.push({ header, tokens })
      return Effect.sync(() => this.#withdraw(id, this.#requests))
    })
  }

  describeVocabulary(vocabulary: Vocabulary): void {
    if (this.#dead === undefined) this.#post({ tag: "vocabulary", vocabulary })
  }

  command<K extends CommandName>(
    command: K,
    payload: Commands[K]["payload"],
    transfer: ReadonlyArray<ArrayBufferLike> = []
  ): Effect.Effect<Commands[K]["reply"], string> {
    return Effect.callback((resume) => {
      const withdraw = this.send(command, payload, transfer, (result) =>
        resume(Effect.fromResult(result))
      )
      return Effect.sync(withdraw)
    })
  }

  /** As {@link command}, at once; gives what withdraws it. */
  send<K extends CommandName>(
    command: K,
    payload: Commands[K]["payload"],
    transfer: ReadonlyArray<ArrayBufferLike>,
    settle: Settle<Commands[K]["reply"]>
  ): () => void {
    if (this.#dead !== undefined) {
      settle(Result.fail(this.#dead))
      return () => undefined
    }
    const id = this.#ids++
    const waiting: Map<number, Settle<Commands[K]["reply"]>> = this.#commands[command]
    waiting.set(id, settle)
    // requests that were made before the command are served before it
    this.#flush()
    const message: CommandMessage<K> = { tag: "command", id, command, payload }
    this.#worker.postMessage(
      message,
      transfer.flatMap((buffer) => (buffer instanceof ArrayBuffer ? [buffer] : []))
    )
    return () => this.#withdraw(id, waiting)
  }

  #withdraw<A>(id: number, waiting: Map<number, Settle<A>>): void {
    waiting.delete(id)
    this.#listeners.delete(id)
    const unsent = this.#outbox.findIndex(({ header }) => header.id === id)
    if (unsent >= 0) this.#outbox.splice(unsent, 1)
    else if (this.#dead === undefined) this.#post({ tag: "cancel", id })
  }

  #flush(): void {
    const outbox = this.#outbox
    if (outbox.length === 0 || this.#dead !== undefined) return
    this.#outbox = []
    let total = 0
    for (const { tokens } of outbox) total += tokens.length
    const tokens = new Int32Array(total)
    let at = 0
    for (const one of outbox) {
      tokens.set(one.tokens, at)
      at += one.tokens.length
    }
    const requests = outbox.map(({ header }) => header)
    this.#worker.postMessage({ tag: "generate", requests, tokens } satisfies ToWorker, [
      tokens.buffer
    ])
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message, [])
  }

  #receive(message: FromWorker): void {
    switch (message.tag) {
      case "ready":
        this.#started = true
        return this.#onReady?.(Result.succeed(undefined))
      case "sampled":
        return this.#tell(message)
      case "completions":
        return this.#complete(message)
      case "requestsFailed":
        for (const id of message.ids) this.#take(id, this.#requests)?.(Result.fail(message.reason))
        return undefined
      case "reply":
        this.counters = message.counters
        return this.#settle(message)
      case "commandFailed":
        for (const waiting of this.#everything) {
          this.#take(message.id, waiting)?.(Result.fail(message.reason))
        }
    }
  }

  #settle<K extends CommandName>({ command, id, reply }: ReplyMessage<K>): void {
    const waiting: Map<number, Settle<Commands[K]["reply"]>> = this.#commands[command]
    this.#take(id, waiting)?.(Result.succeed(reply))
  }

  #tell({ counts, ids, rawLogprobs, requests }: SampledMessage): void {
    let at = 0
    for (const [index, request] of requests.entries()) {
      const end = at + (counts[index] ?? 0)
      const listener = this.#listeners.get(request)
      if (listener === undefined) at = end
      for (; at < end; at++) listener?.(ids[at] ?? 0, rawLogprobs[at] ?? 0)
    }
  }

  #complete({ completions, counters, ids, logprobs, rawLogprobs }: CompletionsMessage): void {
    this.counters = counters
    let at = 0
    for (const { count, id, stop } of completions) {
      const end = at + count
      this.#take(
        id,
        this.#requests
      )?.(
        Result.succeed({
          ids: ids.slice(at, end),
          logprobs: logprobs.slice(at, end),
          rawLogprobs: rawLogprobs.slice(at, end),
          stop
        })
      )
      at = end
    }
  }

  // whatever the kinds of their answers, all of them can fail
  get #everything(): ReadonlyArray<Map<number, Settle<never>>> {
    return [this.#requests, ...Object.values(this.#commands)]
  }

  #take<A>(id: number, waiting: Map<number, Settle<A>>): Settle<A> | undefined {
    const settle = waiting.get(id)
    waiting.delete(id)
    return settle
  }

  // once; everything that waits fails, and everything that is asked later
  #fail(what: string): void {
    if (this.#dead !== undefined) return
    this.#dead = `The engine's thread has stopped (${what}); start the engine again, with fewer rows or a smaller model if memory ran out.`
    const dead = Result.fail(this.#dead)
    this.#onReady?.(dead)
    this.#outbox = []
    for (const waiting of this.#everything) {
      for (const settle of waiting.values()) settle(dead)
      waiting.clear()
    }
    // afterwards: who waits for all lanes hears the first cause
    this.#onEnd?.()
  }
}

/** Milliseconds that the thread has for what it is doing, before it is ended without its consent. */
const closingTime = 10_000

const startReason = (problem: string): string =>
  `The engine did not start (${problem}); check that onnxruntime-node has a build for ${process.platform}-${process.arch} and that memory suffices.`
