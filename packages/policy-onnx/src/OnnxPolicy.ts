/** `Sampler` and `Learner` on onnxruntime-node. */
import {
  type Checkpoint,
  type CheckpointError,
  initialLoraAdapter,
  type LoraAdapter,
  type LoraConfig,
  type ModelConfig,
  readCheckpoint,
  readLoraAdapter
} from "@sml/language-model"
import { Learner, Sampler } from "@sml/policy"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import { EngineCounters } from "./EngineCounters.ts"
import { EngineError } from "./EngineError.ts"
import type { EngineOptions } from "./EngineOptions.ts"
import { freshWeights } from "./freshWeights.ts"
import { makeLearner } from "./internal/makeLearner.ts"
import { makeSampler } from "./internal/makeSampler.ts"
import { checkedConfig, startEngine } from "./internal/startEngine.ts"

/** A new adapter; `seed` (0 unless given) decides its first matrices. */
export type NewAdapter = LoraConfig & { readonly seed?: number }

/** An adapter in the files of PEFT: a folder that `save` or PEFT wrote. */
export interface SavedAdapter {
  readonly adapter: string
}

/** Where the weights come from: a Hugging Face folder or a GGUF file. */
export interface CheckpointOptions extends EngineOptions {
  readonly checkpoint: string
  /**
   * Trains a low-rank adapter (arXiv:2106.09685) and leaves the weights as they are. `Learner.save`
   * then writes the merged model and, in its folder `adapter`, the adapter; `restore` reads either
   * folder.
   */
  readonly lora?: NewAdapter | SavedAdapter
}

/** A model that has not learnt anything; `companions` is a folder whose tokenizer `save` copies. */
export interface FreshOptions extends EngineOptions {
  readonly config: ModelConfig
  readonly seed: number
  readonly companions?: string
}

/** The services of one engine. */
export type Services = Sampler | Learner | EngineCounters

const services = Effect.fnUntraced(function* (
  checkpoint: Checkpoint,
  options: EngineOptions,
  source?: string,
  adapter?: LoraAdapter
) {
  const { config } = checkpoint
  const client = yield* startEngine(checkpoint, options, adapter)
  return Context.make(Sampler, yield* makeSampler(client, config, source)).pipe(
    Context.add(Learner, makeLearner(client, { config, companions: source, adapter })),
    Context.add(EngineCounters, { read: Effect.sync(() => client.counters) })
  )
})

const adapterOf = Effect.fnUntraced(function* (
  config: ModelConfig,
  lora: NewAdapter | SavedAdapter,
  base: string
) {
  if ("adapter" in lora) return yield* readLoraAdapter(lora.adapter, config)
  const { seed = 0, ...settings } = lora
  const adapter = yield* Effect.mapError(
    Effect.fromResult(initialLoraAdapter(config, settings, seed)),
    ({ message }) => new EngineError({ reason: message })
  )
  return { ...adapter, baseModel: base }
})

/**
 * The policy of a Hugging Face folder: a `Sampler` and a `Learner` that share its weights in one
 * worker thread, and the engine's counters. The thread ends with the layer's scope.
 *
 * @example
 * ```ts no-run
 * const program = Effect.gen(function* () {
 *   const sampler = yield* Sampler
 *   return yield* sampler.generate({
 *     tokens: Int32Array.of(1), maxTokens: 20, temperature: 1, stop: [2], seed: 7
 *   })
 * })
 * await Effect.runPromise(
 *   Effect.provide(program, OnnxPolicy.layer({ checkpoint: "models/stories260K" }))
 * )
 * ```
 */
export const layer = (
  options: CheckpointOptions
): Layer.Layer<Services, CheckpointError | EngineError> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const { checkpoint: source, lora } = options
      const checkpoint = yield* readCheckpoint(source)
      const adapter =
        lora === undefined ? undefined : yield* adapterOf(checkpoint.config, lora, source)
      return yield* services(checkpoint, options, source, adapter)
    })
  )

/**
 * A policy with the weights of {@link freshWeights}, for training from nothing.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { Effect } from "effect"
 * import { Learner, Sampler } from "@sml/policy"
 * import { OnnxPolicy } from "@sml/policy-onnx"
 *
 * const policy = OnnxPolicy.layerFresh({
 *   seed: 1,
 *   threads: 1,
 *   config: {
 *     family: "llama", vocabularySize: 8, contextLength: 32, hiddenSize: 16, intermediateSize: 32,
 *     layers: 1, heads: 2, keyValueHeads: 1, headSize: 8, normEpsilon: 1e-5, ropeTheta: 10000,
 *     tiedEmbeddings: true, attentionBias: "none", mlpBias: false, queryKeyNorm: false,
 *     eosTokenIds: []
 *   }
 * })
 * // learns to say 2 after 1
 * const program = Effect.gen(function* () {
 *   const learner = yield* Learner
 *   const sampler = yield* Sampler
 *   const datum = { tokens: Int32Array.of(1, 2), weights: Float32Array.of(1) }
 *   for (let i = 0; i < 20; i++) {
 *     yield* learner.forwardBackward([datum], { _tag: "CrossEntropy", normaliser: "weight" })
 *     yield* learner.step({
 *       learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, maxGradNorm: 1
 *     })
 *   }
 *   return yield* sampler.generate({
 *     tokens: Int32Array.of(1), maxTokens: 1, temperature: 0, stop: [], seed: 0
 *   })
 * })
 * const { ids } = await Effect.runPromise(Effect.provide(program, policy))
 * assert.deepEqual([...ids], [2])
 * ```
 */
export const layerFresh = (options: FreshOptions): Layer.Layer<Services, EngineError> =>
  Layer.effectContext(
    Effect.flatMap(checkedConfig(options.config), (config) =>
      services({ config, tensors: freshWeights(config, options.seed) }, options, options.companions)
    )
  )
