import { availableParallelism } from "node:os"

/** The engine's worker, started on weights in memory. */
import type { Checkpoint } from "@sml/language-model"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

import type { EngineError } from "../EngineError.ts"
import type { EngineOptions } from "../EngineOptions.ts"
import { EngineClient } from "./EngineClient.ts"

/** The checkpoint's arrays belong to the engine afterwards. */
export const startEngine = (
  checkpoint: Checkpoint,
  options: EngineOptions
): Effect.Effect<EngineClient, EngineError, Scope.Scope> =>
  EngineClient.make({
    config: checkpoint.config,
    weights: Array.from(checkpoint.tensors.values(), ({ data }) => data),
    settings: {
      threads: options.threads ?? Math.min(8, availableParallelism()),
      maxRows: options.maxRows ?? 512,
      cacheBytes: (options.cacheMegabytes ?? 256) * 2 ** 20,
      microBatchTokens: options.microBatchTokens ?? 4096
    }
  })
