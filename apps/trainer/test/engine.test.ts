import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { readChatTokenizer, readCheckpoint, readLoraAdapter } from "@sml/language-model"
import { writeInitial } from "@sml/nano-student"
import { checkDevice } from "@sml/policy-onnx"
import * as Effect from "effect/Effect"

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

  it("trains an adapter, tells the size of micro-batches, and leaves the adapter beside the model", async () => {
    const adapted = await sml(
      ["train", "--checkpoint", student, "--steps", "2", "--no-eval", "--runs", join(root, "lora")]
        .concat(["--tasks", "2", "--group", "2", "--schedule", "cosine", "--warmup", "1"])
        .concat(["--lora-rank", "2", "--lora-targets", "q_proj,v_proj", "--lora-dropout", "0.1"])
    )
    assert.strictEqual(adapted.err, "")
    assert.strictEqual(adapted.code, 0)
    assert.match(
      adapted.out,
      /^micro-batches: up to 2048 tokens, about \d+ MB of activations \(4 sequences of 512\)$/m
    )
    const final = /weights: (.*)/.exec(adapted.out)?.[1] ?? ""
    const { config } = await Effect.runPromise(readCheckpoint(final))
    const adapter = await Effect.runPromise(readLoraAdapter(join(final, "adapter"), config))
    assert.strictEqual(adapter.modules.size, 2 * config.layers)
    assert.deepInclude(adapter.config, { rank: 2, alpha: 4, dropout: 0.1 })
  })

  it("what cannot be done is one sentence before any run folder is made", async () => {
    const runs = join(root, "refused")
    const train = (...more: ReadonlyArray<string>) =>
      sml(["train", "--checkpoint", student, "--steps", "3", "--runs", runs, ...more])
    const tabular = fileURLToPath(import.meta.resolve("./fixtures/tabular.config.ts"))
    const cases = [
      [
        ["--device", "tpu"],
        /^sml train: .*--device: "tpu"\. Expected: "cpu" \| "webgpu" \| "cuda"/
      ],
      [
        ["--lora-alpha", "3"],
        /^--lora-alpha does nothing without an adapter; give --lora-rank, too$/
      ],
      [["--lora-rank", "2", "--lora-targets", "nope"], /"nope" matches no linear map of the model/],
      [["--schedule", "linear", "--warmup", "3"], /^the linear schedule has 3 warmupSteps /],
      [
        ["--config", tabular, "--lora-rank", "2"],
        /^--lora-rank does nothing: it is a setting of the built-in engine, which layers\.policy replaces/
      ]
    ] as const
    const ended = await Promise.all(cases.map(([more]) => train(...more)))
    for (const [index, { code, err }] of ended.entries()) {
      assert.match(err.trimEnd(), cases[index]?.[1] ?? /never/)
      assert.strictEqual(err.trimEnd().split("\n").length, 1, err)
      assert.strictEqual(code, 1)
    }
    const devices = await Promise.all(
      (["webgpu", "cuda"] as const).map(async (device) => {
        const usable = await Effect.runPromise(Effect.isSuccess(checkDevice(device)))
        return usable ? [] : [{ device, ended: await train("--device", device) }]
      })
    )
    for (const { device, ended: refused } of devices.flat()) {
      const sentence = `^The device "${device}" cannot be used on this machine [^\\n]+\\.\\n$`
      assert.match(refused.err, new RegExp(sentence))
      assert.strictEqual(refused.code, 1)
    }
    const absent = await readFile(runs).catch((error: NodeJS.ErrnoException) => error.code)
    assert.strictEqual(absent, "ENOENT")
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
