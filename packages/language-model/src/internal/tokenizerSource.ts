/** What a Hugging Face folder or a GGUF file says about text and tokens. */
import { join } from "node:path"

import * as Effect from "effect/Effect"

import { readGgufMetadata } from "../Checkpoint.ts"
import { TokenizerError } from "../TokenizerError.ts"
import { ggufTokenizerFiles } from "./ggufTokenizerFiles.ts"
import { isGguf } from "./isGguf.ts"
import { readJson, readOptionalJson, readOptionalText } from "./tokenizerFiles.ts"

/** Parsed JSON and the file that each is from, for errors. */
export interface TokenizerSource {
  readonly tokenizer: { readonly json: unknown; readonly file: string }
  readonly config: { readonly json: unknown; readonly file: string }
  readonly generation: { readonly json: unknown; readonly file: string }
  readonly template: { readonly text: string | undefined; readonly file: string }
}

const optional = (file: string) => Effect.map(readOptionalJson(file), (json) => ({ json, file }))

const readFolder = Effect.fnUntraced(function* (directory: string) {
  const at = (name: string) => join(directory, name)
  const tokenizer = at("tokenizer.json")
  const template = at("chat_template.jinja")
  const source: TokenizerSource = {
    tokenizer: { json: yield* readJson(tokenizer), file: tokenizer },
    config: yield* optional(at("tokenizer_config.json")),
    generation: yield* optional(at("generation_config.json")),
    template: { text: yield* readOptionalText(template), file: template }
  }
  return source
})

const readFile = Effect.fnUntraced(function* (file: string) {
  const metadata = yield* Effect.mapError(
    readGgufMetadata(file),
    ({ reason }) => new TokenizerError({ file, reason })
  )
  const { config, generation, tokenizer } = yield* Effect.fromResult(
    ggufTokenizerFiles(metadata, file)
  )
  const source: TokenizerSource = {
    tokenizer: { json: tokenizer, file },
    config: { json: config, file },
    generation: { json: generation, file },
    template: { text: undefined, file }
  }
  return source
})

/** Fails with a sentence where there is no tokenizer. */
export const readTokenizerSource = (path: string): Effect.Effect<TokenizerSource, TokenizerError> =>
  isGguf(path) ? readFile(path) : readFolder(path)
