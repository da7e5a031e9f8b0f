/** The shape of a decoder, normalised from the `config.json` of Hugging Face's model families. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import { CheckpointError } from "./CheckpointError.ts"
import { HuggingFaceConfig, ModelType, RopeParameters } from "./internal/HuggingFaceConfig.ts"
import {
  modelFamilies,
  modelTypeNamed,
  modelTypes,
  type ModelTypeRow
} from "./internal/modelTypes.ts"

const Size = Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 1, maximum: 2 ** 24 })))
const Positive = Schema.Finite.pipe(Schema.check(Schema.isGreaterThan(0)))
const TokenId = Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(0)))

/**
 * Llama 3's stretching of rotary frequencies: wavelengths longer than
 * `originalContextLength / lowFrequencyFactor` are divided by `factor`, those shorter than
 * `originalContextLength / highFrequencyFactor` are kept, those between are interpolated.
 */
export const RopeScaling = Schema.Struct({
  factor: Positive,
  lowFrequencyFactor: Positive,
  highFrequencyFactor: Positive,
  originalContextLength: Size
})
export type RopeScaling = typeof RopeScaling.Type

/**
 * A decoder with rotary positions, RMSNorm and SwiGLU.
 *
 * - `family`: what it computes as, the `model_type` that a checkpoint of it is written with.
 * - `headSize`: width of one attention head; `heads` query heads share `keyValueHeads` key heads.
 * - `attentionBias`: which projections of the attention carry a bias.
 * - `queryKeyNorm`: an RMSNorm over each query and key head.
 * - `tiedEmbeddings`: the output head is the embedding matrix.
 * - `contextLength`: the longest stream, in tokens.
 */
export const ModelConfig = Schema.Struct({
  family: Schema.Literals(modelFamilies),
  vocabularySize: Size,
  contextLength: Size,
  hiddenSize: Size,
  intermediateSize: Size,
  layers: Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 1, maximum: 1024 }))),
  heads: Size,
  keyValueHeads: Size,
  headSize: Size,
  normEpsilon: Positive,
  ropeTheta: Positive,
  ropeScaling: Schema.optionalKey(RopeScaling),
  tiedEmbeddings: Schema.Boolean,
  attentionBias: Schema.Literals(["none", "queryKeyValue", "all"]),
  mlpBias: Schema.Boolean,
  queryKeyNorm: Schema.Boolean,
  bosTokenId: Schema.optionalKey(TokenId),
  eosTokenIds: Schema.Array(TokenId)
}).pipe(
  Schema.check(
    Schema.makeFilter((config) =>
      config.heads % config.keyValueHeads === 0
        ? undefined
        : `${config.heads} attention heads cannot share ${config.keyValueHeads} key-value heads`
    ),
    Schema.makeFilter((config) =>
      config.headSize % 2 === 0
        ? undefined
        : `rotary positions need an even head_dim, not ${config.headSize}`
    )
  )
)
export type ModelConfig = typeof ModelConfig.Type

/**
 * Decodes the parsed JSON of a `config.json` whose `model_type` is known here (see "Which
 * configurations" in the README). Keys that are absent have the value that transformers gives them.
 * Fails with a sentence that names `file` and the key when a key is missing or malformed, or asks for
 * something that this layout cannot express.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { Result } from "effect"
 * import { decodeModelConfig } from "@sml/language-model"
 *
 * const config = Result.getOrThrow(
 *   decodeModelConfig(
 *     {
 *       model_type: "llama",
 *       vocab_size: 80,
 *       hidden_size: 128,
 *       intermediate_size: 320,
 *       num_hidden_layers: 3,
 *       num_attention_heads: 4,
 *       num_key_value_heads: 2,
 *       max_position_embeddings: 512,
 *       rms_norm_eps: 1e-5,
 *       rope_parameters: { rope_theta: 10000, rope_type: "default" }
 *     },
 *     "config.json"
 *   )
 * )
 * assert.equal(config.headSize, 32)
 * ```
 */
