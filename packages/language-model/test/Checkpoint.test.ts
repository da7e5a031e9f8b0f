import { existsSync } from "node:fs"
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import {
  type Checkpoint,
  CheckpointError,
  decodeModelConfig,
  encodeModelConfig,
  encodeSafetensors,
  makeCheckpoint,
  type ModelConfig,
  readCheckpoint,
  type Tensor,
  tensorShapes,
  writeCheckpoint
} from "@sml/language-model"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { expect } from "vitest"

const config: ModelConfig = {
  family: "llama",
  vocabularySize: 6,
  contextLength: 16,
  hiddenSize: 4,
  intermediateSize: 5,
  layers: 2,
  heads: 2,
  keyValueHeads: 1,
  headSize: 2,
  normEpsilon: 1e-5,
  ropeTheta: 10_000,
  ropeScaling: {
    factor: 8,
    lowFrequencyFactor: 1,
    highFrequencyFactor: 4,
    originalContextLength: 8
  },
  tiedEmbeddings: false,
  attentionBias: "none",
  mlpBias: false,
  queryKeyNorm: false,
  bosTokenId: 1,
  eosTokenIds: [2]
}

const filled = (from: ModelConfig): Checkpoint => ({
  config: from,
  tensors: new Map(
    Array.from(tensorShapes(from), ([name, shape], index) => [
      name,
      { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(index + 0.5) }
    ])
  )
})

const temporary = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "checkpoint-"))),
  (directory) => Effect.promise(() => rm(directory, { recursive: true, force: true }))
)

const shared = join(import.meta.dirname, "../../../../shared/models")

