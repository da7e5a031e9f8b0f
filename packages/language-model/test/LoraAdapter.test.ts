import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import {
  CheckpointError,
  initialLoraAdapter,
  type LoraAdapter,
  type LoraConfig,
  loraTargets,
  mergeLora,
  type ModelConfig,
  readCheckpoint,
  readLoraAdapter,
  tensorShapes,
  writeLoraAdapter
} from "@sml/language-model"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { expect } from "vitest"

const golden = join(import.meta.dirname, "lora")

const config: ModelConfig = {
  family: "qwen3",
  vocabularySize: 6,
  contextLength: 16,
  hiddenSize: 4,
  intermediateSize: 5,
  layers: 2,
  heads: 3,
  keyValueHeads: 1,
  headSize: 2,
  normEpsilon: 1e-5,
  ropeTheta: 10_000,
  tiedEmbeddings: false,
  attentionBias: "none",
  mlpBias: false,
  queryKeyNorm: true,
  eosTokenIds: []
}

const some = (lora: LoraConfig, seed = 3): LoraAdapter => {
  const adapter = Result.getOrThrow(initialLoraAdapter(config, lora, seed))
  for (const { B } of adapter.modules.values()) B.forEach((_x, i) => (B[i] = Math.sin(i + seed)))
  return adapter
}

const temporary = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "lora-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true }))
)

const reason = <A>(result: Result.Result<A, { readonly message: string }>): string =>
  Result.isFailure(result) ? result.failure.message : "no failure"

describe("loraTargets", () => {
  it("adapts every linear map but the head", () => {
    const lora = { rank: 2, alpha: 8, targets: ["all-linear"] }
    const targets = Result.getOrThrow(loraTargets(config, lora))
    const linear = Array.from(tensorShapes(config)).filter(
      ([name, shape]) => shape.length === 2 && !/embed|lm_head/.test(name)
    )
    assert.strictEqual(targets.size, 14)
    assert.deepStrictEqual(
      Array.from(targets),
      linear.map(([name, [out = 0, width = 0]]) => [
        name.replace(/\.weight$/, ""),
        { in: width, out, rank: 2, scale: 4 }
      ])
    )
  })

  it("finds modules by their whole path or its end, and only whole names", () => {
    const paths = (targets: ReadonlyArray<string>) =>
      Array.from(Result.getOrThrow(loraTargets(config, { rank: 1, alpha: 1, targets })).keys())
    assert.deepStrictEqual(paths(["lm_head"]), ["lm_head"])
    assert.deepStrictEqual(paths(["model.layers.1.mlp.up_proj"]), ["model.layers.1.mlp.up_proj"])
    assert.deepStrictEqual(paths(["self_attn.k_proj", "k_proj"]), [
      "model.layers.0.self_attn.k_proj",
      "model.layers.1.self_attn.k_proj"
    ])
    assert.match(reason(loraTargets(config, { rank: 1, alpha: 1, targets: ["proj"] })), /"proj"/)
  })

  it("scales by rank, by its root, and by patterns", () => {
    const targets = Result.getOrThrow(
      loraTargets(config, {
        rank: 4,
        alpha: 8,
        useRslora: true,
        targets: ["q_proj", "v_proj"],
        rankPattern: { "1\\.self_attn\\.q_proj": 9, q_proj: 16 },
        alphaPattern: { v_proj: 2 }
      })
    )
    assert.deepStrictEqual(
      Array.from(targets.values(), ({ rank, scale }) => [rank, scale]),
      [
        [16, 2],
        [4, 1],
        [9, 8 / 3],
        [4, 1]
      ]
    )
  })

  const base = { rank: 2, alpha: 4, targets: ["q_proj"] }
  it.each([
    [
      "a target that matches nothing",
      { targets: ["gate"] },
      /"gate" matches no linear map.*q_proj/
    ],
    ["no targets", { targets: [] }, /targets/],
    ["the embedding", { targets: ["embed_tokens"] }, /"embed_tokens" is the embedding/],
    ["a rank of 0", { rank: 0 }, /rank/],
    ["a rank that is no number", { rank: Number.NaN }, /rank/],
    ["an alpha of 0", { alpha: 0 }, /alpha/],
    ["a dropout of 1", { dropout: 1 }, /dropout/],
    ["an idle pattern", { rankPattern: { k_proj: 2 } }, /rankPattern has the key "k_proj"/],
    ["a pattern that is hidden", { alphaPattern: { q_proj: 2, "": 3 } }, /alphaPattern/],
    ["a broken pattern", { alphaPattern: { "(": 2 } }, /alphaPattern has the key "\("/]
  ] satisfies ReadonlyArray<readonly [string, Partial<LoraConfig>, RegExp]>)(
    "refuses %s",
    (_what, more, problem) => {
      assert.match(reason(loraTargets(config, { ...base, ...more })), problem)
    }
  )

  it("has no head to adapt where it is the embedding", () => {
    const tied = { ...config, tiedEmbeddings: true }
    assert.match(
      reason(loraTargets(tied, { rank: 1, alpha: 1, targets: ["lm_head"] })),
      /"lm_head" matches no linear map/
    )
  })
})