export const decodeModelConfig = (
  json: unknown,
  file: string
): Result.Result<ModelConfig, CheckpointError> => {
  const refuse = (problem: string) =>
    Result.fail(
      new CheckpointError({
        file,
        reason: `${file} does not describe a decoder that can be run here: ${problem}; fix the file or choose another checkpoint.`
      })
    )
  // first, as other families have other keys
  const typed = Schema.decodeUnknownResult(ModelType)(json)
  if (Result.isFailure(typed)) return refuse(oneLine(typed.failure.message))
  const type = modelTypeNamed.get(typed.success.model_type)
  if (type === undefined) {
    return refuse(
      `its model_type is ${JSON.stringify(typed.success.model_type)}, not one of ${[...modelTypeNamed.keys()].join(", ")}`
    )
  }
  const decoded = Schema.decodeUnknownResult(HuggingFaceConfig)(json)
  if (Result.isFailure(decoded)) return refuse(oneLine(decoded.failure.message))
  const raw = decoded.success
  const { absent } = type
  if (typeof raw.hidden_act === "string" && !/^(silu|swish)$/.test(raw.hidden_act)) {
    return refuse(`its hidden_act is ${JSON.stringify(raw.hidden_act)}, not "silu"`)
  }
  if (raw.quantization_config !== undefined && raw.quantization_config !== null) {
    return refuse("its weights are quantised (quantization_config)")
  }
  const contextLength = raw.max_position_embeddings ?? absent.contextLength
  const window = slidingWindow(raw, type, contextLength)
  if (window !== undefined) return refuse(window)
  const rope = ropeOf(raw)
  if (Result.isFailure(rope)) return refuse(rope.failure)
  const { parameters, type: ropeType } = rope.success
  const keyValueHeads =
    raw.num_key_value_heads === undefined ? absent.keyValueHeads : raw.num_key_value_heads
  const headSize = raw.head_dim === undefined ? absent.headSize : raw.head_dim
  const normalised = Schema.decodeUnknownResult(ModelConfig)({
    family: type.family,
    vocabularySize: raw.vocab_size,
    contextLength,
    hiddenSize: raw.hidden_size,
    intermediateSize: raw.intermediate_size,
    layers: raw.num_hidden_layers,
    heads: raw.num_attention_heads,
    keyValueHeads: keyValueHeads ?? raw.num_attention_heads,
    headSize: headSize ?? raw.hidden_size / raw.num_attention_heads,
    normEpsilon: raw.rms_norm_eps ?? absent.normEpsilon,
    ropeTheta: parameters.rope_theta ?? raw.rope_theta ?? absent.ropeTheta,
    ...(ropeType === "llama3" && {
      ropeScaling: {
        factor: parameters.factor,
        lowFrequencyFactor: parameters.low_freq_factor,
        highFrequencyFactor: parameters.high_freq_factor,
        originalContextLength:
          raw.original_max_position_embeddings ??
          parameters.original_max_position_embeddings ??
          contextLength
      }
    }),
    tiedEmbeddings: raw.tie_word_embeddings ?? absent.tiedEmbeddings,
    attentionBias:
      type.attentionBias === "asStated"
        ? raw.attention_bias === true
          ? "all"
          : "none"
        : type.attentionBias,
    mlpBias: type.mlpBias === "asStated" ? raw.mlp_bias === true : type.mlpBias,
    queryKeyNorm: type.queryKeyNorm,
    ...(typeof raw.bos_token_id === "number" && { bosTokenId: raw.bos_token_id }),
    eosTokenIds:
      typeof raw.eos_token_id === "number" ? [raw.eos_token_id] : (raw.eos_token_id ?? [])
  })
  return Result.isFailure(normalised)
    ? refuse(oneLine(normalised.failure.message))
    : Result.succeed(normalised.success)
}

/** Why some layer does not see the whole context, if that is so. */
const slidingWindow = (
  raw: typeof HuggingFaceConfig.Type,
  type: ModelTypeRow,
  contextLength: number
): string | undefined => {
  const strange = raw.layer_types?.find((kind) => !/^(full|sliding)_attention$/.test(kind))
  if (strange !== undefined) return `its layer_types have ${JSON.stringify(strange)}`
  const window = raw.sliding_window === undefined ? type.absent.slidingWindow : raw.sliding_window
  // as long as the context, a window hides nothing
  const hides = window !== null && window < contextLength
  if (!type.window.switched) {
    return hides ? `its sliding_window is ${window}, not null` : undefined
  }
  if (raw.layer_types?.includes("sliding_attention") === true) {
    return 'its layer_types have "sliding_attention"'
  }
  const isFull = raw.layer_types !== undefined && raw.layer_types !== null
  const { fromLayer } = type.window
  const isFrom = fromLayer === null ? 0 : (raw.max_window_layers ?? fromLayer)
  return raw.use_sliding_window === true && hides && !isFull && isFrom < raw.num_hidden_layers
    ? "use_sliding_window is set"
    : undefined
}

/** The settings of the rotary positions, or what is wrong with them. */
const ropeOf = (
  raw: typeof HuggingFaceConfig.Type
): Result.Result<
  { readonly parameters: typeof RopeParameters.Type; readonly type: "default" | "llama3" },
  string
