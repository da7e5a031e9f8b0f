/** Runs what a request asks for: every completion is a fiber of its own, and the engine batches them. */
import { type CompletionStop, Sampler, type SamplerError } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"

import type { ServedModel } from "../ServedModel.ts"
import { type Piece, TextPieces } from "../TextPieces.ts"
import type { Generation } from "./readRequest.ts"

/** A finished completion. */
export interface Choice extends Piece {
  readonly index: number
  readonly finish: CompletionStop
  readonly sampled: number
}

/** What happens to a completion while it is sampled. */
export type ChoiceEvent =
  | { readonly _tag: "Piece"; readonly index: number; readonly piece: Piece }
  | {
      readonly _tag: "End"
      readonly index: number
      readonly finish: CompletionStop
      readonly sampled: number
    }

/** Seeds of completions of one request differ, and that of the first is the request's. */
const seedAt = (seed: number, index: number) => (seed + Math.imul(index, 0x9e37_79b9)) >>> 0

const piecesFor = (generation: Generation, model: ServedModel) =>
  new TextPieces({
    bytes: model.tokenizer.tokenBytes(),
    ends: new Set(model.stop),
    stopStrings: generation.stopStrings,
    // a completion goes on after its prompt, an answer begins a text
    fresh: generation.kind === "chat"
  })

const choices = ({ n, prompts }: Generation) =>
  prompts.flatMap((tokens, prompt) =>
    Array.from({ length: n }, (_, i) => ({ tokens, index: prompt * n + i }))
  )

const requestOf = (
  generation: Generation,
  model: ServedModel,
  { index, tokens }: { readonly tokens: Int32Array; readonly index: number }
) => ({
  ...generation.sampling,
  tokens,
  maxTokens: generation.maxTokens,
  stop: model.stop,
  stopStrings: generation.stopStrings,
  seed: seedAt(generation.seed, index)
})

/** All completions as wholes. */
export const generateWhole = Effect.fnUntraced(function* (
  generation: Generation,
  model: ServedModel
): Effect.fn.Return<ReadonlyArray<Choice>, SamplerError, Sampler> {
  const sampler = yield* Sampler
  return yield* Effect.forEach(
    choices(generation),
    (choice) =>
      Effect.map(sampler.generate(requestOf(generation, model, choice)), (completion): Choice => {
        const pieces = piecesFor(generation, model)
        const parts: Array<Piece> = []
        for (const [at, id] of completion.ids.entries()) {
          parts.push(pieces.push(id, completion.rawLogprobs[at] ?? Number.NaN))
        }
        parts.push(pieces.end())
        return {
          index: choice.index,
          text: parts.map(({ text }) => text).join(""),
          tokens: parts.flatMap(({ tokens }) => tokens),
          finish: completion.stop,
          sampled: completion.ids.length
        }
      }),
    { concurrency: "unbounded" }
  )
})

/** All completions as they grow. When the stream is left, what is still being sampled is withdrawn. */
export const generateEvents = (
  generation: Generation,
  model: ServedModel
): Stream.Stream<ChoiceEvent, SamplerError, Sampler> =>
  Stream.callback<ChoiceEvent, SamplerError, Sampler>(
    Effect.fnUntraced(function* (queue) {
      const sampler = yield* Sampler
      yield* Effect.forEach(
        choices(generation),
        Effect.fnUntraced(function* (choice) {
          const { index } = choice
          const pieces = piecesFor(generation, model)
          const show = (piece: Piece) => {
            if (piece.text === "" && piece.tokens.length === 0) return
            Queue.offerUnsafe(queue, { _tag: "Piece", index, piece })
          }
          let heard = 0
          const completion = yield* sampler.generate({
            ...requestOf(generation, model, choice),
            onSampled: (id, logprob) => {
              heard += 1
              show(pieces.push(id, logprob))
            }
          })
          // of an engine that tells nothing before the end
          for (let at = heard; at < completion.ids.length; at++) {
            show(pieces.push(completion.ids[at] ?? 0, completion.rawLogprobs[at] ?? Number.NaN))
          }
          show(pieces.end())
          const { ids, stop } = completion
          Queue.offerUnsafe(queue, { _tag: "End", index, finish: stop, sampled: ids.length })
        }),
        { concurrency: "unbounded", discard: true }
      )
      yield* Queue.end(queue)
    }),
    { bufferSize: Infinity }
  )
