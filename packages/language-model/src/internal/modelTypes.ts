/** The table of model families: a new one is a row here, and its mathematics in an engine. */

/** What a checkpoint of one `model_type` has, and means by what it leaves unsaid. */
interface Facts {
  /** What it computes as: a key of this table, and of every engine's table of architectures. */
  readonly family: string
  /** The class of transformers that such a checkpoint is written for. */
  readonly className: string
  /** What stands for a key of `config.json` that is absent; `null` follows from other keys. */
  readonly absent: {
    readonly contextLength: number
    readonly keyValueHeads: number | null
    readonly headSize: number | null
    readonly normEpsilon: number
    readonly ropeTheta: number
    readonly tiedEmbeddings: boolean
    readonly slidingWindow: number
  }
  /** Which projections of the attention carry a bias; `asStated`: all do where `attention_bias` is set. */
  readonly attentionBias: "none" | "queryKeyValue" | "all" | "asStated"
  /** Whether those of the feed-forward do; `asStated`: where `mlp_bias` is set. */
  readonly mlpBias: boolean | "asStated"
  /** Whether every head of the queries and keys has an RMSNorm. */
  readonly queryKeyNorm: boolean
  /**
   * - `switched`: `sliding_window` counts where `use_sliding_window` is set, or for the layers that
   *   `layer_types` name; else it counts whatever they say.
   * - `fromLayer`: what stands for an absent `max_window_layers`, the first layer with a window;
   *   `null`: the key has no meaning, and all layers have it.
   */
  readonly window: { readonly switched: boolean; readonly fromLayer: number | null }
  /** How llama.cpp keeps it; `null` where it does so under the name of another row. */
  readonly gguf: GgufArchitecture | null
}

/** What llama.cpp makes of a family. */
export interface GgufArchitecture {
  /** Its `general.architecture`, with which the names of its metadata begin. */
  readonly name: string
  /** Whether the rows of queries and keys are ordered for rotating neighbours. */
  readonly permuted: boolean
  /** The `tokenizer.ggml.pre` of a file that names none, if the file has the `token`. */
  readonly splitting: { readonly name: string; readonly token?: string }
}

// the same in all that are here; as all that is absent, the values of transformers 5.23
const usual = {
  keyValueHeads: null,
  headSize: null,
  normEpsilon: 1e-6,
  ropeTheta: 10_000,
  tiedEmbeddings: false,
  slidingWindow: 4096
}

const llama = {
  family: "llama",
  className: "LlamaForCausalLM",
  absent: { ...usual, contextLength: 2048 },
  attentionBias: "asStated",
  mlpBias: "asStated",
  queryKeyNorm: false,
  window: { switched: true, fromLayer: null },
  gguf: {
    name: "llama",
    permuted: true,
    splitting: { name: "llama-bpe", token: "<|begin_of_text|>" }
  }
} as const satisfies Facts

/** By `model_type`. */
export const modelTypes = {
  llama,
  qwen2: {
    family: "qwen2",
    className: "Qwen2ForCausalLM",
    absent: { ...usual, contextLength: 32_768, keyValueHeads: 32 },
    attentionBias: "queryKeyValue",
    mlpBias: false,
    queryKeyNorm: false,
    window: { switched: true, fromLayer: 28 },
    gguf: { name: "qwen2", permuted: false, splitting: { name: "qwen2" } }
  },
  qwen3: {
    family: "qwen3",
    className: "Qwen3ForCausalLM",
    absent: { ...usual, contextLength: 32_768, keyValueHeads: 32, headSize: 128 },
    attentionBias: "asStated",
    mlpBias: false,
    queryKeyNorm: true,
    window: { switched: true, fromLayer: 28 },
    gguf: { name: "qwen3", permuted: false, splitting: { name: "qwen2" } }
  },
  // without its window it is a Llama, and is written as one
  mistral: {
    ...llama,
    absent: { ...usual, contextLength: 131_072, keyValueHeads: 8 },
    attentionBias: "none",
    mlpBias: false,
    window: { switched: false, fromLayer: null },
    gguf: null
  }
} as const satisfies Readonly<Record<string, Facts>>

const rows = Object.values(modelTypes)

export type ModelFamily = (typeof rows)[number]["family"]

export type ModelTypeRow = Facts & { readonly family: ModelFamily }

/** Every family once. */
export const modelFamilies: ReadonlyArray<ModelFamily> = [...new Set(rows.map((row) => row.family))]

/** The rows by the `model_type` of a file, which may be any text. */
export const modelTypeNamed: ReadonlyMap<string, ModelTypeRow> = new Map<string, ModelTypeRow>(
  Object.entries(modelTypes)
)

/** The row, and what llama.cpp makes of it, of a `general.architecture`. */
export const ggufArchitectureNamed: ReadonlyMap<
  string,
  { readonly type: ModelTypeRow; readonly gguf: GgufArchitecture }
> = new Map(
  rows.flatMap((type) => (type.gguf === null ? [] : [[type.gguf.name, { type, gguf: type.gguf }]]))
)
