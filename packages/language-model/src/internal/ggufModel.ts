/** llama.cpp's names, metadata and layout of a decoder, turned into those of Hugging Face. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import { CheckpointError } from "../CheckpointError.ts"
import type { Gguf } from "../Gguf.ts"
import { ModelConfig, type RopeScaling } from "../ModelConfig.ts"
import type { Tensor } from "../Safetensors.ts"
import { ggufArchitectureNamed } from "./modelTypes.ts"

const wholeNames: ReadonlyMap<string, string> = new Map([
  ["token_embd", "model.embed_tokens"],
  ["output_norm", "model.norm"],
  ["output", "lm_head"]
])

const layerNames: ReadonlyMap<string, string> = new Map([
  ["attn_norm", "input_layernorm"],
  ["attn_q", "self_attn.q_proj"],
  ["attn_k", "self_attn.k_proj"],
  ["attn_v", "self_attn.v_proj"],
  ["attn_output", "self_attn.o_proj"],
  ["attn_q_norm", "self_attn.q_norm"],
  ["attn_k_norm", "self_attn.k_norm"],
  ["ffn_norm", "post_attention_layernorm"],
  ["ffn_gate", "mlp.gate_proj"],
  ["ffn_up", "mlp.up_proj"],
  ["ffn_down", "mlp.down_proj"]
])

// a divisor for each rotary frequency, which Hugging Face computes from its configuration
const frequencyDivisors = "rope_freqs.weight"

const huggingFaceName = (name: string): string => {
  const [, layer, part, kind] = /^(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)$/.exec(name) ?? []
  const found = (layer === undefined ? wholeNames : layerNames).get(part ?? "")
  if (found === undefined) return name
  return layer === undefined ? `${found}.${kind}` : `model.layers.${layer}.${found}.${kind}`
}

/**
 * Where llama.cpp rotates neighbouring elements, Hugging Face does element i with i + headSize / 2:
 * the rows of each head stand in another order.
 */
const unpermuted = ({ data, shape }: Tensor, headSize: number): Tensor => {
  const rows = shape[0] ?? 0
  const width = data.length / rows
  const out = new Float32Array(data.length)
  for (let row = 0; row < rows; row++) {
    const within = row % headSize
    const to = row - within + (within % 2) * (headSize / 2) + Math.floor(within / 2)
    out.set(data.subarray(row * width, (row + 1) * width), to * width)
  }
  return { shape, data: out }
}

const divisors = (scaling: RopeScaling, theta: number, headSize: number): ReadonlyArray<number> =>
  Array.from({ length: headSize / 2 }, (_, i) => {
    const wavelength = 2 * Math.PI * theta ** ((2 * i) / headSize)
    const turns = scaling.originalContextLength / wavelength
    if (turns < scaling.lowFrequencyFactor) return scaling.factor
    if (turns > scaling.highFrequencyFactor) return 1
    const keep =
      (turns - scaling.lowFrequencyFactor) /
      (scaling.highFrequencyFactor - scaling.lowFrequencyFactor)
    return 1 / ((1 - keep) / scaling.factor + keep)
  })

// the file keeps the divisors but not the settings they came from; all releases of Llama 3.1 to 3.3
// have these, with a factor of 8 or 32
const ropeScalingOf = (
  found: Float32Array,
  theta: number,
  headSize: number
): RopeScaling | undefined => {
  // the size of a head is not checked yet, that of the array is
  if (found.length !== headSize / 2) return undefined
  const scaling: RopeScaling = {
    factor: found.reduce((most, x) => Math.max(most, x), 0),
    lowFrequencyFactor: 1,
    highFrequencyFactor: 4,
    originalContextLength: 8192
  }
  const expected = divisors(scaling, theta, headSize)
  return expected.every((x, i) => Math.abs((found[i] ?? NaN) / x - 1) < 1e-4) ? scaling : undefined
}

const anyOf = new Intl.ListFormat("en-GB", { type: "disjunction" })

/** A model's file in Hugging Face's terms; `makeCheckpoint` has still to compare the two. */
export const ggufModel = (
  { metadata, tensors }: Gguf,
  file: string
): Result.Result<
  { readonly config: ModelConfig; readonly tensors: ReadonlyMap<string, Tensor> },
  CheckpointError
