/** Text ⇄ token ids, as the metadata of a GGUF file describe it. */
import * as Result from "effect/Result"

import type { GgufValue } from "./Gguf.ts"
import { ggufTokenizerFiles } from "./internal/ggufTokenizerFiles.ts"
import type { Tokenizer } from "./Tokenizer.ts"
import { makeTokenizer } from "./Tokenizer.ts"
import type { TokenizerError } from "./TokenizerError.ts"

/**
 * The tokenizer that the metadata of a GGUF file describe:
 *
 * - `tokenizer.ggml.model` = `gpt2`: byte-level BPE, with the splitting that `tokenizer.ggml.pre`
 *   names: `gpt-2`, `smollm`, `qwen2`, `deepseek-r1-qwen`, `llama-bpe`, `llama3`, `llama-v3` or
 *   `falcon3`. Where it says `default` or nothing, Qwen 2 and 3 and Llama 3 are known by the
 *   architecture.
 * - `llama`: SentencePiece with scores, byte fallback and, unless `tokenizer.ggml.add_space_prefix`
 *   is false, a space before a text.
 *
 * Fails with a sentence that names the value for any other. `readTokenizer` and `readChatTokenizer`
 * take the path of a `.gguf` file.
 *
 * @example
 * ```ts no-run
 * const metadata = yield* readGgufMetadata("model.gguf")
 * const tokenizer = yield* Effect.fromResult(ggufTokenizer(metadata, "model.gguf"))
 * ```
 */
export const ggufTokenizer = (
  metadata: ReadonlyMap<string, GgufValue>,
  file: string
): Result.Result<Tokenizer, TokenizerError> =>
  Result.flatMap(ggufTokenizerFiles(metadata, file), ({ config, tokenizer }) =>
    makeTokenizer(tokenizer, config, file)
  )
