/** A Python script of `peers/` that does the same work, driven line by line. */
import { resolve } from "node:path"
import { fileURLToPath } from "node:url"

import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as ChildProcess from "effect/process/ChildProcess"
import { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

import { PeerError } from "./PeerError.ts"

const peersFolder = fileURLToPath(new URL("../peers", import.meta.url))

const Answer = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Json))
const decodeAnswer = Schema.decodeUnknownEffect(Answer)
const Failure = Schema.Struct({ error: Schema.String })
const isFailure = Schema.is(Failure)

/** What a peer is started with. */
export interface PeerOptions {
  /** As the tables name it. */
  readonly name: string
  readonly python: string
  /** File name in `peers/`, or a whole path. */
  readonly script: string
  readonly job: Schema.Json
  readonly threads: number
  /** For the start, compilation and warm-up included, and for every request. */
  readonly deadline: Duration.Input
  readonly environment?: Readonly<Record<string, string>>
}

/** One that has answered that it is ready. */
export interface Peer {
  readonly name: string
  /** Its first answer. */
  readonly ready: Readonly<Record<string, Schema.Json>>
  readonly ask: (
    request: Schema.Json
  ) => Effect.Effect<Readonly<Record<string, Schema.Json>>, PeerError>
}

/** Starts a peer; it is ended with the scope. */
export const openPeer = Effect.fn("bench.openPeer")(function* (options: PeerOptions) {
  const fail = (reason: string) => new PeerError({ peer: options.name, reason })
  const spawner = yield* ChildProcessSpawner
  const requests = yield* Queue.unbounded<string>()
  const answers = yield* Queue.unbounded<string, PeerError>()
  const complaints: Array<string> = []
  const threads = String(options.threads)
  const handle = yield* spawner
    .spawn(
      ChildProcess.make(options.python, [resolve(peersFolder, options.script)], {
        stdin: Stream.encodeText(Stream.fromQueue(requests)),
        env: {
          PYTHONDONTWRITEBYTECODE: "1",
          OMP_NUM_THREADS: threads,
          MKL_NUM_THREADS: threads,
          // what is measured lies on this machine
          HF_HUB_OFFLINE: "1",
          TOKENIZERS_PARALLELISM: "false",
          ...options.environment
        },
        extendEnv: true,
        forceKillAfter: "2 seconds"
      })
    )
    .pipe(Effect.mapError((error) => fail(`cannot be started (${error.message})`)))
  yield* handle.stderr.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runForEach((line) =>
      Effect.sync(() => {
        complaints.push(line)
        // the last lines say what went wrong
        if (complaints.length > 20) complaints.shift()
      })
    ),
    Effect.ignore,
    Effect.forkScoped
  )
  yield* handle.stdout.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runForEach((line) => Queue.offer(answers, line)),
    Effect.ignore,
    Effect.andThen(
      Effect.suspend(() => {
        const last = complaints.at(-1) ?? "it said nothing"
        return Queue.fail(answers, fail(`ended early: ${last}`))
      })
    ),
    Effect.forkScoped
  )
  const answer = Effect.gen(function* () {
    const line = yield* Queue.take(answers)
    const json = yield* decodeAnswer(line).pipe(
      Effect.mapError(() => fail(`answered what is not JSON: ${line.slice(0, 80)}`))
    )
    if (isFailure(json)) return yield* fail(json.error)
    return json
  }).pipe(
    Effect.timeoutOrElse({
      duration: options.deadline,
      orElse: () =>
        fail(`no answer in ${Duration.format(Duration.fromInputUnsafe(options.deadline))}`)
    })
  )
  const ask = (request: Schema.Json) =>
    Effect.andThen(Queue.offer(requests, `${JSON.stringify(request)}\n`), answer)
  const ready = yield* ask(options.job)
  return { name: options.name, ready, ask } satisfies Peer
})