> => {
  const refuse = (problem: string, tensor?: string) =>
    Result.fail(
      new CheckpointError({
        file,
        ...(tensor !== undefined && { tensor }),
        reason: `${file} does not hold a decoder that can be run here: ${problem}; choose another checkpoint.`
      })
    )
  const architecture = metadata.get("general.architecture")
  const known =
    typeof architecture === "string" ? ggufArchitectureNamed.get(architecture) : undefined
  if (known === undefined) {
    const names = Array.from(ggufArchitectureNamed.keys(), (name) => JSON.stringify(name))
    return refuse(
      `its general.architecture is ${JSON.stringify(String(architecture))}, not ${anyOf.format(names)}`
    )
  }
  const { type, gguf } = known
  const faults: Array<string> = []
  const number = (key: string): number | undefined => {
    const value = metadata.get(key)
    if (typeof value === "number") return value
    if (typeof value === "bigint") return Number(value)
    if (value !== undefined) faults.push(`its ${key} is not one number`)
    return undefined
  }
  const own = (key: string): number | undefined => number(`${gguf.name}.${key}`)
  const needed = (key: string): number => {
    const value = own(key)
    if (value === undefined && faults.length === 0)
      faults.push(`its ${gguf.name}.${key} is missing`)
    return value ?? 0
  }
  const hiddenSize = needed("embedding_length")
  const heads = needed("attention.head_count")
  const rotated = own("rope.dimension_count")
  const headSize = own("attention.key_length") ?? rotated ?? hiddenSize / heads
  const ropeTheta = own("rope.freq_base") ?? 10_000
  const scalingType = metadata.get(`${gguf.name}.rope.scaling.type`) ?? "none"
  const scales = [own("rope.scaling.factor") ?? 1, own("rope.scale_linear") ?? 1]
  if (
    (rotated ?? headSize) !== headSize ||
    (own("attention.value_length") ?? headSize) !== headSize
  ) {
    faults.push("its keys, values and rotary positions differ in size")
  }
  if (scalingType !== "none" || scales.some((scale) => scale !== 1)) {
    faults.push(`its rotary positions are scaled (${String(scalingType)})`)
  }
  if ((own("expert_count") ?? 0) > 0) faults.push("it is a mixture of experts")
  const ends = [number("tokenizer.ggml.eos_token_id"), number("tokenizer.ggml.eot_token_id")]
  const bos = number("tokenizer.ggml.bos_token_id")
  const embedding = tensors.get("token_embd.weight")
  const normalised = {
    family: type.family,
    vocabularySize: own("vocab_size") ?? embedding?.shape[0] ?? 0,
    contextLength: needed("context_length"),
    hiddenSize,
    intermediateSize: needed("feed_forward_length"),
    layers: needed("block_count"),
    heads,
    keyValueHeads: own("attention.head_count_kv") ?? heads,
    headSize,
    normEpsilon: needed("attention.layer_norm_rms_epsilon"),
    ropeTheta,
    tiedEmbeddings: !tensors.has("output.weight"),
    attentionBias: tensors.has("blk.0.attn_output.bias")
      ? "all"
      : type.attentionBias === "queryKeyValue" || tensors.has("blk.0.attn_q.bias")
        ? "queryKeyValue"
        : "none",
    mlpBias: tensors.has("blk.0.ffn_up.bias"),
    queryKeyNorm: type.queryKeyNorm,
    ...(bos !== undefined && { bosTokenId: bos }),
    eosTokenIds: [...new Set(ends.filter((id) => id !== undefined))]
  }
  if (faults[0] !== undefined) return refuse(faults[0])
  const freqs = tensors.get(frequencyDivisors)
  const ropeScaling = freqs && ropeScalingOf(freqs.data, ropeTheta, headSize)
  if (freqs !== undefined && ropeScaling === undefined) {
    return refuse(
      `its rotary frequencies are not those of Llama 3.1 to 3.3 ("${frequencyDivisors}")`,
      frequencyDivisors
    )
  }
  const decoded = Schema.decodeUnknownResult(ModelConfig)({
    ...normalised,
    ...(ropeScaling !== undefined && { ropeScaling })
  })
  if (Result.isFailure(decoded)) {
    return refuse(`its metadata are wrong (${decoded.failure.message.replace(/\s+/g, " ").trim()})`)
  }
  const renamed = new Map<string, Tensor>()
  for (const [name, tensor] of tensors) {
    if (name === frequencyDivisors) continue
    const permuted = gguf.permuted && /^blk\.\d+\.attn_[qk]\.(weight|bias)$/.test(name)
    if (permuted && (tensor.shape[0] ?? 0) % headSize !== 0) {
      return refuse(`the tensor "${name}" [${tensor.shape.join(", ")}] has no whole heads`, name)
    }
    renamed.set(huggingFaceName(name), permuted ? unpermuted(tensor, headSize) : tensor)
  }
  return Result.succeed({ config: decoded.success, tensors: renamed })
}
