/** The shape of the embedded student, and its weights before any training. */
import { uniformStream } from "@sml/env-pomdp"
import type { Checkpoint, ModelConfig, Tensor } from "@sml/language-model"
import { tensorShapes } from "@sml/language-model"

import { contextLength } from "./companionFiles.ts"
import { endOfTurn, vocabulary } from "./Vocabulary.ts"

/** Llama's layout with about half a million weights. */
export const nanoConfig: ModelConfig = {
  family: "llama",
  vocabularySize: vocabulary.length,
  contextLength,
  hiddenSize: 128,
  intermediateSize: 256,
  layers: 3,
  heads: 4,
  keyValueHeads: 2,
  headSize: 32,
  normEpsilon: 1e-5,
  ropeTheta: 1000,
  tiedEmbeddings: false,
  attentionBias: "none",
  mlpBias: false,
  queryKeyNorm: false,
  eosTokenIds: [vocabulary.indexOf(endOfTurn)]
}

/** Standard normal numbers (Box and Muller 1958). */
const normalStream = (seed: number): (() => number) => {
  const uniform = uniformStream(seed)
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
}

/**
 * Random weights, a function of the seed: normal, with deviation `1 / √inputs` for the matrices, those
 * that write into the residual stream divided by `√(2 layers)` too, and 0.02 for the embedding; ones
 * for the norms. For a model this narrow the usual 0.02 everywhere is a slow start: on an early corpus
 * the loss after 2,000 steps was 0.53 with it and 0.50 like this.
 */
export const initialCheckpoint = (config: ModelConfig, seed: number): Checkpoint => {
  const normal = normalStream(seed)
  const tensors = new Map<string, Tensor>()
  for (const [name, shape] of tensorShapes(config)) {
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1))
    const inputs = shape[1]
    if (inputs === undefined) data.fill(1)
    else {
      const residual = /(o_proj|down_proj)\.weight$/.test(name) ? Math.sqrt(2 * config.layers) : 1
      const deviation = name.endsWith("embed_tokens.weight")
        ? 0.02
        : 1 / (Math.sqrt(inputs) * residual)
      for (let index = 0; index < data.length; index++) data[index] = deviation * normal()
    }
    tensors.set(name, { shape, data })
  }
  return { config, tensors }
}
