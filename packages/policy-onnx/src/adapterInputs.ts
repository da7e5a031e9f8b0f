/** The inputs that an adapter adds to a graph. */
import { type ModelConfig, tensorShapes } from "@sml/language-model"
import type { Graph, Value } from "@sml/onnx-autodiff"

import type { AdapterInput, AdapterInputs } from "./LowRank.ts"

/** One adapted module, `model.layers.0.self_attn.q_proj`. */
export interface AdapterModule {
  readonly path: string
  readonly rank: number
  /** What the product of its matrices is multiplied by. */
  readonly scale: number
}

/** What is added to a model, without the numbers. */
export interface AdapterShape {
  readonly modules: ReadonlyArray<AdapterModule>
  /** The probability with which an element of a module's operand is dropped in training. */
  readonly dropout: number
}

/** The names of a module's two matrices, and their shapes. */
export const adapterMatrices = (
  config: ModelConfig,
  { path, rank }: AdapterModule
): ReadonlyArray<readonly [name: string, shape: readonly [number, number]]> => {
  const [out = 0, width = 0] = tensorShapes(config).get(`${path}.weight`) ?? []
  return [
    [`${path}.lora_A.weight`, [rank, width]],
    [`${path}.lora_B.weight`, [out, rank]]
  ]
}

/**
 * The module whose operand is dropped from in the name of all that read it: queries, keys and values
 * share an operand, and so do gate and up.
 */
export const dropoutName = (path: string): string =>
  `dropout.${path.replace(/\.[kv]_proj$/, ".q_proj").replace(/\.up_proj$/, ".gate_proj")}`

/**
 * Declares the matrices of an adapter as inputs (`{path}.lora_A.weight` and `{path}.lora_B.weight`)
 * and, when it drops and the graph is for `training`, a bool input `[B, T, in]` for each operand
 * (`[N, in]` for the head's); see
 * {@link dropoutName}.
 */
export const adapterInputs = (
  graph: Graph,
  config: ModelConfig,
  adapter: AdapterShape | undefined,
  training: boolean
): {
  readonly adapters: AdapterInputs
  readonly matrices: ReadonlyMap<string, Value<"float32">>
} => {
  const adapters = new Map<string, AdapterInput>()
  const matrices = new Map<string, Value<"float32">>()
  const masks = new Map<string, Value<"bool">>()
  const drops = training && adapter !== undefined && adapter.dropout > 0
  for (const module of adapter?.modules ?? []) {
    const [down, up] = adapterMatrices(config, module).map(([name, shape]) => {
      const value = graph.input(name, "float32", shape)
      matrices.set(name, value)
      return value
    })
    if (down === undefined || up === undefined) continue
    const mask = dropoutName(module.path)
    if (drops && !masks.has(mask)) {
      // the head sees the scored positions only
      const places = module.path === "lm_head" ? ["N"] : ["B", "T"]
      masks.set(mask, graph.input(mask, "bool", [...places, down.shape[1] ?? 1]))
    }
    const kept = masks.get(mask)
    adapters.set(module.path, {
      down,
      up,
      scale: module.scale,
      ...(kept !== undefined && { dropout: { kept, probability: adapter?.dropout ?? 0 } })
    })
  }
  return { adapters, matrices }
}
