/** Ours and the peers, in turns, as the cells of a row. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import type { Setting } from "./Bench.ts"
import type { BenchError } from "./BenchError.ts"
import { interleave } from "./interleave.ts"
import type { Measurement } from "./Measurement.ts"
import { openPeer, type Peer, type PeerOptions } from "./Peer.ts"
import { PeerError } from "./PeerError.ts"
import type { PeerResult } from "./Row.ts"

/** A peer that answered that it is ready, or why it did not. */
export interface Candidate {
  readonly name: string
  readonly peer: Result.Result<Peer, PeerError>
}

/** Starts a peer if there is a Python for it. */
export const openCandidate = (
  setting: Setting,
  options: Omit<PeerOptions, "python" | "threads">
): Effect.Effect<Candidate, never, Effect.Services<ReturnType<typeof openPeer>>> => {
  const { name } = options
  const { python, threads } = setting
  return python === undefined
    ? Effect.succeed({
        name,
        peer: Result.fail(new PeerError({ peer: name, reason: "not measured" }))
      })
    : Effect.map(Effect.result(openPeer({ ...options, python, threads })), (peer) => ({
        name,
        peer
      }))
}

/** One that answered but does not do the same work; `reason` says how it differs. */
export const disqualified = (candidate: Candidate, reason: string): Candidate => ({
  name: candidate.name,
  peer: Result.fail(new PeerError({ peer: candidate.name, reason }))
})

/** The number under a key of a peer's answer. */
export const answeredNumber = (
  peer: string,
  answer: Readonly<Record<string, Schema.Json>>,
  key: string
): Effect.Effect<number, PeerError> => {
  const value = answer[key]
  return typeof value === "number" && Number.isFinite(value)
    ? Effect.succeed(value)
    : Effect.fail(new PeerError({ peer, reason: `answered without a number "${key}"` }))
}

/** What is compared; a repetition gives a rate, of which more is better. */
export interface Comparison<R> {
  readonly ours: Effect.Effect<number, BenchError, R>
  readonly candidates: ReadonlyArray<Candidate>
  readonly theirs: (peer: Peer) => Effect.Effect<number, PeerError>
  readonly repetitions: number
}

/** The cells of a row: a side that failed has a note. */
export interface Cells {
  readonly ours?: Measurement
  readonly note?: string
  readonly peers: ReadonlyArray<PeerResult>
  readonly versions: Readonly<Record<string, string>>
}

const decodeVersions = Schema.decodeUnknownResult(
  Schema.Struct({ versions: Schema.Record(Schema.String, Schema.String) })
)

/** What ready peers say about their packages. */
const versionsOf = (candidates: ReadonlyArray<Candidate>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    candidates.flatMap(({ peer }) => {
      if (Result.isFailure(peer)) return []
      const answered = decodeVersions(peer.success.ready)
      return Result.isSuccess(answered) ? Object.entries(answered.success.versions) : []
    })
  )

const own = "sml"

const peerResult = (
  peer: string,
  result: Result.Result<Measurement | undefined, BenchError | PeerError>,
  mine: Measurement | undefined
): PeerResult => {
  if (Result.isFailure(result)) {
    const error = result.failure
    return { peer, note: error._tag === "PeerError" ? error.reason : error.message }
  }
  const measurement = result.success
  if (measurement === undefined) return { peer, note: "not measured" }
  return mine === undefined
    ? { peer, measurement }
    : { peer, measurement, ratio: mine.median / measurement.median }
}

/** Measures ours and every candidate that is ready, in turns. */
export const sideBySide = Effect.fnUntraced(function* <R>(
  comparison: Comparison<R>
): Effect.fn.Return<Cells, never, R> {
  const { candidates, ours, repetitions, theirs } = comparison
  const results = yield* interleave<BenchError | PeerError, R>(
    [
      { name: own, repetition: ours },
      ...candidates.flatMap(({ name, peer }) =>
        Result.isSuccess(peer) ? [{ name, repetition: theirs(peer.success) }] : []
      )
    ],
    repetitions
  )
  const measured = results.get(own)
  const mine = measured !== undefined && Result.isSuccess(measured) ? measured.success : undefined
  const peers = candidates.map(({ name, peer }) =>
    peerResult(name, results.get(name) ?? Result.map(peer, () => undefined), mine)
  )
  return {
    peers,
    versions: versionsOf(candidates),
    ...(mine !== undefined && { ours: mine }),
    ...(measured !== undefined && Result.isFailure(measured) && { note: measured.failure.message })
  }
})
