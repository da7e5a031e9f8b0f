/** The engine that samples and learns. */
import type { Learner, Sampler } from "@sml/policy"
import { OnnxPolicy } from "@sml/policy-onnx"
import type * as Layer from "effect/Layer"

import type { ConfigLayers, Platform } from "./SmlConfig.ts"

/** Keep a whole run with its evaluations well below two gigabytes. */
const memory = { maxRows: 256, cacheMegabytes: 96, microBatchTokens: 2048 } as const

/** The engine of the configuration, or onnxruntime with the weights of the checkpoint. */
export const policyLayer = (
  options: { readonly checkpoint: string; readonly threads?: number },
  layers: ConfigLayers
): Layer.Layer<Sampler | Learner, unknown, Platform> =>
  layers.policy ??
  OnnxPolicy.layer({
    checkpoint: options.checkpoint,
    ...memory,
    ...(options.threads === undefined ? {} : { threads: options.threads })
  })
