import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { readChatTokenizer, readCheckpoint } from "@sml/language-model"
import { writeInitial } from "@sml/nano-student"
import { Effect } from "effect"

import { sml } from "./support/sml.ts"

let root = ""
let student = ""

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sml-engine-"))
  student = join(root, "student")
  await Effect.runPromise(writeInitial(student, 1))
})

afterAll(() => rm(root, { recursive: true, force: true }))

/** A small run with everything in it. */
const small = ["--tasks", "2", "--group", "2", "--eval-tasks", "3", "--eval-horizon", "2"]

describe("sml with the engine", () => {
  it("trains an untrained student for two steps and leaves a student that can be measured", async () => {
    const runs = join(root, "runs")
    const trained = await sml([
      "train",
      "--checkpoint",
      student,
      "--steps",
      "2",
      "--runs",
      runs,
      ...small
    ])
    assert.strictEqual(trained.err, "")
    assert.strictEqual(trained.code, 0)
    const final = /weights: (.*)/.exec(trained.out)?.[1] ?? ""
    const [before, after] = await Effect.runPromise(
      Effect.all([readCheckpoint(student), readCheckpoint(final), readChatTokenizer(final)])
    )
    assert.deepStrictEqual(after.config, before.config)

    const measured = await sml([
      "eval",
      "--checkpoint",
      final,
      "--runs",
      runs,
      "--eval-tasks",
      "3",
      "--eval-horizon",
      "2",
      "--temperature",
      "0"
    ])
    assert.strictEqual(measured.err, "")
    assert.match(measured.out, /success@1 .* n=3/)
  })

  it("a missing or corrupt checkpoint ends in one sentence, and no run folder is made", async () => {
    const runs = join(root, "none")
    const train = (checkpoint: string) =>
      sml(["train", "--checkpoint", checkpoint, "--steps", "1", "--runs", runs])
    const cut = join(root, "cut")
    await cp(student, cut, { recursive: true })
    const weights = await readFile(join(student, "model.safetensors"))
    await writeFile(join(cut, "model.safetensors"), weights.subarray(0, 100_000))
    const garbled = join(root, "garbled")
    await cp(student, garbled, { recursive: true })
    await writeFile(join(garbled, "config.json"), "{")

    const ended = await Promise.all([train(join(root, "nowhere")), train(cut), train(garbled)])
    const sentences = [
      /^There is no file .*nowhere\/config\.json; pass a folder /,
      /^.*cut\/model\.safetensors is corrupt: .*; copy it again/,
      /^.*garbled\/config\.json is not JSON .*; copy it again/
    ]
    for (const [index, { code, err }] of ended.entries()) {
      assert.match(err, sentences[index] ?? /never/)
      assert.strictEqual(err.trimEnd().split("\n").length, 1)
      assert.strictEqual(code, 1)
    }
    const absent = await readFile(runs).catch((error: NodeJS.ErrnoException) => error.code)
    assert.strictEqual(absent, "ENOENT")
  })
})
