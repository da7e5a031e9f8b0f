/** The engine's worker, started on weights in memory. */
import { type Checkpoint, type LoraAdapter, ModelConfig } from "@sml/language-model"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

import { checkDevice } from "../checkDevice.ts"
import { Device } from "../Device.ts"
import { EngineError } from "../EngineError.ts"
import type { EngineOptions } from "../EngineOptions.ts"
import { defaultThreads, laneCount } from "../laneCount.ts"
import { microBatchBounds } from "../microBatchBounds.ts"
import type { Engine } from "./Engine.ts"
import { EngineClient } from "./EngineClient.ts"
import { EngineLanes } from "./EngineLanes.ts"
import { matricesOf } from "./makeLearner.ts"
import type { AdapterSetup } from "./protocol.ts"

const Count = Schema.Int.pipe(Schema.check(Schema.isGreaterThan(0)))
const Settings = Schema.Struct({
  device: Device,
  threads: Count.pipe(Schema.check(Schema.isLessThanOrEqualTo(1024))),
  lanes: Count.pipe(Schema.check(Schema.isLessThanOrEqualTo(1024))),
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
): Effect.Effect<Engine, EngineError, Scope.Scope> =>
  Effect.gen(function* () {
    const bounds = microBatchBounds(options)
    const { lanes, ...whole } = yield* Effect.mapError(
      Schema.decodeUnknownEffect(Settings)({
        device: options.device ?? "cpu",
        threads: options.threads ?? defaultThreads(),
        lanes: laneCount(checkpoint.config, {
          ...options,
          ...(adapter !== undefined && { lora: adapter })
        }),
        maxRows: options.maxRows ?? 512,
        cacheBytes: (options.cacheMegabytes ?? 256) * 2 ** 20,
        microBatchTokens: bounds.tokens,
        activationBytes: bounds.activationBytes
      }),
      refused("settings")
    )
    if (lanes > 1 && whole.device !== "cpu") {
      return yield* new EngineError({
        reason: `The engine cannot have ${lanes} lanes on the device "${whole.device}"; leave lanes out, or use the device "cpu".`
      })
    }
    // the processor is there; the rest is tried before the weights are handed over
    if (whole.device !== "cpu") yield* checkDevice(whole.device)
    const weights = Array.from(checkpoint.tensors.values(), ({ data }) => data)
    const ofLane = microBatchBounds(options, lanes)
    const share = (amount: number) => Math.max(1, Math.floor(amount / lanes))
    const setup = {
      config: checkpoint.config,
      weights,
      adapter: adapter === undefined ? undefined : setupOf(adapter),
      settings: {
        device: whole.device,
        threads: share(whole.threads),
        maxRows: share(whole.maxRows),
        cacheBytes: whole.cacheBytes / lanes,
        microBatchTokens: ofLane.tokens,
        activationBytes: ofLane.activationBytes
      }
    }
    return yield* lanes === 1 ? EngineClient.make(setup) : EngineLanes.make(setup, lanes)
  })

/** The configuration itself when it makes a model. */
export const checkedConfig = (config: ModelConfig): Effect.Effect<ModelConfig, EngineError> =>
  Effect.mapError(Schema.decodeUnknownEffect(ModelConfig)(config), refused("configuration"))
