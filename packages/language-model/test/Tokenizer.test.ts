import { existsSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"

import { makeTokenizer, readTokenizer } from "@sml/language-model"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

import { nanoChat, words } from "./nanoFixture.ts"

const stories = resolve(import.meta.dirname, "../../../../shared/models/stories260K")

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

describe.skipIf(!existsSync(stories))("stories260K (skipped without ../shared)", () => {
  it("reads and writes the golden text", async () => {
    const golden: { ids: Array<number>; text: string } = JSON.parse(
      readFileSync(join(stories, "golden_greedy.json"), "utf8")
    )
    const tokenizer = await Effect.runPromise(readTokenizer(stories))
    assert.equal(tokenizer.decode(golden.ids), golden.text)
    // the file's ids begin with the token that opens a sequence
    assert.deepEqual(tokenizer.encode(golden.text), golden.ids.slice(1))
    assert.equal(tokenizer.vocabularySize, 512)
  })
})
