import { createHash } from "node:crypto"
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import {
  readChatTokenizer,
  readCheckpoint,
  readGenerationDefaults,
  writeCheckpoint
} from "@sml/language-model"
import * as Effect from "effect/Effect"

const folder = join(import.meta.dirname, "gguf")
const model = join(folder, "model.gguf")

const temporary = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "gguf-"))),
  (directory) => Effect.promise(() => rm(directory, { recursive: true, force: true }))
)

const write = Effect.fnUntraced(function* (source: string) {
  const target = yield* temporary
  yield* writeCheckpoint(target, yield* readCheckpoint(model), { companions: source })
  return target
})

const sha256 = (file: string) =>
  Effect.map(
    Effect.promise(() => readFile(file)),
    (bytes) => createHash("sha256").update(bytes).digest("hex")
  )

describe("a Hugging Face folder of a GGUF file", () => {
  it.effect("is the one that transformers opened with the file's own ids and logits", () =>
    Effect.gen(function* () {
      const target = yield* write(model)
      // checkWrittenFolder.py compared these files
      const golden: Record<string, string> = JSON.parse(
        yield* Effect.promise(() => readFile(join(folder, "written.json"), "utf8"))
      )
      const names = yield* Effect.promise(() => readdir(target))
      assert.deepStrictEqual(names.toSorted(), Object.keys(golden).toSorted())
      for (const name of names) {
        assert.strictEqual(yield* sha256(join(target, name)), golden[name], name)
      }
    })
  )

  it.effect("gives the same checkpoint, dialogue and settings as the file", () =>
    Effect.gen(function* () {
      const target = yield* write(model)
      assert.deepStrictEqual(yield* readCheckpoint(target), yield* readCheckpoint(model))
      const [ours, theirs] = [yield* readChatTokenizer(target), yield* readChatTokenizer(model)]
      const prompt = yield* Effect.fromResult(theirs.prompt("12 + 3?"))
      assert.deepStrictEqual(yield* Effect.fromResult(ours.prompt("12 + 3?")), prompt)
      assert.strictEqual(theirs.endOfTurn, 462)
      assert.deepStrictEqual(ours.stop, theirs.stop)
      const defaults = { endTokenIds: [460, 462], temperature: 0.7, topK: 20, topP: 0.8 }
      assert.deepStrictEqual(yield* readGenerationDefaults(target), defaults)
      assert.deepStrictEqual(yield* readGenerationDefaults(model), defaults)
    })
  )

  it.effect("has no tokenizer where the file has none, and names one that cannot be written", () =>
    Effect.gen(function* () {
      const bare = yield* write(join(folder, "formats.gguf"))
      assert.notInclude(yield* Effect.promise(() => readdir(bare)), "tokenizer.json")
      const error = yield* Effect.flip(write(join(folder, "missing.gguf")))
      assert.match(error.message, /There is no file .*missing\.gguf/)
    })
  )
})
