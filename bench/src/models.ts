/** The models that are measured, and where their files lie. */
import { type ModelConfig, readCheckpoint, readConfig, writeCheckpoint } from "@sml/language-model"
import { checkpointDirectory } from "@sml/nano-student"
import { freshWeights } from "@sml/policy-onnx"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"

import { asBenchError } from "./engine.ts"
import { smolLm2File } from "./smolLm2.ts"

/** A checkpoint in a folder that every contestant reads. */
export interface BenchModel {
  readonly config: ModelConfig
  readonly folder: string
}

const layout = {
  family: "llama",
  normEpsilon: 1e-5,
  ropeTheta: 10_000,
  tiedEmbeddings: true,
  attentionBias: "none",
  mlpBias: false,
  queryKeyNorm: false,
  bosTokenId: 1,
  eosTokenIds: [2]
} as const

/** Models with fresh weights, by name. */
export const freshModels = {
  tiny: {
    ...layout,
    vocabularySize: 64,
    contextLength: 128,
    hiddenSize: 32,
    intermediateSize: 64,
    layers: 2,
    heads: 4,
    keyValueHeads: 2,
    headSize: 8
  },
  "3.5M": {
    ...layout,
    vocabularySize: 2048,
    contextLength: 512,
    hiddenSize: 256,
    intermediateSize: 688,
    layers: 4,
    heads: 8,
    keyValueHeads: 4,
    headSize: 32
  },
  "30M": {
    ...layout,
    vocabularySize: 8192,
    contextLength: 1024,
    hiddenSize: 512,
    intermediateSize: 1408,
    layers: 8,
    heads: 8,
    keyValueHeads: 4,
    headSize: 64
  },
  // the dimensions of SmolLM2-135M with 6 of its 30 layers
  width576: {
    ...layout,
    vocabularySize: 49_152,
    contextLength: 2048,
    hiddenSize: 576,
    intermediateSize: 1536,
    layers: 6,
    heads: 9,
    keyValueHeads: 3,
    headSize: 64,
    ropeTheta: 100_000
  }
} as const satisfies Readonly<Record<string, ModelConfig>>

export type ModelName = "nano" | "SmolLM2-135M" | keyof typeof freshModels

/**
 * The model's folder: written into a temporary one unless it is the embedded student. A quick run gets
 * the tiny one in place of larger ones.
 */
export const provideModel = Effect.fn("bench.provideModel")(function* (
  wanted: ModelName,
  { quick }: { readonly quick: boolean }
) {
  const name = quick && wanted !== "nano" ? "tiny" : wanted
  if (name === "nano") {
    const config = yield* readConfig(checkpointDirectory)
    return { config, folder: checkpointDirectory } satisfies BenchModel
  }
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs.makeTempDirectoryScoped({ prefix: "sml-bench-" })
  if (name === "SmolLM2-135M") {
    // dequantised once: both sides read the same numbers
    const checkpoint = yield* readCheckpoint(yield* smolLm2File())
    yield* writeCheckpoint(folder, checkpoint)
    return { config: checkpoint.config, folder } satisfies BenchModel
  }
  const config = freshModels[name]
  yield* writeCheckpoint(folder, { config, tensors: freshWeights(config, 1) })
  return { config, folder } satisfies BenchModel
}, Effect.mapError(asBenchError))
