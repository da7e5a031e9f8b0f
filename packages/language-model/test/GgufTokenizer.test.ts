import { existsSync, globSync, readFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import {
  type GgufValue,
  ggufTokenizer,
  readGgufChatTokenizer,
  readGgufMetadata,
  TokenizerError
} from "@sml/language-model"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { expect } from "vitest"

const vocabulary = join(
  import.meta.dirname,
  "../../../../shared/models/tokenizers/ggml-vocab-gpt-2.gguf"
)
// where shared/tools/smollm2.sh puts the file
const cache = process.env["SML_WEIGHTS_CACHE"] ?? join(homedir(), ".cache", "sml-weights")
const model = existsSync(cache)
  ? globSync(join(cache, "**/SmolLM2-135M-Instruct.Q4_1.gguf"))[0]
  : undefined

const small: ReadonlyArray<readonly [string, GgufValue]> = [
  ["tokenizer.ggml.model", "gpt2"],
  ["tokenizer.ggml.pre", "smollm"],
  ["tokenizer.ggml.tokens", ["<end>", "a", "b", "ab", "1", "2", "12", "Ġ", "<word>"]],
  ["tokenizer.ggml.token_type", [3, 1, 1, 1, 1, 1, 1, 1, 4]],
  ["tokenizer.ggml.merges", ["a b", "1 2"]]
]

describe("a tokenizer in a GGUF file", () => {
  it("merges, splits digits and keeps control tokens whole", () => {
    const tokenizer = Result.getOrThrow(ggufTokenizer(new Map(small), "f.gguf"))
    expect(tokenizer.encode("ab 12<end><word>")).toEqual([3, 7, 4, 5, 0, 8])
    expect(tokenizer.decode([3, 7, 4, 5, 0, 8])).toBe("ab 12<word>")
    const plain = new Map(small).set("tokenizer.ggml.pre", "gpt-2")
    expect(Result.getOrThrow(ggufTokenizer(plain, "f.gguf")).encode("12")).toEqual([6])
  })

  it.each([
    ["tokenizer.ggml.model", "llama"],
    ["tokenizer.ggml.pre", "qwen2"],
    ["tokenizer.ggml.tokens", [1]],
    ["tokenizer.ggml.tokens", ["a", "a"]],
    ["tokenizer.ggml.token_type", [1]],
    ["tokenizer.ggml.merges", ["ab"]],
    ["tokenizer.ggml.eos_token_id", -1]
  ])("refuses another %s", (key, value) => {
    const error = Result.flip(ggufTokenizer(new Map(small).set(key, value), "f.gguf"))
    expect(Result.getOrThrow(error)).toBeInstanceOf(TokenizerError)
    expect(Result.getOrThrow(error).message).toMatch(/^f\.gguf does not carry .*\.$/)
  })

  it.effect.skipIf(!existsSync(vocabulary))(
    "gives llama.cpp's ids for its own test texts (skipped without shared models)",
    () =>
      Effect.gen(function* () {
        const metadata = yield* readGgufMetadata(vocabulary)
        const tokenizer = yield* Effect.fromResult(ggufTokenizer(metadata, vocabulary))
        const texts = readFileSync(`${vocabulary}.inp`, "utf8").split("\n__ggml_vocab_test__\n")
        const lines = readFileSync(`${vocabulary}.out`, "utf8").split("\n")
        assert.isAbove(texts.length, 40)
        texts.forEach((text, i) => {
          const expected = (lines[i] ?? "").trim().split(/\s+/).filter(Boolean).map(Number)
          assert.deepStrictEqual([...tokenizer.encode(text)], expected, JSON.stringify(text))
        })
      })
  )

  it.effect.skipIf(model === undefined)(
    "reads SmolLM2's tokenizer and template (skipped without SmolLM2: run tools/smollm2.sh)",
    () =>
      Effect.gen(function* () {
        const chat = yield* readGgufChatTokenizer(model ?? "")
        const { tokenizer } = chat
        // ids by transformers
        const text = "def add(a, b):\n    return a + b\n\nprint(add(2, 3))\n"
        const ids = [
          1604, 803, 24, 81, 28, 278, 727, 472, 1003, 253, 1232, 278, 198, 198, 3272, 24, 2104, 24,
          34, 28, 216, 35, 1292, 198
        ]
        assert.deepStrictEqual([...tokenizer.encode(text)], ids)
        assert.strictEqual(tokenizer.decode(ids), text)
        assert.strictEqual(chat.endOfTurn, 2)
        const prompt = yield* Effect.fromResult(chat.prompt("Name three colours."))
        const shown = [1, 4093, 198, 5820, 1296, 14797, 30, 2, 198, 1, 520, 9531, 198]
        assert.deepStrictEqual(prompt.slice(-shown.length), shown)
      })
  )
})