describe("checkpoint folders", () => {
  it.effect("reads back what it wrote, with the tokenizer's files, and leaves nothing else", () =>
    Effect.gen(function* () {
      const source = yield* temporary
      const target = join(yield* temporary, "new", "folder")
      yield* Effect.promise(() => writeFile(join(source, "tokenizer.json"), "{}"))
      yield* Effect.promise(() => writeFile(join(source, "notes.txt"), "not copied"))
      const checkpoint = filled(config)
      yield* writeCheckpoint(target, checkpoint, { companions: source })
      assert.deepStrictEqual(yield* readCheckpoint(target), checkpoint)
      const files = yield* Effect.promise(() => readdir(target))
      assert.deepStrictEqual(files.toSorted(), [
        "config.json",
        "model.safetensors",
        "tokenizer.json"
      ])
      // over an older checkpoint
      const changed = filled({ ...config, layers: 1 })
      yield* writeCheckpoint(target, changed, { companions: target })
      assert.deepStrictEqual(yield* readCheckpoint(target), changed)
    })
  )

  it.effect("keeps the old files when a write fails", () =>
    Effect.gen(function* () {
      const directory = yield* temporary
      yield* writeCheckpoint(directory, filled(config))
      // a folder in the place of a companion makes the copy fail
      const source = yield* temporary
      yield* Effect.promise(() =>
        import("node:fs/promises").then((fs) => fs.mkdir(join(source, "tokenizer.json")))
      )
      const error = yield* Effect.flip(
        writeCheckpoint(directory, filled({ ...config, layers: 1 }), { companions: source })
      )
      assert.match(error.message, /tokenizer\.json could not be written .*choose a writable folder/)
      assert.deepStrictEqual(yield* readCheckpoint(directory), filled(config))
      const files = yield* Effect.promise(() => readdir(directory))
      assert.deepStrictEqual(files.toSorted(), ["config.json", "model.safetensors"])
    })
  )

  it.effect("names a missing folder, a cut file, a file of another model", () =>
    Effect.gen(function* () {
      const missing = yield* Effect.flip(readCheckpoint("/nowhere/at/all"))
      assert.instanceOf(missing, CheckpointError)
      assert.match(missing.message, /There is no file .*config\.json; pass a folder/)

      const directory = yield* temporary
      yield* writeCheckpoint(directory, filled(config))
      const weights = join(directory, "model.safetensors")
      const bytes = yield* Effect.promise(() => readFile(weights))
      yield* Effect.promise(() => truncate(weights, bytes.length - 10))
      const cut = yield* Effect.flip(readCheckpoint(directory))
      assert.match(cut.message, /cut short/)
      assert.strictEqual(cut.file, weights)
      assert.isString(cut.tensor)

      yield* Effect.promise(() =>
        writeFile(weights, encodeSafetensors(filled({ ...config, hiddenSize: 8 }).tensors))
      )
      const other = yield* Effect.flip(readCheckpoint(directory))
      assert.match(other.message, /embed_tokens\.weight" has the shape \[6, 8\], not \[6, 4\]/)

      yield* Effect.promise(() => writeFile(join(directory, "config.json"), "{ not json"))
      const json = yield* Effect.flip(readCheckpoint(directory))
      assert.match(json.message, /config\.json is not JSON/)
    })
  )

  it.effect("reads shards, and refuses an index that leaves the folder", () =>
    Effect.gen(function* () {
      const directory = yield* temporary
      const checkpoint = filled(config)
      yield* writeCheckpoint(directory, checkpoint)
      yield* Effect.promise(() => rm(join(directory, "model.safetensors")))
      const entries = [...checkpoint.tensors]
      const shards = { "a.safetensors": entries.slice(0, 5), "b.safetensors": entries.slice(5) }
      const map: Record<string, string> = {}
      for (const [file, part] of Object.entries(shards)) {
        yield* Effect.promise(() =>
          writeFile(join(directory, file), encodeSafetensors(new Map(part)))
        )
        for (const [name] of part) map[name] = file
      }
      const index = join(directory, "model.safetensors.index.json")
      yield* Effect.promise(() => writeFile(index, JSON.stringify({ weight_map: map })))
      assert.deepStrictEqual(yield* readCheckpoint(directory), checkpoint)
      const outside = { weight_map: { w: "../secret.safetensors" } }
      yield* Effect.promise(() => writeFile(index, JSON.stringify(outside)))
      const error = yield* Effect.flip(readCheckpoint(directory))
      assert.match(error.message, /of its own folder/)
    })
  )

  it("wants exactly the weights of the configuration", () => {
    const { tensors } = filled(config)
    const without = new Map(tensors)
    without.delete("model.norm.weight")
    expect(Result.getFailure(makeCheckpoint(config, without, "f"))).toMatchObject({
      value: { tensor: "model.norm.weight" }
    })
    const unknown = new Map(tensors).set("model.layers.0.self_attn.q_proj.bias", {
      shape: [4],
      data: new Float32Array(4)
    })
    expect(Result.isFailure(makeCheckpoint(config, unknown, "f"))).toBe(true)
    const frequencies = new Map(tensors).set("model.layers.0.self_attn.rotary_emb.inv_freq", {
      shape: [1],
      data: new Float32Array(1)
    })
    expect(Result.getOrThrow(makeCheckpoint(config, frequencies, "f")).tensors).toEqual(tensors)
  })

  it("takes the head of a tied model as transformers does", () => {
    const tied = { ...config, tiedEmbeddings: true }
    const { tensors } = filled(tied)
    const rows = tensors.get("model.embed_tokens.weight") ?? { shape: [], data: new Float32Array() }
    const read = (change: (copy: Map<string, Tensor>) => void) => {
      const copy = new Map(tensors)
      change(copy)
      return Result.getOrThrow(makeCheckpoint(tied, copy, "f"))
    }
    const same = read((copy) => copy.set("lm_head.weight", rows))
    expect(same).toEqual({ config: tied, tensors })
    const alone = read((copy) => {
      copy.set("lm_head.weight", rows)
      copy.delete("model.embed_tokens.weight")
    })
    expect(alone).toEqual({ config: tied, tensors })
    const other = { shape: rows.shape, data: rows.data.map((x) => x + 1) }
    const apart = read((copy) => copy.set("lm_head.weight", other))
    expect(apart.config).toEqual(config)
    expect(apart.tensors.get("lm_head.weight")).toEqual(other)
  })

  for (const model of ["stories260K", "tiny-llama3", "tiny-qwen2", "tiny-qwen3"]) {
    const directory = join(shared, model)
    it.effect.skipIf(!existsSync(directory))(`reads ${model} (skipped without shared models)`, () =>
      Effect.gen(function* () {
        const { config: read, tensors } = yield* readCheckpoint(directory)
        assert.strictEqual(tensors.size, tensorShapes(read).size)
      })
    )
  }
})

const decode = (json: unknown) => decodeModelConfig(json, "config.json")

describe("config.json", () => {
  it("reads back what it wrote", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("llama", "qwen3"),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        fc.array(fc.nat(5), { maxLength: 3 }),
        (family, keyValueHeads, share, flag, eosTokenIds) => {
          const { ropeScaling: _, ...rest } = config
          const made: ModelConfig = {
            ...(flag ? config : rest),
            family,
            keyValueHeads,
            heads: keyValueHeads * share,
            attentionBias: flag ? "all" : "none",
            mlpBias: family === "llama" && !flag,
            queryKeyNorm: family === "qwen3",
            eosTokenIds
          }
          expect(Result.getOrThrow(decode(encodeModelConfig(made)))).toEqual(made)
        }
      )
    )
  })

  it("reads both spellings of the rotary settings", () => {
    const json = encodeModelConfig(config)
    const { rope_parameters: rope, ...rest } = json
    const { rope_type: type, rope_theta: theta, ...scaling } = rope ?? {}
    const older = { ...rest, rope_theta: theta, rope_scaling: { type, ...scaling } }
    expect(Result.getOrThrow(decode(older))).toEqual(config)
  })

  const json = encodeModelConfig(config)
  const qwen2 = { ...json, model_type: "qwen2" }

  // each of these was compared with transformers 5.23
  it.each<readonly [string, unknown, Partial<ModelConfig>]>([
    [
      "the older of two rotary settings",
      {
        ...json,
        rope_parameters: { rope_theta: 7 },
        rope_scaling: { ...json.rope_parameters, rope_theta: 9 }
      },
      { ropeTheta: 9 }
    ],
    [
      "rotary settings per kind of layer",
      { ...qwen2, rope_parameters: { full_attention: { rope_type: "default", rope_theta: 7 } } },
      { ropeTheta: 7 }
    ],
    [
      "the original length beside the rotary settings",
      { ...json, original_max_position_embeddings: 4 },
      {
        ropeScaling: {
          factor: 8,
          lowFrequencyFactor: 1,
          highFrequencyFactor: 4,
          originalContextLength: 4
        }
      }
    ],
    [
      "a window that no layer has",
      { ...qwen2, use_sliding_window: true, sliding_window: 8, max_window_layers: 2 },
      { family: "qwen2" }
    ],
    [
      "a window that is switched off",
      { ...qwen2, use_sliding_window: false, sliding_window: 8, max_window_layers: 1 },
      { attentionBias: "queryKeyValue" }
    ],
    [
      "a Mistral without a window as a Llama",
      {
        ...json,
        model_type: "mistral",
        sliding_window: null,
        attention_bias: true,
        mlp_bias: true
      },
      { family: "llama", attentionBias: "none", mlpBias: false }
    ],
    [
      "keys that are absent",
      {
        model_type: "qwen3",
        vocab_size: 6,
        hidden_size: 4,
        intermediate_size: 5,
        num_hidden_layers: 1,
        num_attention_heads: 32
      },
      { contextLength: 32_768, headSize: 128, keyValueHeads: 32, normEpsilon: 1e-6, ropeTheta: 1e4 }
    ],
    ["another name of SiLU", { ...json, hidden_act: "swish" }, {}]
  ])("reads %s", (_, value, expected) => {
    expect(Result.getOrThrow(decode(value))).toMatchObject(expected)
  })

  it.each([
    ["a missing key", { ...json, hidden_size: undefined }, /hidden_size/],
    ["another family", { model_type: "gpt2" }, /its model_type is "gpt2", not one of llama/],
    ["no family", {}, /model_type/],
    ["another activation", { ...json, hidden_act: "gelu" }, /hidden_act is "gelu"/],
    ["heads that do not divide", { ...json, num_key_value_heads: 3 }, /cannot share 3/],
    ["an odd head", { ...json, head_dim: 3 }, /even head_dim/],
    ["a fractional head", { ...json, head_dim: null, hidden_size: 5 }, /headSize/],
    ["another rope", { ...json, rope_parameters: { rope_type: "yarn" } }, /"yarn"/],
    ["half a scaling", { ...json, rope_parameters: { rope_type: "llama3" } }, /factor/],
    ["a negative size", { ...json, vocab_size: -4 }, /vocabularySize/],
    ["an endless depth", { ...json, num_hidden_layers: 1e9 }, /layers/],
    [
      "a sliding window",
      { ...qwen2, use_sliding_window: true, sliding_window: 8, max_window_layers: 1 },
      /use_sliding_window is set/
    ],
    [
      "a Mistral's window",
      { ...json, model_type: "mistral", sliding_window: 8 },
      /sliding_window is 8/
    ],
    ["a layer of another kind", { ...json, layer_types: ["linear_attention"] }, /linear_attention/],
    [
      "a layer with a window",
      { ...qwen2, layer_types: ["sliding_attention"] },
      /sliding_attention/
    ],
    ["a linear stretch", { ...json, rope_scaling: { type: "linear", factor: 2 } }, /"linear"/],
    [
      "half a rotation",
      { ...json, rope_parameters: { partial_rotary_factor: 0.5 } },
      /partial_rotary/
    ],
    ["a window's rope", { ...json, rope_parameters: { sliding_attention: {} } }, /Expected/],
    ["quantised weights", { ...json, quantization_config: { quant_method: "gptq" } }, /quantised/],
    ["no object", 7, /Expected/]
  ])("refuses %s", (_, value, problem) => {
    const result = decode(value)
    expect(Result.isFailure(result) ? result.failure.message : "accepted").toMatch(problem)
  })

  it("never throws", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(json)), (value, key) => {
        expect(() => decode({ ...json, [key]: value })).not.toThrow()
        expect(() => decode(value)).not.toThrow()
      })
    )
  })
})
