/** How a checkpoint's authors advise to sample from it: `generation_config.json`. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import { GenerationConfig } from "./internal/HuggingFaceTokenizer.ts"
import { decodeFile } from "./internal/tokenizerFiles.ts"
import { readGenerationSource } from "./internal/tokenizerSource.ts"

/**
 * The end tokens, and the settings of the `GenerateRequest` of `@sml/policy` that the file gives;
 * what it leaves out is absent.
 *
 * - `endTokenIds`: any of them ends a completion.
 * - `temperature`: 0 where `do_sample` is false, as transformers is greedy then.
 * - `topK`: absent where the file has 0, which stands for all tokens.
 */
export const GenerationDefaults = Schema.Struct({
  endTokenIds: Schema.Array(Schema.Int),
  temperature: Schema.optionalKey(Schema.Finite),
  topK: Schema.optionalKey(Schema.Int),
  topP: Schema.optionalKey(Schema.Finite),
  minP: Schema.optionalKey(Schema.Finite)
})
export type GenerationDefaults = typeof GenerationDefaults.Type

/**
 * Decodes the parsed JSON of a `generation_config.json`; `undefined` stands for a folder without one.
 * Fails with a `TokenizerError` that names `file` and the key when a value is malformed or out of
 * range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { decodeGenerationDefaults } from "@sml/language-model"
 * import { Effect } from "effect"
 *
 * const json = { eos_token_id: [2, 7], do_sample: true, temperature: 0.6, top_k: 20, top_p: 0.95 }
 * const defaults = Effect.runSync(decodeGenerationDefaults(json, "generation_config.json"))
 * assert.deepEqual(defaults, { endTokenIds: [2, 7], temperature: 0.6, topK: 20, topP: 0.95 })
 * ```
 */
export const decodeGenerationDefaults = Effect.fn("GenerationDefaults.decode")(function* (
  json: unknown,
  file: string
) {
  const raw = yield* decodeFile(GenerationConfig, json, file)
  const temperature = raw.do_sample === false ? 0 : raw.temperature
  return {
    endTokenIds: [raw.eos_token_id ?? []].flat(),
    ...(typeof temperature === "number" && { temperature }),
    ...(typeof raw.top_k === "number" && raw.top_k > 0 && { topK: raw.top_k }),
    ...(typeof raw.top_p === "number" && { topP: raw.top_p }),
    ...(typeof raw.min_p === "number" && { minP: raw.min_p })
  } satisfies GenerationDefaults
})

/**
 * Reads `generation_config.json` of a folder, or what a `.gguf` file says of it. Nothing but no end
 * tokens where there is none.
 */
export const readGenerationDefaults = Effect.fn("GenerationDefaults.read")(function* (
  path: string
) {
  const { file, json } = yield* readGenerationSource(path)
  return yield* decodeGenerationDefaults(json, file)
})
