/** The table of architectures: a new one is a file that states it, and a row here. */
import type { ModelConfig } from "@sml/language-model"
import type { Value } from "@sml/onnx-autodiff"

import { llama } from "./architecture/Llama.ts"
import { qwen2 } from "./architecture/Qwen2.ts"
import { qwen3 } from "./architecture/Qwen3.ts"
import type { Blocks } from "./Blocks.ts"

/** Builds the graph from token ids to the last hidden states after the final norm,
 * `[B, T, hidden]`, or `[N, hidden]` where they are wanted. */
export type Architecture = (model: Blocks) => Value<"float32">

/** By the family that `config.json` names. */
export const architectures: Readonly<Record<ModelConfig["family"], Architecture>> = {
  llama,
  qwen2,
  qwen3
}
