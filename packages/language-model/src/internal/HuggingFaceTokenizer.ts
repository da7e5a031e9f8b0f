/** The parts of a Hugging Face folder's tokenizer files that are read here. */
import * as Schema from "effect/Schema"

// the library makes room for every id up to the largest
const TokenId = Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 24 })))

const AddedToken = Schema.Struct({ content: Schema.String })

const Token = Schema.optionalKey(Schema.NullOr(Schema.Union([Schema.String, AddedToken])))

/** `tokenizer.json`; what is not named here is passed on to the tokenizer library. */
export const TokenizerJson = Schema.Struct({
  added_tokens: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        id: TokenId,
        content: Schema.NonEmptyString,
        special: Schema.optionalKey(Schema.Boolean)
      })
    )
  ),
  decoder: Schema.optionalKey(Schema.Unknown),
  pre_tokenizer: Schema.optionalKey(Schema.Unknown),
  model: Schema.Struct({
    // files of before 2020 do not name it
    type: Schema.optionalKey(Schema.Literals(["BPE", "Unigram", "WordPiece", "WordLevel"])),
    vocab: Schema.Union([Schema.Record(Schema.String, TokenId), Schema.Array(Schema.Unknown)]),
    unk_token: Schema.optionalKey(Schema.NullOr(Schema.String))
  })
})

/** `tokenizer_config.json`. */
export const TokenizerConfig = Schema.Struct({
  bos_token: Token,
  eos_token: Token,
  pad_token: Token,
  unk_token: Token,
  chat_template: Schema.optionalKey(
    Schema.NullOr(
      Schema.Union([
        Schema.String,
        Schema.Array(Schema.Struct({ name: Schema.String, template: Schema.String }))
      ])
    )
  )
})
export type TokenizerConfig = typeof TokenizerConfig.Type

const between = (minimum: number, maximum: number) =>
  Schema.optionalKey(
    Schema.NullOr(Schema.Finite.pipe(Schema.check(Schema.isBetween({ minimum, maximum }))))
  )

/** `generation_config.json`. */
export const GenerationConfig = Schema.Struct({
  eos_token_id: Schema.optionalKey(Schema.NullOr(Schema.Union([TokenId, Schema.Array(TokenId)]))),
  do_sample: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  temperature: between(0, 1000),
  top_k: Schema.optionalKey(Schema.NullOr(TokenId)),
  top_p: between(0, 1),
  min_p: between(0, 1)
})

/** The text of a token that a configuration gives as a string or as an object. */
export const tokenText = (
  token: typeof AddedToken.Type | string | null | undefined
): string | undefined => (typeof token === "string" ? token : token?.content)
