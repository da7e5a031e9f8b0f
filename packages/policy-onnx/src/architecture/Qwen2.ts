/**
 * Qwen 2 and 2.5: the layout of Llama, with biases on the projections to queries, keys and values:
 *
 *     q,k,v = h·Wqᵀ + bq, h·Wkᵀ + bk, h·Wvᵀ + bv
 *
 * Source: Yang et al. 2024 (arXiv:2407.10671).
 */
import type { Architecture } from "../architectures.ts"
import { llama } from "./Llama.ts"

// a linear map adds the bias that the checkpoint has for it
export const qwen2: Architecture = llama
