/** The inputs that an adapter adds to a graph. */
import type { Graph, Value } from "@sml/onnx-autodiff"

import type { AdapterInput, AdapterInputs } from "./LowRank.ts"

/** One adapted module, `model.layers.0.self_attn.q_proj`. */
export interface AdapterModule {
  readonly path: string
  /** The widths of its operand and of its result. */
  readonly in: number
  readonly out: number
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
  module: AdapterModule
): readonly [down: MatrixShape, up: MatrixShape] => [
  [`${module.path}.lora_A.weight`, [module.rank, module.in]],
  [`${module.path}.lora_B.weight`, [module.out, module.rank]]
]

type MatrixShape = readonly [name: string, shape: readonly [number, number]]

/**
 * The module whose operand is dropped from in the name of all that read it: queries, keys and values
 * share an operand, and so do gate and up.
 */
export const dropoutName = (path: string): string =>
  `dropout.${path.replace(/\.[kv]_proj$/, ".q_proj").replace(/\.up_proj$/, ".gate_proj")}`

/** Whether a module runs at the scored positions only: the head, and what is behind the last layer's
 * attention. */
export const atScored = (path: string, layers: number): boolean =>
  path === "lm_head" ||
  (path.startsWith(`model.layers.${layers - 1}.`) && !/\.[qkv]_proj$/.test(path))

/**
 * Declares the matrices of an adapter as inputs (`{path}.lora_A.weight` and `{path}.lora_B.weight`)
 * and, when it drops and the graph is for `training`, a bool input `[B, T, in]` for each operand
 * (`[N, in]` where {@link atScored}); see {@link dropoutName}.
 */
export const adapterInputs = (
  graph: Graph,
  adapter: AdapterShape | undefined,
  layers: number,
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
    const [down, up] = adapterMatrices(module)
    const declare = ([name, shape]: MatrixShape) => {
      const value = graph.input(name, "float32", shape)
      matrices.set(name, value)
      return value
    }
    const adapted = { down: declare(down), up: declare(up), scale: module.scale }
    const mask = dropoutName(module.path)
    if (drops && !masks.has(mask)) {
      const places = atScored(module.path, layers) ? ["N"] : ["B", "T"]
      masks.set(mask, graph.input(mask, "bool", [...places, module.in]))
    }
    const kept = masks.get(mask)
    adapters.set(module.path, {
      ...adapted,
      ...(kept !== undefined && { dropout: { kept, probability: adapter?.dropout ?? 0 } })
    })
  }
  return { adapters, matrices }
}
