import { parentPort, workerData } from "node:worker_threads"

/** The thread that runs onnxruntime. It owns the weights, the caches and the optimiser's state. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

import type { EngineFault } from "./EngineFault.ts"
import { Generator } from "./Generator.ts"
import {
  addsGradient,
  changesWeights,
  type CommandMessage,
  type CommandName,
  type Commands,
  type CompletionHeader,
  type Counters,
  type FromWorker,
  isForAllLanes,
  type ReplyMessage,
  type ToWorker,
  type Vocabulary,
  type WorkerSetup
} from "./protocol.ts"
import { Rendezvous } from "./Rendezvous.ts"
import { SampledWeights } from "./SampledWeights.ts"
import { ShardExchange } from "./ShardExchange.ts"
import { StopStrings } from "./StopStrings.ts"
import { TokenStream } from "./TokenStream.ts"
import { type Proposal, Trainer, type TrainerLane } from "./Trainer.ts"
import { replaceArrays, WeightStore } from "./WeightStore.ts"

const port = parentPort
if (port === null) throw new Error("engineWorker.ts is the entry of a worker thread")

const setup: WorkerSetup = workerData
const weights = new WeightStore(setup.config, setup.weights, setup.adapter)
const sampled = new SampledWeights(weights, setup.settings)
const { lane } = setup
const rendezvous = lane === undefined ? undefined : new Rendezvous(lane.meetings, lane.index)
const trainerLane: TrainerLane | undefined =
  lane === undefined || rendezvous === undefined
    ? undefined
    : {
        index: lane.index,
        exchange: new ShardExchange(
          rendezvous,
          lane.shards,
          weights.trained.arrays.map(({ length }) => length)
        )
      }
const trainer = new Trainer(setup.config, weights, setup.settings, trainerLane)
const generator = new Generator(setup.config, sampled, setup.settings)

interface Queued {
  readonly order: number
  readonly message: CommandMessage
  withdrawn: boolean
}

// what has arrived and is not being served yet, each with its place in the order of arrival
const waiting: Array<{ readonly order: number; readonly stream: TokenStream }> = []
const commands: Array<Queued> = []
// what is being served
const streams = new Map<number, TokenStream>()
// streams whose callers listen, and how many of their ids they have been told
const told = new Map<TokenStream, number>()
let current: { readonly id: number; readonly cancel: () => void } | undefined
let arrivals = 0
let vocabulary: Vocabulary | undefined
let wake: (() => void) | undefined

const seconds = {
  trainedTokens: 0,
  forwardSeconds: 0,
  forwardBackwardSeconds: 0,
  stepSeconds: 0
}
const counters = (): Counters => ({ ...generator.counters, ...seconds })

const buffersOf = (arrays: ReadonlyArray<ArrayBufferView>): ReadonlyArray<ArrayBuffer> =>
  arrays.flatMap(({ buffer }) => (buffer instanceof ArrayBuffer ? [buffer] : []))

const post = (message: FromWorker, arrays: ReadonlyArray<ArrayBufferView> = []): void => {
  port.postMessage(message, buffersOf(arrays))
}

const postReply = <K extends CommandName>(message: ReplyMessage<K>): void => {
  port.postMessage(message, buffersOf(arraysOf(message.reply)))
}

const reasonOf = (cause: Cause.Cause<EngineFault>): string => {
  const fault = cause.reasons.find(Cause.isFailReason)
  return fault === undefined
    ? `The engine failed (${Cause.pretty(cause)}); report this as a bug.`
    : fault.error.reason
}

port.on("message", (message: ToWorker) => {
  if (message.tag === "generate") {
    let start = 0
    for (const request of message.requests) {
      const prompt = message.tokens.subarray(start, start + request.length)
      start += request.length
      const stops =
        request.stopStrings.length === 0 || vocabulary === undefined
          ? undefined
          : new StopStrings(vocabulary, request.stopStrings)
      const stream = new TokenStream(request, prompt, stops)
      streams.set(request.id, stream)
      if (request.listens) told.set(stream, 0)
      waiting.push({ order: arrivals++, stream })
    }
  } else if (message.tag === "close") {
    // of this thread alone
    process.exit()
  } else if (message.tag === "vocabulary") {
    vocabulary = message.vocabulary
  } else if (message.tag === "command") {
    commands.push({ order: arrivals++, message, withdrawn: false })
  } else {
    cancel(message.id)
  }
  wake?.()
})

const cancel = (id: number): void => {
  const stream = streams.get(id)
  if (stream !== undefined) {
    stream.finished = "cancelled"
    told.delete(stream)
  }
  streams.delete(id)
  const queued = commands.findIndex(({ message }) => message.id === id)
  const command = commands[queued]
  // the other lanes wait at the command for this one's word
  if (command !== undefined && rendezvous !== undefined && isForAllLanes(command.message.command)) {
    command.withdrawn = true
  } else if (queued >= 0) {
    commands.splice(queued, 1)
  }
  if (current?.id === id) current.cancel()
}

type Handlers = {
  readonly [K in CommandName]: (
    payload: Commands[K]["payload"]
  ) => Effect.Effect<Proposal<Commands[K]["reply"]>, EngineFault>
}

const replyOf = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<Proposal<A>, E> =>
  Effect.map(effect, (reply) => ({ reply, accept: () => undefined }))

const timed = <A, E>(
  effect: Effect.Effect<A, E>,
  counter: "forwardSeconds" | "forwardBackwardSeconds" | "stepSeconds"
): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    const start = performance.now()
    return Effect.ensuring(
      effect,
      Effect.sync(() => {
        seconds[counter] += (performance.now() - start) / 1000
      })
    )
  })

const handlers: Handlers = {
  forward: (data) => timed(replyOf(trainer.forward(data)), "forwardSeconds"),
  forwardBackward: (payload) =>
    timed(
      Effect.tap(trainer.forwardBackward(payload), () =>
        Effect.sync(() => {
          seconds.trainedTokens += payload.data.tokens.length
        })
      ),
      "forwardBackwardSeconds"
    ),
  policyGradient: ({ data, policy }) =>
    timed(
      Effect.tap(trainer.policyGradient(data, policy), () =>
        Effect.sync(() => {
          seconds.trainedTokens += data.tokens.length
        })
      ),
      "forwardBackwardSeconds"
    ),
  step: (settings) => timed(replyOf(trainer.step(settings)), "stepSeconds"),
  exportWeights: () => replyOf(Effect.map(sampled.refresh(), () => sampled.copy())),
  exportTrained: () =>
    replyOf(Effect.sync(() => weights.trained.arrays.map((array) => array.slice()))),
  exportGradient: () => replyOf(Effect.sync(() => trainer.gradient())),
  exportState: () => replyOf(Effect.sync(() => trainer.state())),
  importState: (state) => replyOf(Effect.as(trainer.load(state), null)),
  importTrained: (arrays) =>
    replyOf(
      Effect.sync(() => {
        replaceArrays(weights.trained.arrays, arrays)
        trainer.reset()
        return null
      })
    )
}

// the arrays of a reply, which the main thread takes over
const arraysOf = (reply: Commands[CommandName]["reply"]): ReadonlyArray<ArrayBufferView> => {
  if (reply === null) return []
  if (reply instanceof Float32Array) return [reply]
  if (Array.isArray(reply)) return reply
  if ("optimiser" in reply) return [...reply.optimiser.first, ...reply.optimiser.second]
  return "logprobs" in reply ? [reply.logprobs] : []
}

// whether all lanes say yes; none goes on before each has answered
const agreed = (yes: boolean): boolean =>
  rendezvous === undefined ? yes : rendezvous.meet(yes ? 1 : 0).every((word) => word === 1)

const serve = <K extends CommandName>(
  id: number,
  command: K,
  payload: Commands[K]["payload"],
  withdrawn: boolean
): Effect.Effect<void> =>
  Effect.gen(function* () {
    // what changes weights is agreed upon beforehand, a gradient when it is there
    const isAgreed = isForAllLanes(command) && !addsGradient(command)
    const begins = isAgreed ? agreed(!withdrawn) : !withdrawn
    const cancelled = Effect.callback<undefined>((resume) => {
      current = { id, cancel: () => resume(Effect.undefined) }
    })
    const run = handlers[command](payload)
    // what has been agreed upon is not interrupted: the other lanes go through with it
    const exit = yield* Effect.exit(
      begins ? (isAgreed ? run : Effect.raceFirst(run, cancelled)) : Effect.undefined
    )
    current = undefined
    const proposal = Exit.isSuccess(exit) ? exit.value : undefined
    const accepted = addsGradient(command) ? agreed(proposal !== undefined) : proposal !== undefined
    if (Exit.isFailure(exit)) {
      post({ tag: "commandFailed", id, reason: reasonOf(exit.cause) })
    } else if (proposal !== undefined) {
      if (accepted) proposal.accept()
      // where another lane has not accepted, its caller does not wait for this reply any more
      postReply<K>({ tag: "reply", id, command, reply: proposal.reply, counters: counters() })
    }
    if (changesWeights(command)) {
      sampled.invalidate()
      generator.clear()
    }
  })

// requests made before `order`, as many as fit; withdrawn ones are dropped
const admissible = (order: number): ReadonlyArray<TokenStream> => {
  const admitted: Array<TokenStream> = []
  const room = generator.room
  while (admitted.length < room) {
    const [head] = waiting
    if (head === undefined || head.order > order) break
    waiting.shift()
    if (head.stream.finished === undefined) admitted.push(head.stream)
  }
  return admitted
}

const postSampled = (): void => {
  if (told.size === 0) return
  const requests: Array<number> = []
  const counts: Array<number> = []
  const ids: Array<number> = []
  const rawLogprobs: Array<number> = []
  for (const [stream, before] of told) {
    const { request, sampled: now } = stream
    if (now === before) continue
    requests.push(request.id)
    counts.push(now - before)
    for (let i = before; i < now; i++) {
      ids.push(stream.tokens[request.length + i] ?? 0)
      rawLogprobs.push(stream.rawLogprobs[i] ?? 0)
    }
    if (stream.finished === undefined) told.set(stream, now)
    else told.delete(stream)
  }
  if (requests.length === 0) return
  const message = { tag: "sampled", requests, counts } as const
  post({ ...message, ids: Int32Array.from(ids), rawLogprobs: Float32Array.from(rawLogprobs) })
}

const postCompletions = (): void => {
  const finished = generator.takeFinished()
  if (finished.length === 0) return
  const completions: Array<CompletionHeader> = []
  let total = 0
  for (const stream of finished) total += stream.sampled
  const ids = new Int32Array(total)
  const logprobs = new Float32Array(total)
  const rawLogprobs = new Float32Array(total)
  let at = 0
  for (const stream of finished) {
    const { id, length } = stream.request
    const stop = stream.finished === "stop" ? "stop" : "length"
    ids.set(stream.tokens.subarray(length, stream.length), at)
    logprobs.set(stream.logprobs.subarray(0, stream.sampled), at)
    rawLogprobs.set(stream.rawLogprobs.subarray(0, stream.sampled), at)
    at += stream.sampled
    completions.push({ id, count: stream.sampled, stop })
    streams.delete(id)
  }
  post({ tag: "completions", completions, ids, logprobs, rawLogprobs, counters: counters() }, [
    ids,
    logprobs,
    rawLogprobs
  ])
}

/** Steps of decoding that a request waits at most for others to be run with. */
const patience = 6
/** Requests that are run without waiting for more: one for so many streams that are decoded. */
const crowd = 4

