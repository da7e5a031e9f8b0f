/** From the pieces of a recorded token stream to a training datum: the one way in for every method. */
import * as Result from "effect/Result"

import type { Datum } from "./Datum.ts"
import { DatumError } from "./DatumError.ts"

/**
 * One completion and what preceded it. The stream is `context ++ ids` of each piece, in order.
 *
 * - `context`: ids that the policy did not say (prompt, replies, template) since the last piece.
 * - `ids`: the sampled ids.
 * - `logprobs`: log-probability (nats) of each of `ids` under the policy that sampled it.
 */
export interface StreamPiece {
  readonly context: ArrayLike<number>
  readonly ids: ArrayLike<number>
  readonly logprobs: ArrayLike<number>
}

/** How to weigh the stream. */
export interface StreamOptions {
  /** Advantage of every sampled token; absent for supervised learning. */
  readonly advantage?: number
  /** Names the episode in error messages. */
  readonly label?: string
}

/** Where a predicted token came from: piece and index into its `ids`, both from 0. */
export interface StreamPosition {
  readonly piece: number
  readonly token: number
}

/**
 * The datum of a token stream: weight 1 on the sampled ids and 0 on everything else. With an
 * `advantage` it also carries the advantages and the sampling log-probabilities; without one it is
 * a datum for supervised learning. Nothing is tokenised again.
 *
 * Fails with a {@link DatumError} when a piece has not one log-probability per id, when the first
 * piece has no context (its first id would have nothing to be predicted from), or when nothing was
 * sampled at all.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import * as Result from "effect/Result"
 * import { streamDatum } from "@sml/policy"
 *
 * const datum = Result.getOrThrow(
 *   streamDatum(
 *     [
 *       { context: [1, 5], ids: [7, 2], logprobs: [-0.5, -0.25] },
 *       { context: [6], ids: [8], logprobs: [-1] }
 *     ],
 *     { advantage: 2 }
 *   )
 * )
 * assert.deepEqual([...datum.tokens], [1, 5, 7, 2, 6, 8])
 * assert.deepEqual([...datum.weights], [0, 1, 1, 0, 1])
 * assert.deepEqual([...(datum.logprobs ?? [])], [0, -0.5, -0.25, 0, -1])
 * ```
 */
export const streamDatum = (
  pieces: ReadonlyArray<StreamPiece>,
  options: StreamOptions = {}
): Result.Result<Datum, DatumError> => {
  const named = options.label === undefined ? "The stream" : `Episode ${options.label}`
  let length = 0
  let sampled = 0
  for (const [index, piece] of pieces.entries()) {
    if (piece.ids.length !== piece.logprobs.length) {
      return Result.fail(
        new DatumError({
          reason: `${named}, piece ${index + 1}: ${piece.ids.length} ids but ${piece.logprobs.length} log-probabilities; record one for each id.`
        })
      )
    }
    length += piece.context.length + piece.ids.length
    sampled += piece.ids.length
  }
  if (sampled === 0) {
    return Result.fail(
      new DatumError({ reason: `${named} holds no sampled token; leave it out of the data.` })
    )
  }
  if ((pieces[0]?.context.length ?? 0) === 0) {
    return Result.fail(
      new DatumError({
        reason: `${named} begins with a sampled token; put the prompt into the first context.`
      })
    )
  }

  const tokens = new Int32Array(length)
  const weights = new Float32Array(length - 1)
  const advantages = new Float32Array(length - 1)
  const logprobs = new Float32Array(length - 1)
  const { advantage } = options
  let at = 0
  for (const { context, ids, logprobs: sampling } of pieces) {
    tokens.set(context, at)
    at += context.length
    tokens.set(ids, at)
    // target i predicts token i + 1
    weights.fill(1, at - 1, at - 1 + ids.length)
    advantages.fill(advantage ?? 0, at - 1, at - 1 + ids.length)
    logprobs.set(sampling, at - 1)
    at += ids.length
  }
  const label = options.label === undefined ? {} : { label: options.label }
  return Result.succeed(
    advantage === undefined
      ? { tokens, weights, ...label }
      : { tokens, weights, advantages, logprobs, ...label }
  )
}

/** Which sampled id target `target` predicts, or `undefined` where the weight is 0. */
export const streamPosition = (
  pieces: ReadonlyArray<StreamPiece>,
  target: number
): StreamPosition | undefined => {
  let begin = -1
  for (const [piece, { context, ids }] of pieces.entries()) {
    begin += context.length
    if (target < begin) return undefined
    if (target < begin + ids.length) return { piece, token: target - begin }
    begin += ids.length
  }
  return undefined
}
