/** What the built-in engine is started with. */
import { type ModelConfig, parameterCount, readConfig } from "@sml/language-model"
import { laneCount, microBatchBounds, microBatchPlan, type OnnxPolicy } from "@sml/policy-onnx"
import * as Effect from "effect/Effect"

import { takeDenormalsAsZero } from "./takeDenormalsAsZero.ts"
import type { TrainOptions } from "./TrainOptions.ts"

/** The settings that matter to the engine. */
export type EngineSettings = Pick<TrainOptions, "threads" | "device" | "lora"> & {
  /** A folder or a GGUF file. */
  readonly checkpoint: string
}

/** Keep a whole run of the embedded student with its evaluations well below two gigabytes. */
const smallMemory = { cacheMegabytes: 96, microBatchTokens: 2048 } as const

/** A model with more parameters than this gets the engine's own bounds. */
const smallModel = 2 ** 21

const maxRows = 256

/** Length of the dialogues for which the size of micro-batches is told. */
const usualLength = 512

/** The engine for a model: sizes for the embedded student and its like, the engine's own for others. */
const engineOptions = (
  { checkpoint, device, lora, threads }: EngineSettings,
  model: ModelConfig
): OnnxPolicy.CheckpointOptions => ({
  checkpoint,
  maxRows,
  ...(parameterCount(model) <= smallModel && smallMemory),
  ...(threads !== undefined && { threads }),
  ...(device !== undefined && { device }),
  ...(lora !== undefined && {
    lora: { alpha: 2 * lora.rank, targets: ["all-linear"], ...lora }
  })
})

/** The engine of a checkpoint and what it runs. */
export interface Engine {
  readonly model: ModelConfig
  readonly options: OnnxPolicy.CheckpointOptions
}

/** The engine for a checkpoint. */
export const engineFor = Effect.fn("trainer.engineFor")(function* (settings: EngineSettings) {
  yield* takeDenormalsAsZero
  const model = yield* readConfig(settings.checkpoint)
  return { model, options: engineOptions(settings, model) } satisfies Engine
})

/** One line about the largest micro-batch of dialogues of the usual length. */
export const microBatchLine = ({ model, options }: Engine): string => {
  const length = Math.min(usualLength, model.contextLength)
  const lanes = laneCount(model, options)
  const { bytes, rows, tokens } = microBatchPlan(model, length, microBatchBounds(options, lanes))
  const sequences = rows === 1 ? "a sequence" : `${rows} sequences`
  const where = lanes === 1 ? "" : ` in each of ${lanes} lanes`
  return `micro-batches: up to ${tokens} tokens, about ${Math.ceil(bytes / 2 ** 20)} MB of activations (${sequences} of ${length})${where}`
}
