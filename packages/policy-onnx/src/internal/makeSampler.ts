/** The `Sampler` of an engine. */
import { type ModelConfig, readTokenizer, type Tokenizer } from "@sml/language-model"
import { Sampler, SamplerError, samplingFault } from "@sml/policy"
import type { GenerateRequest } from "@sml/policy"
import * as Effect from "effect/Effect"

import type { Engine } from "./Engine.ts"
import type { Vocabulary } from "./protocol.ts"

// what is wrong with a request, as the middle of a sentence
const fault = (request: GenerateRequest, config: ModelConfig): string | undefined => {
  const { contextLength, vocabularySize } = config
  const { maxTokens, seed, stop, stopStrings = [], tokens } = request
  if (stopStrings.includes("")) return "one of its stop strings is empty; leave it out"
  if (tokens.length === 0) return "its tokens are empty; begin with at least one token"
  if (tokens.length >= contextLength) {
    return `its ${tokens.length} tokens leave no room in the context of ${contextLength}; shorten the dialogue`
  }
  const unknown = tokens.findIndex((id) => id < 0 || id >= vocabularySize)
  if (unknown >= 0) {
    return `its token ${unknown} has the id ${tokens[unknown]}, outside the vocabulary of ${vocabularySize}; use the model's own tokenizer`
  }
  if (!Number.isInteger(maxTokens) || maxTokens < 1) {
    return `maxTokens is ${maxTokens}; ask for a whole number of 1 or more`
  }
  const sampling = samplingFault(request)
  if (sampling !== undefined) return sampling
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    return `the seed is ${seed}; use an unsigned 32-bit integer`
  }
  return stop.every((id) => Number.isInteger(id))
    ? undefined
    : `a stop id is not a whole number; use ids of the vocabulary`
}

const refused = (request: GenerateRequest, problem: string) => {
  const named = request.cacheKey === undefined ? "" : ` "${request.cacheKey}"`
  return new SamplerError({ reason: `The request${named} was refused: ${problem}.` })
}

// the bytes of each id of the model's tokenizer, end to end
const vocabularyOf = (tokenizer: Tokenizer, size: number): Vocabulary => {
  const pieces = tokenizer.tokenBytes()
  const ends = new Int32Array(size)
  let length = 0
  for (let id = 0; id < size; id++) {
    length += pieces[id]?.length ?? 0
    ends[id] = length
  }
  const bytes = new Uint8Array(length)
  for (let id = 0; id < size; id++) bytes.set(pieces[id] ?? [], ends[id - 1] ?? 0)
  return { bytes, ends }
}

/** `source` is the folder or file whose tokenizer says what the ids spell. */
export const makeSampler = (
  client: Engine,
  config: ModelConfig,
  source: string | undefined
): Effect.Effect<Sampler["Service"]> =>
  Effect.gen(function* () {
    // read when a request first has a stop string; most never do
    const describe = yield* Effect.cached(
      source === undefined
        ? Effect.fail("it has stop strings, and the model has no tokenizer; use stop ids")
        : readTokenizer(source).pipe(
            Effect.map((tokenizer) =>
              client.describeVocabulary(vocabularyOf(tokenizer, config.vocabularySize))
            ),
            Effect.mapError(({ message }) => `its stop strings cannot be found, since ${message}`)
          )
    )
    return Sampler.of({
      contextLength: config.contextLength,
      vocabularySize: config.vocabularySize,
      generate: Effect.fn("Sampler.generate")(function* (request: GenerateRequest) {
        const problem = fault(request, config)
        if (problem !== undefined) return yield* refused(request, problem)
        const {
          cacheKey,
          maxTokens,
          onSampled,
          seed,
          stop,
          stopStrings = [],
          tokens,
          ...sampling
        } = request
        if (stopStrings.length > 0) {
          yield* Effect.mapError(describe, (reason) => refused(request, reason))
        }
        const limit = Math.min(maxTokens, config.contextLength - tokens.length)
        const stops = { stop: [...stop], stopStrings: [...stopStrings] }
        return yield* Effect.mapError(
          client.generate({ limit, sampling, ...stops, seed, cacheKey }, tokens, onSampled),
          (reason) => new SamplerError({ reason })
        )
      })
    })
  })