let waited = 0

// dialogues end their turns one by one, and running the prompt of one takes nearly as long as of several
const isTime = (): boolean => {
  const { active } = generator
  waited = waiting.length > 0 && active > crowd * waiting.length ? waited + 1 : 0
  if (waited > patience) waited = 0
  return waited === 0
}

// one step of everything that can go on; false when there is nothing to do
const turn = Effect.gen(function* () {
  const barrier = commands.find(({ message }) => changesWeights(message.command))
  const admitted = isTime() ? admissible(barrier?.order ?? Infinity) : []
  const [head] = commands
  // a change of the weights waits for the streams that began before it
  const held = head === barrier && (generator.active > 0 || admitted.length > 0)
  const served = head !== undefined && !held
  if (served) {
    commands.shift()
    const { id, command, payload } = head.message
    yield* serve(id, command, payload, head.withdrawn)
  }
  if (admitted.length === 0 && generator.active === 0) return served
  const steps = Effect.gen(function* () {
    if (admitted.length > 0) yield* generator.admit(admitted)
    yield* generator.decode()
  })
  const exit = yield* Effect.exit(steps)
  if (Exit.isFailure(exit)) {
    const failed = new Set([...admitted, ...generator.abort()])
    const ids = Array.from(failed, (stream) => stream.request.id)
    for (const id of ids) streams.delete(id)
    for (const stream of failed) told.delete(stream)
    post({ tag: "requestsFailed", ids, reason: reasonOf(exit.cause) })
  } else {
    postSampled()
    postCompletions()
  }
  return true
})

// until something arrives, or has arrived since the last turn
const sleep = Effect.callback<void>((resume) => {
  if (waiting.length > 0 || commands.length > 0) return resume(Effect.void)
  wake = () => {
    wake = undefined
    resume(Effect.void)
  }
})

post({ tag: "ready" })
Effect.runFork(
  Effect.forever(Effect.flatMap(turn, (worked) => (worked ? Effect.void : sleep)))
).addObserver((exit) => {
  // a mistake of ours, or the end of another lane: the thread ends, and whoever waits for it hears why
  if (Exit.isFailure(exit)) {
    process.nextTick(() => {
      throw new Error(Cause.pretty(exit.cause))
    })
  }
})
