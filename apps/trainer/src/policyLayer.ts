/** The engine that samples and learns. */
import type { Learner, Sampler } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import { ConfigError } from "./ConfigError.ts"
import type { ConfigLayers, Platform } from "./SmlConfig.ts"

/** The engine of the configuration, or onnxruntime with the weights of the checkpoint. */
export const policyLayer = (
  _options: { readonly checkpoint: string; readonly threads?: number },
  layers: ConfigLayers
): Layer.Layer<Sampler | Learner, unknown, Platform> =>
  layers.policy ??
  Layer.unwrap(
    Effect.fail(new ConfigError({ reason: "this build has no engine; give layers.policy" }))
  )