> => {
  // where a file has both, transformers takes the older one
  const scaling = raw.rope_scaling ?? {}
  const both: Readonly<Record<string, unknown>> =
    Object.keys(scaling).length > 0 ? scaling : (raw.rope_parameters ?? {})
  const perLayer = Object.keys(both).some((key) => key.endsWith("_attention"))
  const chosen = perLayer ? both["full_attention"] : both
  const decoded = Schema.decodeUnknownResult(RopeParameters)(chosen)
  if (Result.isFailure(decoded)) return Result.fail(oneLine(decoded.failure.message))
  const parameters = decoded.success
  if ((parameters.partial_rotary_factor ?? raw.partial_rotary_factor ?? 1) !== 1) {
    return Result.fail("partial_rotary_factor is not 1")
  }
  const type = parameters.rope_type ?? parameters.type ?? "default"
  return type === "default" || type === "llama3"
    ? Result.succeed({ parameters, type })
    : Result.fail(`the rope type ${JSON.stringify(type)} is not one of "default" and "llama3"`)
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim()

/** The `config.json` of a model, as transformers reads it. The inverse of {@link decodeModelConfig}. */
export const encodeModelConfig = (config: ModelConfig): typeof HuggingFaceConfig.Encoded => ({
  architectures: [modelTypes[config.family].className],
  model_type: config.family,
  vocab_size: config.vocabularySize,
  hidden_size: config.hiddenSize,
  intermediate_size: config.intermediateSize,
  num_hidden_layers: config.layers,
  num_attention_heads: config.heads,
  num_key_value_heads: config.keyValueHeads,
  head_dim: config.headSize,
  max_position_embeddings: config.contextLength,
  hidden_act: "silu",
  rms_norm_eps: config.normEpsilon,
  rope_theta: config.ropeTheta,
  rope_parameters:
    config.ropeScaling === undefined
      ? { rope_type: "default", rope_theta: config.ropeTheta }
      : {
          rope_type: "llama3",
          rope_theta: config.ropeTheta,
          factor: config.ropeScaling.factor,
          low_freq_factor: config.ropeScaling.lowFrequencyFactor,
          high_freq_factor: config.ropeScaling.highFrequencyFactor,
          original_max_position_embeddings: config.ropeScaling.originalContextLength
        },
  tie_word_embeddings: config.tiedEmbeddings,
  attention_bias: config.attentionBias !== "none",
  mlp_bias: config.mlpBias,
  bos_token_id: config.bosTokenId ?? null,
  // one id, several, or none at all
  eos_token_id:
    config.eosTokenIds.length > 1 ? config.eosTokenIds : (config.eosTokenIds[0] ?? null),
  torch_dtype: "float32"
})

/**
 * Name and shape of every weight of a model, in the order embedding, layers, final norm, head, under
 * the names that Hugging Face checkpoints use. Matrices are `[out, in]`.
 */
export const tensorShapes = (config: ModelConfig): ReadonlyMap<string, ReadonlyArray<number>> => {
  const shapes = new Map<string, ReadonlyArray<number>>()
  const { headSize, hiddenSize, intermediateSize } = config
  const queries = config.heads * headSize
  const keys = config.keyValueHeads * headSize
  const linear = (name: string, outputs: number, inputs: number, bias: boolean) => {
    shapes.set(`${name}.weight`, [outputs, inputs])
    if (bias) shapes.set(`${name}.bias`, [outputs])
  }
  shapes.set("model.embed_tokens.weight", [config.vocabularySize, hiddenSize])
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `model.layers.${layer}`
    shapes.set(`${at}.input_layernorm.weight`, [hiddenSize])
    linear(`${at}.self_attn.q_proj`, queries, hiddenSize, config.attentionBias !== "none")
    linear(`${at}.self_attn.k_proj`, keys, hiddenSize, config.attentionBias !== "none")
    linear(`${at}.self_attn.v_proj`, keys, hiddenSize, config.attentionBias !== "none")
    linear(`${at}.self_attn.o_proj`, hiddenSize, queries, config.attentionBias === "all")
    if (config.queryKeyNorm) {
      shapes.set(`${at}.self_attn.q_norm.weight`, [headSize])
      shapes.set(`${at}.self_attn.k_norm.weight`, [headSize])
    }
    shapes.set(`${at}.post_attention_layernorm.weight`, [hiddenSize])
    linear(`${at}.mlp.gate_proj`, intermediateSize, hiddenSize, config.mlpBias)
    linear(`${at}.mlp.up_proj`, intermediateSize, hiddenSize, config.mlpBias)
    linear(`${at}.mlp.down_proj`, hiddenSize, intermediateSize, config.mlpBias)
  }
  shapes.set("model.norm.weight", [hiddenSize])
  if (!config.tiedEmbeddings) shapes.set("lm_head.weight", [config.vocabularySize, hiddenSize])
  return shapes
}

/**
 * Number of weights of a model, tied ones counted once.
 *
 * @example
 * ```ts no-run
 * const megabytes = (4 * parameterCount(config)) / 2 ** 20
 * ```
 */
export const parameterCount = (config: ModelConfig): number =>
  [...tensorShapes(config).values()].reduce(
    (total, shape) => total + shape.reduce((a, b) => a * b, 1),
    0
  )
