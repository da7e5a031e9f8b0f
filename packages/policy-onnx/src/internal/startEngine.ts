import { availableParallelism } from "node:os"

/** The engine's worker, started on weights in memory. */
import { type Checkpoint, type LoraAdapter, ModelConfig } from "@sml/language-model"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

import { checkDevice } from "../checkDevice.ts"
import { Device } from "../Device.ts"
import { EngineError } from "../EngineError.ts"
import type { EngineOptions } from "../EngineOptions.ts"
import { microBatchBounds } from "../microBatchBounds.ts"
import { EngineClient } from "./EngineClient.ts"
import { matricesOf } from "./makeLearner.ts"
import type { AdapterSetup } from "./protocol.ts"

const Count = Schema.Int.pipe(Schema.check(Schema.isGreaterThan(0)))
const Settings = Schema.Struct({
  device: Device,
  threads: Count.pipe(Schema.check(Schema.isLessThanOrEqualTo(1024))),
  maxRows: Count,
  cacheBytes: Schema.Finite.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(0))),
  microBatchTokens: Count,
  activationBytes: Count
})

const refused = (what: string) => (error: Schema.SchemaError) =>
  new EngineError({
    reason: `The ${what} cannot be used (${error.message.replace(/\s+/g, " ")}); correct the engine's options.`
  })

// the engine's copy: its arrays move to the engine's thread
const setupOf = (adapter: LoraAdapter): AdapterSetup => ({
  shape: {
    modules: Array.from(adapter.modules, ([path, module]) => ({
      path,
      in: module.in,
      out: module.out,
      rank: module.rank,
      scale: module.scale
    })),
    dropout: adapter.config.dropout ?? 0
  },
  matrices: matricesOf(adapter).map((matrix) => matrix.slice())
})

/** The checkpoint's arrays belong to the engine afterwards. */
export const startEngine = (
  checkpoint: Checkpoint,
  options: EngineOptions,
  adapter?: LoraAdapter
): Effect.Effect<EngineClient, EngineError, Scope.Scope> =>
  Effect.gen(function* () {
    const bounds = microBatchBounds(options)
    const settings = yield* Effect.mapError(
      Schema.decodeUnknownEffect(Settings)({
        device: options.device ?? "cpu",
        threads: options.threads ?? Math.min(8, availableParallelism()),
        maxRows: options.maxRows ?? 512,
        cacheBytes: (options.cacheMegabytes ?? 256) * 2 ** 20,
        microBatchTokens: bounds.tokens,
        activationBytes: bounds.activationBytes
      }),
      refused("settings")
    )
    // the processor is there; the rest is tried before the weights are handed over
    if (settings.device !== "cpu") yield* checkDevice(settings.device)
    const weights = Array.from(checkpoint.tensors.values(), ({ data }) => data)
    return yield* EngineClient.make({
      config: checkpoint.config,
      weights,
      adapter: adapter === undefined ? undefined : setupOf(adapter),
      settings
    })
  })

/** The configuration itself when it makes a model. */
export const checkedConfig = (config: ModelConfig): Effect.Effect<ModelConfig, EngineError> =>
  Effect.mapError(Schema.decodeUnknownEffect(ModelConfig)(config), refused("configuration"))
