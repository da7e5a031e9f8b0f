/** The keys of `config.json` that decide what a decoder computes. Other keys are ignored. */
import * as Schema from "effect/Schema"

const optional = <S extends Schema.Constraint>(schema: S) =>
  Schema.optionalKey(Schema.NullOr(schema))

/** What turns positions into angles; numbers that the rope type does not use may be anything. */
export const RopeParameters = Schema.Struct({
  rope_theta: optional(Schema.Finite),
  rope_type: optional(Schema.String),
  // the older spelling of rope_type
  type: optional(Schema.String),
  factor: optional(Schema.Finite),
  low_freq_factor: optional(Schema.Finite),
  high_freq_factor: optional(Schema.Finite),
  original_max_position_embeddings: optional(Schema.Int),
  partial_rotary_factor: optional(Schema.Finite)
})

// transformers 5 may keep one set for each kind of layer
const Rope = Schema.Record(Schema.String, Schema.Unknown)

export const ModelType = Schema.Struct({ model_type: Schema.String })

export const HuggingFaceConfig = Schema.Struct({
  architectures: optional(Schema.Array(Schema.String)),
  model_type: Schema.String,
  vocab_size: Schema.Int,
  hidden_size: Schema.Int,
  intermediate_size: Schema.Int,
  num_hidden_layers: Schema.Int,
  num_attention_heads: Schema.Int,
  num_key_value_heads: optional(Schema.Int),
  head_dim: optional(Schema.Int),
  max_position_embeddings: optional(Schema.Int),
  original_max_position_embeddings: optional(Schema.Int),
  hidden_act: optional(Schema.String),
  rms_norm_eps: optional(Schema.Finite),
  rope_theta: optional(Schema.Finite),
  rope_parameters: optional(Rope),
  rope_scaling: optional(Rope),
  partial_rotary_factor: optional(Schema.Finite),
  use_sliding_window: optional(Schema.Boolean),
  sliding_window: optional(Schema.Int),
  max_window_layers: optional(Schema.Int),
  layer_types: optional(Schema.Array(Schema.String)),
  quantization_config: optional(Schema.Unknown),
  tie_word_embeddings: optional(Schema.Boolean),
  attention_bias: optional(Schema.Boolean),
  mlp_bias: optional(Schema.Boolean),
  bos_token_id: optional(Schema.Int),
  eos_token_id: optional(Schema.Union([Schema.Int, Schema.Array(Schema.Int)])),
  torch_dtype: optional(Schema.Unknown)
})
