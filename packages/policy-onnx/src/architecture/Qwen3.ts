/**
 * Qwen 3: the layout of Llama, with every head of the queries and keys normalised before it is rotated:
 *
 *     x₀     = E[ids]
 *     h      = rmsNorm(x; g₁)
 *     q,k,v  = rmsNorm(h·Wqᵀ; gq), rmsNorm(h·Wkᵀ; gk), h·Wvᵀ          (norms over each head)
 *     a      = softmax(rope(q)·rope(k)ᵀ / √headSize + causal)·v
 *     x      = x + a·Woᵀ
 *     h      = rmsNorm(x; g₂)
 *     x      = x + (silu(h·Wgᵀ) ∘ (h·Wuᵀ))·Wdᵀ
 *     states = rmsNorm(x; g₃)
 *
 * Source: Yang et al. 2025 (arXiv:2505.09388).
 */
import type { Architecture } from "../architectures.ts"

export const qwen3: Architecture = (model) => {
  const { heads, keyValueHeads } = model.config
  const x = model.layers(model.embedded, (index, path, input) => {
    const attention = `${path}.self_attn`
    const h = model.rmsNorm(`${path}.input_layernorm`, input)
    const rotated = (name: "q" | "k", count: number) => {
      const projected = model.split(model.linear(`${attention}.${name}_proj`, h), count)
      return model.rotate(model.join(model.rmsNorm(`${attention}.${name}_norm`, projected)))
    }
    const v = model.linear(`${attention}.v_proj`, h)
    const a = model.attention(index, rotated("q", heads), rotated("k", keyValueHeads), v)
    const o = model.linear(`${attention}.o_proj`, model.wanted(index, a))
    const attended = model.add(model.wanted(index, input), o)
    const g = model.rmsNorm(`${path}.post_attention_layernorm`, attended)
    return model.add(attended, model.gatedFeedForward(`${path}.mlp`, g))
  })
  return model.rmsNorm("model.norm", x)
}
