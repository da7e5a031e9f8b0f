/** The `Sampler` of an engine. */
import type { ModelConfig } from "@sml/language-model"
import { Sampler, SamplerError, samplingFault } from "@sml/policy"
import type { GenerateRequest } from "@sml/policy"
import * as Effect from "effect/Effect"

import type { EngineClient } from "./EngineClient.ts"

// what is wrong with a request, as the middle of a sentence
const fault = (request: GenerateRequest, config: ModelConfig): string | undefined => {
  const { contextLength, vocabularySize } = config
  const { maxTokens, seed, stop, stopStrings = [], tokens } = request
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
  if (stopStrings.length > 0) {
    return "it has stop strings, which this engine does not know; use stop ids"
  }
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    return `the seed is ${seed}; use an unsigned 32-bit integer`
  }
  return stop.every((id) => Number.isInteger(id))
    ? undefined
    : `a stop id is not a whole number; use ids of the vocabulary`
}

export const makeSampler = (client: EngineClient, config: ModelConfig): Sampler["Service"] =>
  Sampler.of({
    contextLength: config.contextLength,
    vocabularySize: config.vocabularySize,
    generate: Effect.fn("Sampler.generate")(function* (request: GenerateRequest) {
      const problem = fault(request, config)
      if (problem !== undefined) {
        const named = request.cacheKey === undefined ? "" : ` "${request.cacheKey}"`
        return yield* new SamplerError({ reason: `The request${named} was refused: ${problem}.` })
      }
      const { cacheKey, maxTokens, seed, stop, stopStrings: _, tokens, ...sampling } = request
      const limit = Math.min(maxTokens, config.contextLength - tokens.length)
      const header = { limit, sampling, stop: [...stop], seed, cacheKey }
      return yield* Effect.mapError(
        client.generate(header, tokens),
        (reason) => new SamplerError({ reason })
      )
    })
  })
