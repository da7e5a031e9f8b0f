/** What a Hugging Face folder or a GGUF file says about text and tokens. */
import { join } from "node:path"

import * as Effect from "effect/Effect"

import { readGgufMetadata } from "../Checkpoint.ts"
import { TokenizerError } from "../TokenizerError.ts"
import { ggufGenerationConfig } from "./ggufGenerationConfig.ts"
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

const metadataOf = (file: string) =>
  Effect.mapError(readGgufMetadata(file), ({ reason }) => new TokenizerError({ file, reason }))

const readFile = Effect.fnUntraced(function* (file: string) {
  const metadata = yield* metadataOf(file)
  const { config, tokenizer } = yield* Effect.fromResult(ggufTokenizerFiles(metadata, file))
  const source: TokenizerSource = {
    tokenizer: { json: tokenizer, file },
    config: { json: config, file },
    generation: { json: ggufGenerationConfig(metadata), file },
    template: { text: undefined, file }
  }
  return source
})

/** Fails with a sentence where there is no tokenizer. */
export const readTokenizerSource = (path: string): Effect.Effect<TokenizerSource, TokenizerError> =>
  isGguf(path) ? readFile(path) : readFolder(path)

/** `generation_config.json` of a folder, or what a GGUF file says of it; `undefined` for none. */
export const readGenerationSource = (path: string) =>
  isGguf(path)
    ? Effect.map(metadataOf(path), (metadata) => ({
        json: ggufGenerationConfig(metadata),
        file: path
      }))
    : optional(join(path, "generation_config.json"))
