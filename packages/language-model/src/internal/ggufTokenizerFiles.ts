/** The tokenizer files of a Hugging Face folder, made of what a GGUF file carries. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import type { GgufValue } from "../Gguf.ts"
import { TokenizerError } from "../TokenizerError.ts"
import { ggufArchitectureNamed } from "./modelTypes.ts"
import { scoredMerges } from "./scoredMerges.ts"

/** Parsed JSON, as it stands in the files of that name. */
export interface TokenizerFiles {
  readonly tokenizer: Readonly<Record<string, unknown>>
  readonly config: Readonly<Record<string, unknown>>
}

const Id = Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(0)))

const Carried = Schema.Struct({
  "general.architecture": Schema.optionalKey(Schema.String),
  "tokenizer.ggml.model": Schema.Literals(["gpt2", "llama"]),
  "tokenizer.ggml.pre": Schema.optionalKey(Schema.String),
  "tokenizer.ggml.tokens": Schema.Array(Schema.String),
  "tokenizer.ggml.token_type": Schema.Array(Schema.Int),
  "tokenizer.ggml.merges": Schema.optionalKey(Schema.Array(Schema.String)),
  "tokenizer.ggml.scores": Schema.optionalKey(Schema.Array(Schema.Finite)),
  "tokenizer.ggml.bos_token_id": Schema.optionalKey(Id),
  "tokenizer.ggml.eos_token_id": Schema.optionalKey(Id),
  "tokenizer.ggml.eot_token_id": Schema.optionalKey(Id),
  "tokenizer.ggml.unknown_token_id": Schema.optionalKey(Id),
  "tokenizer.ggml.padding_token_id": Schema.optionalKey(Id),
  "tokenizer.ggml.add_bos_token": Schema.optionalKey(Schema.Boolean),
  "tokenizer.ggml.add_eos_token": Schema.optionalKey(Schema.Boolean),
  "tokenizer.ggml.add_space_prefix": Schema.optionalKey(Schema.Boolean),
  "tokenizer.ggml.remove_extra_whitespaces": Schema.optionalKey(Schema.Literal(false)),
  "tokenizer.chat_template": Schema.optionalKey(Schema.String)
})
type Carried = typeof Carried.Type

// llama.cpp's kinds of tokens
const unknown = 2
const control = 3
const userDefined = 4
const unused = 5
const byte = 6

const byteLevel = (useRegex: boolean) => ({
  type: "ByteLevel",
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: useRegex
})

const splitBy = (pattern: string) => ({
  type: "Sequence",
  pretokenizers: [
    { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false },
    byteLevel(false)
  ]
})

const words = (digits: string) =>
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" +
  `${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`

interface Splitting {
  readonly normalizer: unknown
  readonly preTokenizer: unknown
  /** A text that is one token is not put together from merges. */
  readonly ignoreMerges: boolean
  /** Whether a sequence begins with the token of that name, where the file does not say it. */
  readonly beginsWithBos: boolean
}

const gpt2: Splitting = {
  normalizer: null,
  preTokenizer: byteLevel(true),
  ignoreMerges: false,
  beginsWithBos: false
}
const smollm: Splitting = {
  ...gpt2,
  preTokenizer: {
    type: "Sequence",
    pretokenizers: [{ type: "Digits", individual_digits: true }, byteLevel(true)]
  }
}
const qwen2: Splitting = {
  ...gpt2,
  // llama.cpp leaves this out; the models were trained with it
  normalizer: { type: "NFC" },
  preTokenizer: splitBy(words("\\p{N}"))
}
const llama3: Splitting = {
  ...gpt2,
  preTokenizer: splitBy(words("\\p{N}{1,3}")),
  ignoreMerges: true,
  beginsWithBos: true
}

// names that llama.cpp treats alike (llama-vocab.cpp)
const splittings: ReadonlyMap<string, Splitting> = new Map([
  ["gpt-2", gpt2],
  ["smollm", smollm],
  ["qwen2", qwen2],
  ["deepseek-r1-qwen", qwen2],
  ["llama-bpe", llama3],
  ["llama3", llama3],
  ["llama-v3", llama3],
  ["falcon3", llama3]
])