describe("initialLoraAdapter", () => {
  it("changes nothing, is uniform within its bounds, and a function of the seed", () => {
    const lora = { rank: 64, alpha: 1, targets: ["all-linear"] }
    const first = Result.getOrThrow(initialLoraAdapter(config, lora, 1))
    assert.deepStrictEqual(Result.getOrThrow(initialLoraAdapter(config, lora, 1)), first)
    assert.notDeepEqual(Result.getOrThrow(initialLoraAdapter(config, lora, 2)), first)
    for (const { A, B, in: width, out, rank } of first.modules.values()) {
      assert.lengthOf(A, rank * width)
      assert.deepStrictEqual(B, new Float32Array(out * rank))
      const bound = 1 / Math.sqrt(width)
      assert.isTrue(A.every((x) => Math.abs(x) <= bound))
      const mean = A.reduce((total, x) => total + x, 0) / A.length
      const square = A.reduce((total, x) => total + x * x, 0) / A.length
      // five standard errors of 256 or more draws
      assert.closeTo(mean / bound, 0, (5 * Math.sqrt(1 / 3)) / 16)
      assert.closeTo(square / bound ** 2, 1 / 3, (5 * Math.sqrt(4 / 45)) / 16)
    }
    const tensors = new Map(
      Array.from(tensorShapes(config), ([name, shape], index) => [
        name,
        { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(index) }
      ])
    )
    assert.deepStrictEqual(Result.getOrThrow(mergeLora(tensors, first)), tensors)
  })
})

describe("mergeLora", () => {
  it.effect.each(["patterns", "expression", "layers", "linear"])(
    "merges PEFT's adapter %s as PEFT does",
    (name) =>
      Effect.gen(function* () {
        const base = yield* readCheckpoint(join(golden, "base"))
        const adapter = yield* readLoraAdapter(join(golden, name), base.config)
        assert.strictEqual(adapter.baseModel, "base")
        const merged = Result.getOrThrow(mergeLora(base.tensors, adapter))
        const folder = yield* temporary
        yield* Effect.promise(() => cp(join(golden, name, "merged"), folder, { recursive: true }))
        yield* Effect.promise(() =>
          cp(join(golden, "base/config.json"), join(folder, "config.json"))
        )
        const expected = yield* readCheckpoint(folder)
        let changed = 0
        for (const [tensor, { data }] of expected.tensors) {
          const ours = merged.get(tensor)?.data ?? new Float32Array()
          assert.lengthOf(ours, data.length)
          assert.isBelow(Math.max(...data.map((x, i) => Math.abs(x - (ours[i] ?? NaN)))), 1e-6)
          const before = base.tensors.get(tensor)?.data ?? data
          if (data.some((x, i) => x !== before[i])) changed += 1
        }
        assert.strictEqual(adapter.modules.size, changed)
      }).pipe(Effect.scoped)
  )

  it.effect("leaves what it is given as it is, and shares what it does not change", () =>
    Effect.gen(function* () {
      const { config: shape, tensors } = yield* readCheckpoint(join(golden, "base"))
      const adapter = yield* readLoraAdapter(join(golden, "layers"), shape)
      const before = structuredClone(tensors)
      const merged = Result.getOrThrow(mergeLora(tensors, adapter))
      assert.deepStrictEqual(tensors, before)
      for (const [name, tensor] of merged) {
        const adapted = adapter.modules.has(name.replace(/\.weight$/, ""))
        assert.strictEqual(tensor === tensors.get(name), !adapted)
      }
      const other = mergeLora(tensors, some({ rank: 1, alpha: 1, targets: ["q_proj"] }))
      assert.match(reason(other), /"model.layers.0.self_attn.q_proj" of the shape \[6, 4\]/)
    })
  )
})

