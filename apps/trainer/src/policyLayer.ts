/** What samples and learns, and what it is compared with. */
import { ReferencePolicy } from "@sml/grpo-core"
import type { Learner, Sampler } from "@sml/policy"
import { OnnxPolicy } from "@sml/policy-onnx"
import type * as Layer from "effect/Layer"

import type { Engine } from "./engineFor.ts"
import type { Platform } from "./SmlConfig.ts"
import { type Deadlines, patientPolicy } from "./Waits.ts"

type Policy = Layer.Layer<Sampler | Learner, unknown, Platform>

/** The policy of the configuration as it is, or the built-in engine. */
export const policyLayer = (policy: Policy | Engine): Policy =>
  "options" in policy ? OnnxPolicy.layer(policy.options) : policy

/** The student that training starts from, for a KL penalty: an engine of its own that nobody trains. */
export const referenceLayer = (policy: Policy, deadlines: Deadlines) =>
  ReferencePolicy.layerEngine(patientPolicy(policy, deadlines))