// files of before May 2024 do not name their splitting; transformers knows it by the architecture
const splittingOf = (found: Carried): Splitting | undefined => {
  const named = found["tokenizer.ggml.pre"]
  if (named !== undefined && named !== "default") return splittings.get(named)
  const usual = ggufArchitectureNamed.get(found["general.architecture"] ?? "")?.gguf.splitting
  if (usual === undefined) return undefined
  const hasToken = usual.token === undefined || found["tokenizer.ggml.tokens"].includes(usual.token)
  return hasToken ? splittings.get(usual.name) : undefined
}

const lengthen = (
  found: Carried,
  beginsWithBos: boolean
): { readonly begin: number | undefined; readonly end: number | undefined } => ({
  begin:
    (found["tokenizer.ggml.add_bos_token"] ?? beginsWithBos)
      ? found["tokenizer.ggml.bos_token_id"]
      : undefined,
  end:
    found["tokenizer.ggml.add_eos_token"] === true
      ? found["tokenizer.ggml.eos_token_id"]
      : undefined
})

// what is put around a whole sequence
const postProcessor = (tokens: ReadonlyArray<string>, around: ReturnType<typeof lengthen>) => {
  const special = (id: number | undefined, type: number) =>
    id === undefined ? [] : [{ SpecialToken: { id: tokens[id], type_id: type } }]
  const sequence = (id: string, type: number) => [
    ...special(around.begin, type),
    { Sequence: { id, type_id: type } },
    ...special(around.end, type)
  ]
  const used = [around.begin, around.end].filter((id) => id !== undefined)
  if (used.length === 0) return null
  return {
    type: "TemplateProcessing",
    single: sequence("A", 0),
    pair: [...sequence("A", 0), ...sequence("B", 1)],
    special_tokens: Object.fromEntries(
      used.map((id) => [tokens[id], { id: tokens[id], ids: [id], tokens: [tokens[id]] }])
    )
  }
}

const filesOf = (
  found: Carried,
  refuse: (problem: string) => TokenizerError
): Result.Result<TokenizerFiles, TokenizerError> =>
  Result.gen(function* () {
    const tokens = found["tokenizer.ggml.tokens"]
    const types = found["tokenizer.ggml.token_type"]
    if (types.length !== tokens.length || new Set(tokens).size !== tokens.length) {
      return yield* Result.fail(refuse("its tokens are not one of each, with a type"))
    }
    const named = (key: keyof Carried & `tokenizer.ggml.${string}_token_id`) => {
      const id = found[key]
      if (id === undefined) return Result.succeed(undefined)
      const token = tokens[id]
      return token === undefined
        ? Result.fail(refuse(`its ${key} is ${id} of ${tokens.length} tokens`))
        : Result.succeed(token)
    }
    const bos = yield* named("tokenizer.ggml.bos_token_id")
    const eos = yield* named("tokenizer.ggml.eos_token_id")
    const pad = yield* named("tokenizer.ggml.padding_token_id")
    const unk = yield* named("tokenizer.ggml.unknown_token_id")
    yield* named("tokenizer.ggml.eot_token_id")
    // models have more rows than tokens; llama.cpp names the rest so
    const isPadding = (token: string, id: number) => types[id] === unused && token === `[PAD${id}]`
    const vocab = Object.fromEntries(
      tokens.flatMap((token, id): Array<[string, number]> =>
        isPadding(token, id) ? [] : [[token, id]]
      )
    )
    const sentencePiece = found["tokenizer.ggml.model"] === "llama"
    const added = tokens.flatMap((content, id) => {
      const type = types[id]
      const special = type === control || (sentencePiece && type === unknown)
      return special || type === userDefined
        ? [
            {
              id,
              content,
              single_word: false,
              lstrip: false,
              rstrip: false,
              normalized: false,
              special
            }
          ]
        : []
    })
    const parts = yield* sentencePiece ? scored(found, unk, refuse) : paired(found, refuse)
    const around = lengthen(found, parts.beginsWithBos)
    return {
      tokenizer: {
        version: "1.0",
        truncation: null,
        padding: null,
        added_tokens: added,
        normalizer: parts.normalizer,
        pre_tokenizer: parts.preTokenizer,
        post_processor: postProcessor(tokens, around),
        decoder: parts.decoder,
        model: {
          type: "BPE",
          dropout: null,
          continuing_subword_prefix: null,
          end_of_word_suffix: null,
          ...parts.model,
          vocab,
          merges: parts.merges
        }
      },
      config: {
        tokenizer_class: "PreTrainedTokenizerFast",
        clean_up_tokenization_spaces: false,
        add_bos_token: around.begin !== undefined,
        add_eos_token: around.end !== undefined,
        ...(bos !== undefined && { bos_token: bos }),
        ...(eos !== undefined && { eos_token: eos }),
        ...(pad !== undefined && { pad_token: pad }),
        ...(unk !== undefined && { unk_token: unk }),
        ...(found["tokenizer.chat_template"] !== undefined && {
          chat_template: found["tokenizer.chat_template"]
        })
      }
    }
  })

