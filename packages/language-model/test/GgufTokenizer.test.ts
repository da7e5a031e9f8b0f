import { existsSync, globSync, readFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import {
  type GgufValue,
  ggufTokenizer,
  readChatTokenizer,
  readGgufMetadata,
  readTokenizer,
  TokenizerError
} from "@sml/language-model"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as fc from "fast-check"
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

interface Golden {
  readonly rows: ReadonlyArray<{
    readonly text: string
    readonly ids: ReadonlyArray<number>
    readonly decoded: string
  }>
}

const small: ReadonlyArray<readonly [string, GgufValue]> = [
  ["tokenizer.ggml.model", "gpt2"],
  ["tokenizer.ggml.pre", "smollm"],
  ["tokenizer.ggml.tokens", ["<end>", "a", "b", "ab", "1", "2", "12", "Ġ", "<word>"]],
  ["tokenizer.ggml.token_type", [3, 1, 1, 1, 1, 1, 1, 1, 4]],
  ["tokenizer.ggml.merges", ["a b", "1 2"]]
]

const pieces = (architecture: string, pre: string | undefined, token = "<word>") => {
  const file = new Map(small)
    .set("general.architecture", architecture)
    .set("tokenizer.ggml.tokens", ["<end>", "a", "b", "ab", "1", "2", "12", "Ġ", token])
  file.delete("tokenizer.ggml.pre")
  if (pre !== undefined) file.set("tokenizer.ggml.pre", pre)
  return Result.map(ggufTokenizer(file, "f.gguf"), ({ encode }) => encode("12"))
}

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
    ["tokenizer.ggml.pre", "whatever"],
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

  it("knows Qwen and Llama 3 by the architecture where the splitting has no name", () => {
    expect(Result.getOrThrow(pieces("qwen2", "default"))).toEqual([4, 5])
    expect(Result.getOrThrow(pieces("qwen3", undefined))).toEqual([4, 5])
    expect(Result.getOrThrow(pieces("llama", undefined, "<|begin_of_text|>"))).toEqual([6])
    expect(Result.getOrThrow(Result.flip(pieces("llama", "default"))).message).toMatch(
      /tokenizer\.ggml\.pre is "default", not one of gpt-2/
    )
    expect(Result.getOrThrow(Result.flip(pieces("llama", undefined))).message).toMatch(
      /tokenizer\.ggml\.pre is missing/
    )
  })

  it("never throws, whatever a file says", () => {
    const value: fc.Arbitrary<GgufValue> = fc.oneof(
      fc.integer({ min: -2, max: 12 }),
      fc.double(),
      fc.boolean(),
      fc.string(),
      fc.array(fc.integer({ min: -1, max: 7 }), { maxLength: 10 }),
      fc.array(fc.string({ maxLength: 3 }), { maxLength: 10 })
    )
    const key = fc.constantFrom(
      ...small.map(([name]) => name),
      "tokenizer.ggml.scores",
      "tokenizer.ggml.bos_token_id",
      "tokenizer.ggml.add_bos_token",
      "general.architecture"
    )
    fc.assert(
      fc.property(
        fc.array(fc.tuple(key, value), { maxLength: 4 }),
        fc.constantFrom("gpt2", "llama"),
        fc.string(),
        (changes, kind, text) => {
          const file = new Map<string, GgufValue>([
            ...small,
            ["tokenizer.ggml.model", kind],
            ["tokenizer.ggml.scores", [0, -1, -2, -3, -4, -5, -6, -7, -8]],
            ...changes
          ])
          const tokenizer = ggufTokenizer(file, "f.gguf")
          const sound = Result.match(tokenizer, {
            onSuccess: ({ decode, encode, tokenBytes, vocabularySize }) =>
              typeof decode(encode(text)) === "string" && tokenBytes().length === vocabularySize,
            onFailure: (error) => error instanceof TokenizerError
          })
          expect(sound).toBe(true)
        }
      )
    )
  })

  it.effect.each(["gpt-2", "smollm", "qwen2", "llama-bpe", "spm", "spm-bare"])(
    "gives the ids of the library that a vocabulary was trained with: %s",
    (name) =>
      Effect.gen(function* () {
        const file = join(import.meta.dirname, "gguf", `tokenizer-${name}.gguf`)
        const golden: Golden = JSON.parse(readFileSync(file.replace(".gguf", ".json"), "utf8"))
        const tokenizer = yield* readTokenizer(file)
        assert.isAbove(golden.rows.length, 40)
        for (const { decoded, ids, text } of golden.rows) {
          assert.deepStrictEqual(
            { text, ids: [...tokenizer.encode(text)], decoded: tokenizer.decode(ids) },
            { text, ids, decoded }
          )
        }
      })
  )

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
        const chat = yield* readChatTokenizer(model ?? "")
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
