/**
 * Llama 2 and 3, and what has their layout: SmolLM2, TinyLlama.
 *
 * With `x` the residual stream (`[B, T, hidden]`) and all products per position:
 *
 *     x₀     = E[ids]
 *     h      = rmsNorm(x; g₁)
 *     q,k,v  = h·Wqᵀ, h·Wkᵀ, h·Wvᵀ
 *     a      = softmax(rope(q)·rope(k)ᵀ / √headSize + causal)·v
 *     x      = x + a·Woᵀ
 *     h      = rmsNorm(x; g₂)
 *     x      = x + (silu(h·Wgᵀ) ∘ (h·Wuᵀ))·Wdᵀ
 *     states = rmsNorm(x; g₃)
 *
 * Sources: Touvron et al. 2023 (arXiv:2307.09288); Llama 3 stretches the slow rotations, see
 * `Rotary.ts`.
 */
import type { Architecture } from "../architectures.ts"

export const llama: Architecture = (model) => {
  const x = model.layers(model.embedded, (index, path, input) => {
    const attention = `${path}.self_attn`
    const h = model.rmsNorm(`${path}.input_layernorm`, input)
    const q = model.rotate(model.linear(`${attention}.q_proj`, h))
    const k = model.rotate(model.linear(`${attention}.k_proj`, h))
    const v = model.linear(`${attention}.v_proj`, h)
    const seen = model.wanted(index, model.attention(index, q, k, v))
    const a = model.linear(`${attention}.o_proj`, seen)
    const attended = model.add(model.wanted(index, input), a)
    const g = model.rmsNorm(`${path}.post_attention_layernorm`, attended)
    return model.add(attended, model.gatedFeedForward(`${path}.mlp`, g))
  })
  return model.rmsNorm("model.norm", x)
}