interface Parts extends Omit<Splitting, "ignoreMerges"> {
  readonly decoder: unknown
  readonly model: Readonly<Record<string, unknown>>
  readonly merges: ReadonlyArray<readonly [string, string]>
}

// byte-level BPE: the merges stand in the file
const paired = (
  found: Carried,
  refuse: (problem: string) => TokenizerError
): Result.Result<Parts, TokenizerError> => {
  const splitting = splittingOf(found)
  if (splitting === undefined) {
    const name = found["tokenizer.ggml.pre"]
    return Result.fail(
      refuse(
        `its tokenizer.ggml.pre ${name === undefined ? "is missing" : `is ${JSON.stringify(name)}`}, not one of ${[...splittings.keys()].join(", ")}`
      )
    )
  }
  const merges: Array<readonly [string, string]> = []
  for (const merge of found["tokenizer.ggml.merges"] ?? []) {
    const [left, right, ...more] = merge.split(" ")
    if (!left || !right || more.length > 0) {
      return Result.fail(refuse(`its merge ${merges.length} is not a pair`))
    }
    merges.push([left, right])
  }
  const { ignoreMerges, ...rest } = splitting
  return Result.succeed({
    ...rest,
    decoder: byteLevel(true),
    model: { unk_token: null, fuse_unk: false, byte_fallback: false, ignore_merges: ignoreMerges },
    merges
  })
}

// SentencePiece: the merges follow from the scores
const scored = (
  found: Carried,
  unknownToken: string | undefined,
  refuse: (problem: string) => TokenizerError
): Result.Result<Parts, TokenizerError> => {
  const tokens = found["tokenizer.ggml.tokens"]
  const scores = found["tokenizer.ggml.scores"] ?? []
  if (scores.length !== tokens.length) {
    return Result.fail(refuse(`it has ${scores.length} scores for ${tokens.length} tokens`))
  }
  const types = found["tokenizer.ggml.token_type"]
  const merges = scoredMerges(
    tokens,
    scores,
    tokens.map((_, id) => types[id] === 1)
  )
  if (merges === undefined) return Result.fail(refuse("its tokens are too long"))
  const hasBytes = types.includes(byte)
  return Result.succeed({
    normalizer: {
      type: "Sequence",
      normalizers: [
        ...(found["tokenizer.ggml.add_space_prefix"] === false
          ? []
          : [{ type: "Prepend", prepend: "▁" }]),
        { type: "Replace", pattern: { String: " " }, content: "▁" }
      ]
    },
    preTokenizer: null,
    beginsWithBos: true,
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "▁" }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        ...(found["tokenizer.ggml.add_space_prefix"] === false
          ? []
          : [{ type: "Strip", content: " ", start: 1, stop: 0 }])
      ]
    },
    model: {
      unk_token: unknownToken ?? null,
      fuse_unk: true,
      byte_fallback: hasBytes,
      ignore_merges: false
    },
    merges
  })
}

/** Whether the metadata of a file speak of a tokenizer at all. */
export const carriesTokenizer = (metadata: ReadonlyMap<string, GgufValue>): boolean =>
  metadata.has("tokenizer.ggml.model")

/** Fails with a sentence when the file's tokenizer is none that can be written so. */
export const ggufTokenizerFiles = (
  metadata: ReadonlyMap<string, GgufValue>,
  file: string
): Result.Result<TokenizerFiles, TokenizerError> => {
  const refuse = (problem: string) =>
    new TokenizerError({
      file,
      reason: `${file} does not carry a tokenizer that can be used here: ${problem}; take the tokenizer.json of the model it was made from.`
    })
  return Result.flatMap(
    Result.mapError(Schema.decodeUnknownResult(Carried)(Object.fromEntries(metadata)), (error) =>
      refuse(error.message.replace(/\s+/g, " ").trim().slice(0, 300))
    ),
    (found) => filesOf(found, refuse)
  )
}
