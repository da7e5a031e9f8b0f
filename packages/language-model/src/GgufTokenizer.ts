/** Text ⇄ token ids and the chat template, as a GGUF file carries them. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import { compileChatTemplate } from "./ChatTemplate.ts"
import { makeChatTokenizer } from "./ChatTokenizer.ts"
import { readGgufMetadata } from "./Checkpoint.ts"
import type { GgufValue } from "./Gguf.ts"
import type { Tokenizer } from "./Tokenizer.ts"
import { makeTokenizer } from "./Tokenizer.ts"
import { TokenizerError } from "./TokenizerError.ts"

const Id = Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(0)))

const Carried = Schema.Struct({
  "tokenizer.ggml.model": Schema.Literal("gpt2"),
  "tokenizer.ggml.pre": Schema.Literals(["gpt-2", "smollm"]),
  "tokenizer.ggml.tokens": Schema.Array(Schema.String),
  "tokenizer.ggml.token_type": Schema.Array(Schema.Int),
  "tokenizer.ggml.merges": Schema.Array(Schema.String),
  "tokenizer.ggml.bos_token_id": Schema.optionalKey(Id),
  "tokenizer.ggml.eos_token_id": Schema.optionalKey(Id),
  "tokenizer.ggml.eot_token_id": Schema.optionalKey(Id),
  "tokenizer.chat_template": Schema.optionalKey(Schema.String)
})

// llama.cpp's kinds of tokens that are always whole
const control = 3
const userDefined = 4

const refuse = (file: string, problem: string) =>
  new TokenizerError({
    file,
    reason: `${file} does not carry a tokenizer that can be used here: ${problem}; take the tokenizer.json of the model it was made from.`
  })

const carried = (metadata: ReadonlyMap<string, GgufValue>, file: string) =>
  Result.mapError(Schema.decodeUnknownResult(Carried)(Object.fromEntries(metadata)), (error) =>
    refuse(file, error.message.replace(/\s+/g, " ").trim().slice(0, 300))
  )

/**
 * The tokenizer that the metadata of a GGUF file describe: byte-level BPE with the splitting of GPT-2
 * (`tokenizer.ggml.pre` = `gpt-2`) or SmolLM (`smollm`). Fails with a sentence for any other.
 */
export const ggufTokenizer = (
  metadata: ReadonlyMap<string, GgufValue>,
  file: string
): Result.Result<Tokenizer, TokenizerError> =>
  Result.gen(function* () {
    const found = yield* carried(metadata, file)
    const tokens = found["tokenizer.ggml.tokens"]
    const types = found["tokenizer.ggml.token_type"]
    if (types.length !== tokens.length || new Set(tokens).size !== tokens.length) {
      return yield* Result.fail(refuse(file, "its tokens are not one of each, with a type"))
    }
    const merges = found["tokenizer.ggml.merges"].map((merge) => merge.split(" "))
    const odd = merges.findIndex((parts) => parts.length !== 2 || parts.includes(""))
    if (odd >= 0) return yield* Result.fail(refuse(file, `its merge ${odd} is not a pair`))
    const bytes = {
      type: "ByteLevel",
      add_prefix_space: false,
      trim_offsets: true,
      use_regex: true
    }
    return yield* makeTokenizer(
      {
        added_tokens: tokens.flatMap((content, id) =>
          types[id] === control || types[id] === userDefined
            ? [{ id, content, special: types[id] === control }]
            : []
        ),
        pre_tokenizer:
          found["tokenizer.ggml.pre"] === "smollm"
            ? {
                type: "Sequence",
                pretokenizers: [{ type: "Digits", individual_digits: true }, bytes]
              }
            : bytes,
        decoder: bytes,
        model: {
          type: "BPE",
          vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
          merges
        }
      },
      {},
      file
    )
  })

/**
 * Reads the tokenizer and the chat template that a GGUF file carries.
 *
 * @example
 * ```ts no-run
 * const chat = Layer.effect(ChatTokenizer, readGgufChatTokenizer("SmolLM2-135M-Instruct.Q4_1.gguf"))
 * ```
 */
export const readGgufChatTokenizer = Effect.fn("GgufTokenizer.read")(function* (file: string) {
  const metadata = yield* readGgufMetadata(file)
  const tokenizer = yield* Effect.fromResult(ggufTokenizer(metadata, file))
  const found = yield* Effect.fromResult(carried(metadata, file))
  const source = found["tokenizer.chat_template"]
  if (source === undefined) return yield* refuse(file, "it has no chat template")
  const tokens = found["tokenizer.ggml.tokens"]
  const bos = found["tokenizer.ggml.bos_token_id"]
  const eos = found["tokenizer.ggml.eos_token_id"]
  const template = yield* Effect.fromResult(
    compileChatTemplate({
      name: file,
      source,
      bosToken: bos === undefined ? undefined : tokens[bos],
      eosToken: eos === undefined ? undefined : tokens[eos]
    })
  )
  const ends = [eos, found["tokenizer.ggml.eot_token_id"]].filter((id) => id !== undefined)
  return yield* Effect.fromResult(makeChatTokenizer(tokenizer, template, ends))
})
