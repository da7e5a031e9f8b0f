/**
 * Low-rank adapters in a graph: a linear map with a frozen matrix gains `s·(x·Aᵀ)·Bᵀ` (Hu et al. 2021,
 * arXiv:2106.09685).
 */
import { Op, type Value } from "@sml/onnx-autodiff"

type Floats = Value<"float32">

/** The adapter of one linear map. */
export interface AdapterInput {
  /** `A`, `[rank, in]`. */
  readonly down: Floats
  /** `B`, `[out, rank]`. */
  readonly up: Floats
  /** `s`, alpha / rank unless the configuration scales otherwise. */
  readonly scale: number
  /** Which elements of the map's operand the adapter sees, `[B, T, in]`, and how likely each is to be
   * dropped; absent when none is. */
  readonly dropout?: { readonly kept: Value<"bool">; readonly probability: number }
}

/** Adapters by the module that they are added to, `model.layers.0.self_attn.q_proj`. */
export type AdapterInputs = ReadonlyMap<string, AdapterInput>

/** What an adapter adds to the result of its map. */
export const lowRank = ({ down, dropout, scale, up }: AdapterInput, x: Floats): Floats => {
  // what is kept is scaled up, so that the expectation stays
  const factor = dropout === undefined ? scale : scale / (1 - dropout.probability)
  const seen = dropout === undefined ? x : Op.where(dropout.kept, x, 0)
  return Op.matMul(Op.matMul(seen, down, { transB: true }), up, { transB: true, alpha: factor })
}