const Json = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
const parse = Schema.decodeUnknownSync(Json)

/** Reads a valid folder with another configuration. */
const changed = (more: Readonly<Record<string, unknown>>) =>
  Effect.gen(function* () {
    const folder = yield* temporary
    yield* writeLoraAdapter(folder, some({ rank: 2, alpha: 4, targets: ["q_proj"] }))
    const file = join(folder, "adapter_config.json")
    const json = parse(yield* Effect.promise(() => readFile(file, "utf8")))
    yield* Effect.promise(() => writeFile(file, JSON.stringify({ ...json, ...more })))
    return yield* readLoraAdapter(folder, config)
  }).pipe(Effect.scoped)

describe("an adapter's folder", () => {
  it.effect("is read back as it was written, and holds nothing else", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      for (const lora of [
        { rank: 2, alpha: 3, targets: ["q_proj", "mlp.up_proj"], dropout: 0.25 },
        {
          rank: 3,
          alpha: 1.5,
          targets: ["model.layers.1.self_attn.o_proj", "v_proj", "lm_head"],
          useRslora: true,
          rankPattern: { "0.*v_proj": 1 },
          alphaPattern: { lm_head: 7 }
        }
      ] satisfies ReadonlyArray<LoraConfig>) {
        const adapter = { ...some(lora), baseModel: "someone/something" }
        yield* writeLoraAdapter(folder, adapter)
        const back = yield* readLoraAdapter(folder, config)
        assert.deepStrictEqual(
          { ...back, config: { dropout: 0, ...adapter.config } },
          {
            ...adapter,
            config: { dropout: 0, ...back.config }
          }
        )
      }
      // the list that other readers know, in place of our word for all
      yield* writeLoraAdapter(folder, some({ rank: 1, alpha: 1, targets: ["all-linear"] }))
      const json = parse(
        yield* Effect.promise(() => readFile(join(folder, "adapter_config.json"), "utf8"))
      )
      assert.deepStrictEqual(json["target_modules"], [
        "q_proj",
        "k_proj",
        "v_proj",
        "o_proj",
        "gate_proj",
        "up_proj",
        "down_proj"
      ])
      assert.strictEqual((yield* readLoraAdapter(folder, config)).modules.size, 14)
      assert.deepStrictEqual((yield* Effect.promise(() => readdir(folder))).toSorted(), [
        "adapter_config.json",
        "adapter_model.safetensors"
      ])
    }).pipe(Effect.scoped)
  )

  it.effect.each([
    ["DoRA", { use_dora: true }, /sets "use_dora", which is not supported/],
    ["saved modules", { modules_to_save: ["lm_head"] }, /sets "modules_to_save"/],
    ["biases", { bias: "all" }, /bias/],
    ["the low-rank matrices' biases", { lora_bias: true }, /sets "lora_bias"/],
    ["transposed layers", { fan_in_fan_out: true }, /sets "fan_in_fan_out"/],
    ["trained tokens", { trainable_token_indices: [1] }, /sets "trainable_token_indices"/],
    ["repeated layers", { layer_replication: [[0, 1]] }, /sets "layer_replication"/],
    ["what is not invented yet", { use_future: { a: 1 } }, /sets "use_future"/],
    ["another method", { peft_type: "IA3" }, /peft_type/],
    ["another task", { task_type: "SEQ_CLS" }, /task_type/],
    ["changed base weights", { init_lora_weights: "pissa" }, /init_lora_weights/],
    ["the embedding", { target_modules: ["q_proj", "embed_tokens"] }, /adapts the embedding/],
    ["a broken expression", { target_modules: "(" }, /not a regular expression/],
    ["a broken pattern", { rank_pattern: { "(": 1 } }, /"\(" in a pattern is not a regular/],
    ["no match", { target_modules: ["c_attn"] }, /match no linear map/],
    ["other layers", { layers_to_transform: [0], layers_pattern: "blocks" }, /called "layers"/],
    ["no rank", { r: null }, /\br\b/],
    ["a rank of another file", { r: 3 }, /lora_A.weight" has the shape \[2, 4\], not \[3, 4\]/],
    [
      "missing tensors",
      { target_modules: ["q_proj", "k_proj"] },
      /k_proj.lora_A.weight" is missing/
    ],
    ["too many tensors", { layers_to_transform: [0] }, /layers.1.*belongs to none/]
  ] as const)("is refused by name: %s", ([, more, problem]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(changed(more))
      assert.instanceOf(error, CheckpointError)
      assert.match(error.message, problem)
      assert.match(error.message, /^[^\n]+\.$/)
      assert.match(error.file, /adapter_(config.json|model.safetensors)$/)
    })
  )

  it.effect("is read whatever does not matter", () =>
    Effect.gen(function* () {
      const adapter = yield* changed({
        peft_version: "9.9.9",
        revision: "main",
        inference_mode: false,
        init_lora_weights: "gaussian",
        use_future: false,
        rank_pattern: { up_proj: 7 },
        layers_to_transform: null
      })
      assert.strictEqual(adapter.modules.size, 2)
      assert.isUndefined(adapter.config.rankPattern)
    })
  )

  it.effect("may be missing or cut short", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const missing = yield* Effect.flip(readLoraAdapter(folder, config))
      assert.match(missing.message, /There is no file .*adapter_config.json/)
      yield* writeLoraAdapter(folder, some({ rank: 2, alpha: 4, targets: ["q_proj"] }))
      const file = join(folder, "adapter_model.safetensors")
      const bytes = yield* Effect.promise(() => readFile(file))
      yield* Effect.promise(() => writeFile(file, bytes.subarray(0, -1)))
      assert.match((yield* Effect.flip(readLoraAdapter(folder, config))).message, /corrupt/)
      yield* Effect.promise(() => rm(file))
      assert.match(
        (yield* Effect.flip(readLoraAdapter(folder, config))).message,
        /There is no file/
      )
    }).pipe(Effect.scoped)
  )

  it("answers any damage with an adapter or with a sentence", { timeout: 30_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "lora-"))
    await Effect.runPromise(
      writeLoraAdapter(folder, some({ rank: 2, alpha: 4, targets: ["q_proj", "down_proj"] }))
    )
    const name = fc.constantFrom("adapter_config.json", "adapter_model.safetensors")
    await fc.assert(
      fc.asyncProperty(
        name,
        fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.option(fc.nat(2000)),
        async (file, edits, length) => {
          const path = join(folder, file)
          const whole = await readFile(path)
          const damaged = Uint8Array.from(whole)
          for (const [at, byte] of edits) damaged[at % damaged.length] = byte
          await writeFile(path, length === null ? damaged : damaged.subarray(0, length))
          const result = await Effect.runPromise(Effect.result(readLoraAdapter(folder, config)))
          await writeFile(path, whole)
          if (Result.isSuccess(result)) return result.success.modules.size > 0
          expect(result.failure).toBeInstanceOf(CheckpointError)
          expect(result.failure.message).toMatch(/adapter_/)
          return true
        }
      ),
      { numRuns: 200 }
    )
    await rm(folder, { recursive: true })
  })

  it("answers any configuration with an adapter or with a sentence", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lora-"))
    await Effect.runPromise(
      writeLoraAdapter(folder, some({ rank: 2, alpha: 4, targets: ["q_proj"] }))
    )
    const path = join(folder, "adapter_config.json")
    const json = parse(await readFile(path, "utf8"))
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.keys(json), "use_dora", "exclude_modules"),
        fc.jsonValue(),
        fc.boolean(),
        async (key, value, whole) => {
          await writeFile(path, JSON.stringify(whole ? value : { ...json, [key]: value }))
          const result = await Effect.runPromise(Effect.result(readLoraAdapter(folder, config)))
          return Result.isSuccess(result) || result.failure instanceof CheckpointError
        }
      ),
      { numRuns: 200 }
    )
    await rm(folder, { recursive: true })
  })
})
