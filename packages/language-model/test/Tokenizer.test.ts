import { existsSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"

import { makeTokenizer, readTokenizer, type Tokenizer } from "@sml/language-model"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

import { nanoChat, words } from "./nanoFixture.ts"

const shared = resolve(import.meta.dirname, "../../../../shared/models")
const stories = join(shared, "stories260K")

const joined = (tokenizer: Tokenizer, text: string): Buffer => {
  const bytes = tokenizer.tokenBytes()
  return Buffer.concat(tokenizer.encode(text).map((id) => bytes[id] ?? new Uint8Array(0)))
}

// decoders of words leave out the one space before the first
const holdsFor = (tokenizer: Tokenizer, text: string, spaced: boolean) => {
  const bytes = joined(tokenizer, text).toString("utf8")
  assert.equal(
    spaced && bytes.startsWith(" ") ? bytes.slice(1) : bytes,
    tokenizer.decode(tokenizer.encode(text))
  )
}

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc
    .array(fc.constantFrom(" ", "  ", "\n", "\t", "Once", " upon", "12", "é", "中", "🙂", "'s"))
    .map((parts) => parts.join(""))
)

const jsonOf = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"))

describe("a word-level tokenizer", () => {
  const { tokenizer } = nanoChat

  it("reads back what it wrote", () => {
    const texts = fc.array(fc.constantFrom(...words)).map((list) => list.join(" "))
    fc.assert(
      fc.property(texts, (text) => {
        assert.equal(tokenizer.decode(tokenizer.encode(text)), text)
      })
    )
  })

  it("gives the bytes that each token adds to a text", () => {
    const some = fc.array(fc.constantFrom(...words, "<end>", "zebra")).map((list) => list.join(" "))
    fc.assert(fc.property(some, (text) => holdsFor(tokenizer, text, true)))
    assert.equal(Buffer.from(tokenizer.tokenBytes()[5] ?? []).toString(), " find")
    assert.equal(tokenizer.tokenBytes()[4]?.length, 0)
    assert.equal(tokenizer.tokenBytes().length, tokenizer.vocabularySize)
  })

  it("knows a word that it does not know", () => {
    assert.deepEqual(tokenizer.encode("find zebra"), [5, 1])
    assert.equal(tokenizer.vocabularySize, words.length + 5)
  })

  it("refuses ids that are no integers", () => {
    const json = { model: { type: "WordLevel", vocab: { a: 0.5 } } }
    const result = makeTokenizer(json, {}, "here/tokenizer.json")
    assert.isTrue(Result.isFailure(result))
    if (Result.isFailure(result))
      assert.match(result.failure.message, /^here\/tokenizer\.json does/)
  })
})

const bytesOf = (vocabulary: ReadonlyArray<string>, decoder: unknown) =>
  Result.getOrThrow(
    makeTokenizer(
      {
        added_tokens: [
          { id: 0, content: "<end>", special: true },
          { id: 1, content: "<t ool>", special: false }
        ],
        decoder,
        model: {
          type: "BPE",
          vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
          merges: []
        }
      },
      {},
      "tokenizer.json"
    )
  )
    .tokenBytes()
    .map((bytes) => Array.from(bytes ?? []))

const utf8 = (text: string) => [...new TextEncoder().encode(text)]

describe("the bytes of tokens", () => {
  it("follows each kind of decoder", () => {
    const own = ["<end>", "<t ool>"]
    const head = [[], utf8("<t ool>")]
    assert.deepEqual(bytesOf([...own, "ĠĊ", "âĤ", "日"], { type: "ByteLevel" }), [
      ...head,
      [32, 10],
      [0xe2, 0x82],
      utf8("日")
    ])
    assert.deepEqual(
      bytesOf([...own, "▁a", "<0xE2>", "<0x>"], {
        type: "Sequence",
        decoders: [
          { type: "Replace", pattern: { String: "▁" }, content: " " },
          { type: "ByteFallback" },
          { type: "Fuse" },
          { type: "Strip", content: " ", start: 1, stop: 0 }
        ]
      }),
      [...head, utf8(" a"), [0xe2], utf8("<0x>")]
    )
    assert.deepEqual(bytesOf([...own, "▁a▁", "b"], { type: "Metaspace" }), [
      ...head,
      utf8(" a "),
      utf8("b")
    ])
    assert.deepEqual(bytesOf([...own, "##ing", "do"], { type: "WordPiece", prefix: "##" }), [
      ...head,
      utf8("ing"),
      utf8(" do")
    ])
  })

  it("leaves a hole where no token is, and refuses ids that would fill the memory", () => {
    const model = { type: "BPE", vocab: { a: 3 }, merges: [] }
    const tokenizer = Result.getOrThrow(makeTokenizer({ model }, {}, "tokenizer.json"))
    assert.deepEqual(
      tokenizer.tokenBytes().map((bytes) => bytes?.length),
      [undefined, undefined, undefined, 2]
    )
    const far = { model: { ...model, vocab: { a: 2 ** 31 } } }
    assert.isTrue(Result.isFailure(makeTokenizer(far, {}, "tokenizer.json")))
  })

  for (const [name, spaced] of [
    ["stories260K", true],
    ["tokenizers/mini_llama", false],
    ["tokenizers/llama2", true]
  ] as const) {
    const file = join(shared, name, "tokenizer.json")
    it.skipIf(!existsSync(file))(`joins to the text: ${name} (skipped without ../shared)`, () => {
      const tokenizer = Result.getOrThrow(makeTokenizer(jsonOf(file), {}, file))
      fc.assert(fc.property(anyText, (text) => holdsFor(tokenizer, text, spaced)))
    })
  }
})

describe.skipIf(!existsSync(stories))("stories260K (skipped without ../shared)", () => {
  it("reads and writes the golden text", async () => {
    const golden: { ids: Array<number>; text: string } = JSON.parse(
      readFileSync(join(stories, "golden_greedy.json"), "utf8")
    )
    const tokenizer = await Effect.runPromise(readTokenizer(stories))
    assert.deepEqual(tokenizer.encodeSequence("Once"), [1, ...tokenizer.encode("Once")])
    assert.equal(tokenizer.decode(golden.ids), golden.text)
    // the file's ids begin with the token that opens a sequence
    assert.deepEqual(tokenizer.encode(golden.text), golden.ids.slice(1))
    assert.equal(tokenizer.vocabularySize, 512)
  })
})
