/** The port through which a policy speaks. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

import type { Completion, GenerateRequest } from "./Completion.ts"
import type { SamplerError } from "./PolicyError.ts"

/**
 * Samples token ids. Callers are independent fibers; the engine batches them. Every request after
 * `Learner.step` sees the new weights.
 */
export class Sampler extends Context.Service<
  Sampler,
  {
    readonly generate: (request: GenerateRequest) => Effect.Effect<Completion, SamplerError>
    /** Longest stream, prompt and completion together, in tokens. */
    readonly contextLength: number
    /** Number of token ids. */
    readonly vocabularySize: number
  }
>()("@sml/policy/Sampler") {}
