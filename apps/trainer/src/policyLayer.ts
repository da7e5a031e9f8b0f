/** What samples and learns. */
import type { Learner, Sampler } from "@sml/policy"
import { OnnxPolicy } from "@sml/policy-onnx"
import type * as Layer from "effect/Layer"

import type { Engine } from "./engineFor.ts"
import type { Platform } from "./SmlConfig.ts"

type Policy = Layer.Layer<Sampler | Learner, unknown, Platform>

/** The policy of the configuration as it is, or the built-in engine. */
export const policyLayer = (policy: Policy | Engine): Policy =>
  "options" in policy ? OnnxPolicy.layer(policy.options) : policy
