/** How much an engine has done and where its time went. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

import type { Counters } from "./internal/protocol.ts"

export type { Counters } from "./internal/protocol.ts"

/**
 * Totals since the engine started, as of its last answer: `sampledTokens` drawn, `prefilledTokens` of
 * prompts that were run, `reusedTokens` of prompts that were cached, `trainedTokens` of sequences
 * that went through `forwardBackward`, and the seconds that the engine's thread spent on each kind
 * of work.
 */
export class EngineCounters extends Context.Service<
  EngineCounters,
  { readonly read: Effect.Effect<Counters> }
>()("@sml/policy-onnx/EngineCounters") {}
