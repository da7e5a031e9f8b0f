/** Text ⇄ token ids, as the `tokenizer.json` of a Hugging Face folder says. */
import * as HuggingFace from "@huggingface/tokenizers"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import { exactSplitting } from "./internal/exactSplitting.ts"
import { tokenText, TokenizerConfig, TokenizerJson } from "./internal/HuggingFaceTokenizer.ts"
import { tokenBytes } from "./internal/tokenBytes.ts"
import { readTokenizerSource } from "./internal/tokenizerSource.ts"
import { TokenizerError } from "./TokenizerError.ts"

/**
 * - `encode`: the ids of a text, without the tokens that a tokenizer puts around a whole sequence.
 *   Control tokens that are written out in the text become their ids.
 * - `encodeSequence`: the ids of a whole text, with the tokens that the tokenizer puts around it, such
 *   as a first one.
 * - `decode`: the text of ids, control tokens left out.
 * - `tokenId`: the id of one token.
 * - `addedTokens`: the ids of tokens that are always whole, whatever stands around them.
 * - `vocabularySize`: one more than the largest id.
 * - `tokenBytes()`: for each id the bytes of UTF-8 that it adds to a text that goes on, empty for
 *   special tokens and `undefined` where there is no token. Joined they are what `decode` gives, but
 *   for one space at the beginning of a text, which decoders of words leave out. They are views of
 *   one buffer, made on the first call.
 */
export interface Tokenizer {
  readonly encode: (text: string) => ReadonlyArray<number>
  readonly encodeSequence: (text: string) => ReadonlyArray<number>
  readonly decode: (ids: ReadonlyArray<number>) => string
  readonly tokenId: (token: string) => number | undefined
  readonly addedTokens: ReadonlySet<number>
  readonly vocabularySize: number
  readonly tokenBytes: () => ReadonlyArray<Uint8Array | undefined>
}

/**
 * Builds a tokenizer from the parsed JSON of `tokenizer.json` and `tokenizer_config.json`. `file` names
 * the former in errors.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { makeTokenizer } from "@sml/language-model"
 * import { Result } from "effect"
 *
 * const tokenizer = Result.getOrThrow(
 *   makeTokenizer(
 *     {
 *       added_tokens: [{ id: 0, content: "<end>", special: true }],
 *       pre_tokenizer: { type: "WhitespaceSplit" },
 *       model: { type: "WordLevel", vocab: { "<end>": 0, so: 1, far: 2 }, unk_token: "<end>" }
 *     },
 *     {},
 *     "tokenizer.json"
 *   )
 * )
 * assert.deepEqual(tokenizer.encode("so far <end>"), [1, 2, 0])
 * assert.equal(tokenizer.decode([1, 2, 0]), "so far")
 * ```
 */
export const makeTokenizer = (
  json: unknown,
  config: unknown,
  file: string
): Result.Result<Tokenizer, TokenizerError> => {
  const refuse = (problem: string) =>
    new TokenizerError({
      file,
      reason: `${file} does not describe a tokenizer that can be used here: ${problem}; copy it again from its source or choose another checkpoint.`
    })
  const decode = <A>(schema: Schema.Codec<A, unknown>, value: unknown) =>
    Result.mapError(Schema.decodeUnknownResult(schema)(value), (error) =>
      refuse(error.message.replace(/\s+/g, " ").trim())
    )
  return Result.gen(function* () {
    const {
      added_tokens: added = [],
      decoder,
      model,
      pre_tokenizer: splitting
    } = yield* decode(TokenizerJson, json)
    const { unk_token: configured } = yield* decode(TokenizerConfig, config)
    const unknownToken = model.unk_token ?? tokenText(configured)
    const tokenizer = yield* Result.try({
      try: () =>
        new HuggingFace.Tokenizer(
          {
            // hand-written files leave them out; the library insists on the keys
            added_tokens: [],
            normalizer: null,
            post_processor: null,
            decoder: null,
            ...Object(json),
            pre_tokenizer: exactSplitting(splitting) ?? null
          },
          // a word-level model reads its unknown token from here
          { ...Object(config), unk_token: unknownToken }
        ),
      catch: (cause) => refuse(cause instanceof Error ? cause.message : String(cause))
    })
    const special = new Set(added.filter((token) => token.special === true).map(({ id }) => id))
    const unknownId = unknownToken === undefined ? undefined : tokenizer.token_to_id(unknownToken)
    let vocabularySize = 0
    for (const id of tokenizer.get_vocab().values())
      vocabularySize = Math.max(vocabularySize, id + 1)
    const addedTokens = new Set(added.map(({ id }) => id))
    let bytes: ReadonlyArray<Uint8Array | undefined> | undefined
    const idsOf = (text: string, around: boolean) =>
      tokenizer
        .encode(text, { add_special_tokens: around })
        // the library leaves a hole where it knows no token
        .ids.flatMap((id: number | undefined) => id ?? unknownId ?? [])
    return {
      encode: (text) => idsOf(text, false),
      encodeSequence: (text) => idsOf(text, true),
      decode: (ids) => {
        const kept = ids.filter(
          // models have more rows than there are tokens
          (id) => !special.has(id) && tokenizer.id_to_token(id) !== undefined
        )
        // cleaning up would take the space before a full stop away
        return kept.length === 0
          ? ""
          : tokenizer.decode(kept, { clean_up_tokenization_spaces: false })
      },
      tokenId: (token) => tokenizer.token_to_id(token),
      addedTokens,
      vocabularySize,
      tokenBytes: () =>
        (bytes ??= tokenBytes({
          decoder,
          vocabulary: Array.from({ length: vocabularySize }, (_, id) => tokenizer.id_to_token(id)),
          added: addedTokens,
          special
        }))
    } satisfies Tokenizer
  })
}

/**
 * Reads `tokenizer.json` and, where there is one, `tokenizer_config.json` of a folder, or the tokenizer
 * that a `.gguf` file carries.
 */
export const readTokenizer = Effect.fn("Tokenizer.read")(function* (path: string) {
  const { config, tokenizer } = yield* readTokenizerSource(path)
  return yield* Effect.fromResult(makeTokenizer(tokenizer.json, config.json ?? {}, tokenizer.file))
})
