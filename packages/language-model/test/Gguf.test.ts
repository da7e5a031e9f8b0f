import { readFileSync } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import {
  CheckpointError,
  decodeGguf,
  type Gguf,
  type ModelConfig,
  readCheckpoint,
  type Tensor,
  tensorShapes
} from "@sml/language-model"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { expect } from "vitest"

const file = "model.gguf"
const golden = join(import.meta.dirname, "gguf")
const formats = new Uint8Array(readFileSync(join(golden, "formats.gguf")))

type Value = number | string | bigint

// a writer of its own, so that every part can be wrong
const number = (bytes: number, value: number | bigint): Uint8Array => {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, BigInt(value), true)
  return new Uint8Array(view.buffer, 0, bytes)
}
const text = (value: string): Uint8Array => {
  const bytes = new TextEncoder().encode(value)
  return joined([number(8, bytes.length), bytes])
}
const float = (value: number): Uint8Array => new Uint8Array(Float32Array.of(value).buffer)

interface Entry {
  readonly name: string
  /** In the file's order: fastest first. */
  readonly sizes: ReadonlyArray<number | bigint>
  readonly type?: number
  readonly offset?: number | bigint
  readonly data: Uint8Array
}

const joined = (parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

const padded = (bytes: Uint8Array): Uint8Array => {
  const whole = new Uint8Array(Math.ceil(bytes.length / 32) * 32)
  whole.set(bytes)
  return whole
}

const fileOf = (
  keys: ReadonlyArray<readonly [key: string, value: Value | Uint8Array]>,
  entries: ReadonlyArray<Entry>,
  head: { readonly version?: number; readonly tensors?: bigint; readonly keys?: bigint } = {}
): Uint8Array => {
  let at = 0
  const table = entries.map(({ data, name, offset, sizes, type }) => {
    const from = at
    at += Math.ceil(data.length / 32) * 32
    return joined([
      text(name),
      number(4, sizes.length),
      ...sizes.map((size) => number(8, size)),
      number(4, type ?? 0),
      number(8, offset ?? from)
    ])
  })
  const values = keys.map(([key, value]) =>
    joined([
      text(key),
      ...(typeof value === "string"
        ? [number(4, 8), text(value)]
        : typeof value === "bigint"
          ? [number(4, 10), number(8, value)]
          : typeof value === "number"
            ? Number.isInteger(value)
              ? [number(4, 4), number(4, value)]
              : [number(4, 6), float(value)]
            : [value])
    ])
  )
  const header = [
    new TextEncoder().encode("GGUF"),
    number(4, head.version ?? 3),
    number(8, head.tensors ?? BigInt(entries.length)),
    number(8, head.keys ?? BigInt(keys.length)),
    ...values,
    ...table
  ]
  return joined([padded(joined(header)), ...entries.map(({ data }) => padded(data))])
}

const failure = (bytes: Uint8Array): CheckpointError => {
  const result = decodeGguf(bytes, file)
  if (Result.isSuccess(result)) throw new Error("the file was accepted")
  return result.failure
}

const bytesOf = (data: Float32Array): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

describe("GGUF", () => {
  it("reads every element type as llama.cpp's Python package does", () => {
    const Weights = Schema.Record(Schema.String, Schema.Array(Schema.Array(Schema.Finite)))
    const expected = Schema.decodeUnknownSync(Schema.fromJsonString(Weights))(
      readFileSync(join(golden, "formats.json"), "utf8")
    )
    const { tensors } = Result.getOrThrow(decodeGguf(formats, file))
    expect([...tensors.keys()].toSorted()).toEqual(Object.keys(expected).toSorted())
    expect(tensors.size).toBe(11)
    for (const [name, rows] of Object.entries(expected)) {
      expect(tensors.get(name)?.shape).toEqual([2, rows[0]?.length])
      expect(Array.from(tensors.get(name)?.data ?? [])).toEqual(rows.flat())
    }
  })

  it("reads the metadata", () => {
    const { metadata } = Result.getOrThrow(decodeGguf(formats, file))
    expect(Object.fromEntries(metadata)).toEqual({
      "general.architecture": "test",
      "test.byte": 200,
      "test.negative": -5,
      "test.wide": 2n ** 60n,
      "test.flag": true,
      "test.half": 0.5,
      "test.words": ["a", "é", ""],
      "test.numbers": [1, 2, 3]
    })
  })

  it("answers any damage with tensors or with a sentence", () => {
    let refused = 0
    fc.assert(
      fc.property(
        // the header is where damage matters most
        fc.array(fc.tuple(fc.nat(1100), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
        fc.oneof(fc.nat(60), fc.nat(formats.length)),
        (edits, cut) => {
          const bytes = formats.slice()
          for (const [at, value] of edits) bytes[at] = value
          const result = decodeGguf(bytes.subarray(0, bytes.length - cut), file)
          const said = Result.isFailure(result) ? result.failure : undefined
          if (said !== undefined) refused += 1
          expect(said === undefined || said instanceof CheckpointError).toBe(true)
          expect(said?.message ?? file).toContain(file)
          expect(said === undefined || typeof said.byte === "number").toBe(true)
        }
      ),
      { numRuns: 1000 }
    )
    expect(refused).toBeGreaterThan(200)
  })

  it("never takes arbitrary bytes for a file", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, signed) => {
        if (signed) bytes.set([71, 71, 85, 70, 3, 0, 0, 0].slice(0, bytes.length))
        const read = Result.getSuccess(decodeGguf(bytes, file))
        // a signature and zeros are an empty file
        expect(read._tag === "None" || read.value.tensors.size === 0).toBe(true)
      })
    )
  })

  const four: Entry = { name: "w", sizes: [1], data: new Uint8Array(4) }
  const huge = 2n ** 63n
  const array = (inner: number, length: number | bigint, ...rest: ReadonlyArray<number>) =>
    joined([number(4, 9), number(4, inner), number(8, length), Uint8Array.from(rest)])
  it.each([
    ["another signature", new Uint8Array(64), /does not begin with GGUF/],
    ["an empty file", new Uint8Array(0), /signature ends behind the file's 0 bytes/],
    ["version 1", fileOf([], [], { version: 1 }), /version 1 is not 2 or 3/],
    ["big-endian order", fileOf([], [], { version: 3 << 24 }), /version 50331648/],
    ["too many tensors", fileOf([], [], { tensors: huge }), /number of tensors is 9223372036854/],
    ["too many keys", fileOf([], [], { keys: huge }), /number of keys is 9223372036854775808/],
    [
      "a huge string",
      fileOf([["k", joined([number(4, 8), number(8, huge)])]], []),
      /length of the value of "k" is 9223372036854775808/
    ],
    ["a huge array", fileOf([["k", array(4, huge)]], []), /length of the value of "k" is 92233/],
    [
      "an endless array",
      fileOf([["k", joined([array(0, 2 ** 21), new Uint8Array(2 ** 21)])]], []),
      /array of 2097152 values/
    ],
    [
      "arrays in arrays in arrays",
      fileOf([["k", joined([array(9, 1), array(9, 1).subarray(4), array(9, 0).subarray(4)])]], []),
      /array of 0 values at depth 2/
    ],
    ["an unknown element", fileOf([["k", array(77, 1)]], [four]), /unknown type 77/],
    ["an unknown value", fileOf([["k", number(4, 99)]], [four]), /unknown type 99/],
    ["half a boolean", fileOf([["k", joined([number(4, 7), number(1, 2)])]], []), /no boolean/],
    [
      "a key twice",
      fileOf(
        [
          ["k", 1],
          ["k", 2]
        ],
        []
      ),
      /"k" occurs twice/
    ],
    ["a wrong alignment", fileOf([["general.alignment", 3]], [four]), /not a power of two/],
    ["a tensor twice", fileOf([], [four, four]), /"w" is described twice/],
    [
      "a name that is no text",
      fileOf([], [four]).map((byte, i) => (i === 32 ? 255 : byte)),
      /name of tensor 0 is not UTF-8/
    ],
    ["no dimension", fileOf([], [{ ...four, sizes: [] }]), /0 dimensions/],
    ["five dimensions", fileOf([], [{ ...four, sizes: [1, 1, 1, 1, 1] }]), /5 dimensions/],
    ["an empty dimension", fileOf([], [{ ...four, sizes: [0, huge] }]), /dimension of 0/],
    ["a shape too large", fileOf([], [{ ...four, sizes: [huge, huge] }]), /cut short/],
    [
      "an unknown quantisation",
      fileOf([], [{ ...four, type: 10 }]),
      /quantisation 10, .*none of F32/
    ],
    ["half a block", fileOf([], [{ ...four, sizes: [33], type: 2 }]), /whole blocks of 32/],
    ["a crooked offset", fileOf([], [{ ...four, offset: 8 }]), /not a multiple of 32/],
    ["an offset outside", fileOf([], [{ ...four, offset: huge }]), /cut short/],
    ["an overlap", fileOf([], [four, { ...four, name: "v", offset: 0 }]), /overlaps/],
    ["NaN", fileOf([], [{ ...four, data: float(NaN) }]), /Element 0 of the tensor "w" .* is NaN/],
    [
      "an infinite scale",
      fileOf([], [{ ...four, sizes: [32], type: 8, data: new Uint8Array(34).fill(0x7c) }]),
      /Element 0 of the tensor "w" .*Q8_0.* is NaN/
    ]
  ])("refuses %s", (_, bytes, problem) => {
    const error = failure(bytes)
    expect(error.message).toMatch(problem)
    expect(error.message).toMatch(/^[^\n]+\.$/)
    expect(error.byte).toBeTypeOf("number")
  })

  it("names the tensor and the byte", () => {
    const bytes = fileOf([], [four, { ...four, name: "v", data: float(Infinity) }])
    const error = failure(bytes)
    expect(error.tensor).toBe("v")
    expect(error.byte).toBe(bytes.length - 32)
  })
})

const config: ModelConfig = {
  family: "llama",
  vocabularySize: 6,
  contextLength: 16,
  hiddenSize: 8,
  intermediateSize: 5,
  layers: 2,
  heads: 2,
  keyValueHeads: 1,
  headSize: 4,
  normEpsilon: Math.fround(1e-5),
  ropeTheta: 20_000,
  tiedEmbeddings: false,
  attentionBias: "none",
  mlpBias: false,
  queryKeyNorm: false,
  bosTokenId: 1,
  eosTokenIds: [2]
}

// llama.cpp's names of Hugging Face's, as its converter gives them
const ggufName = (name: string): string =>
  name
    .replace("model.embed_tokens", "token_embd")
    .replace("model.norm", "output_norm")
    .replace("lm_head", "output")
    .replace("model.layers", "blk")
    .replace("post_attention_layernorm", "ffn_norm")
    .replace("input_layernorm", "attn_norm")
    .replace(/self_attn\.([qkv])_proj/, "attn_$1")
    .replace(/self_attn\.([qk])_norm/, "attn_$1_norm")
    .replace("self_attn.o_proj", "attn_output")
    .replace(/mlp\.(\w+)_proj/, "ffn_$1")

// the converter's reshape(heads, 2, headSize / 2, width).swapaxes(1, 2)
const permute = ({ data, shape }: Tensor, headSize: number): Float32Array => {
  const rows = shape[0] ?? 0
  const width = data.length / rows
  const out: Array<number> = []
  for (let head = 0; head < rows / headSize; head++) {
    for (let pair = 0; pair < headSize / 2; pair++) {
      for (let part = 0; part < 2; part++) {
        const row = head * headSize + part * (headSize / 2) + pair
        out.push(...data.subarray(row * width, (row + 1) * width))
      }
    }
  }
  return Float32Array.from(out)
}

const weightsOf = (from: ModelConfig): Gguf["tensors"] =>
  new Map(
    Array.from(tensorShapes(from), ([name, shape], index) => [
      name,
      {
        shape,
        data: Float32Array.from(
          { length: shape.reduce((a, b) => a * b, 1) },
          (_, i) => index + i / 1024
        )
      }
    ])
  )

const keysOf = (from: ModelConfig): Array<readonly [string, Value]> => {
  const own = (key: string) => `${from.family}.${key}`
  return [
    ["general.architecture", from.family],
    [own("block_count"), from.layers],
    [own("context_length"), from.contextLength],
    [own("embedding_length"), from.hiddenSize],
    [own("feed_forward_length"), BigInt(from.intermediateSize)],
    [own("attention.head_count"), from.heads],
    [own("attention.head_count_kv"), from.keyValueHeads],
    [own("attention.key_length"), from.headSize],
    [own("attention.layer_norm_rms_epsilon"), from.normEpsilon],
    [own("rope.freq_base"), from.ropeTheta],
    ["tokenizer.ggml.bos_token_id", 1],
    ["tokenizer.ggml.eos_token_id", 2]
  ]
}

const entriesOf = (from: ModelConfig): Array<Entry> =>
  Array.from(weightsOf(from), ([name, tensor]) => ({
    name: ggufName(name),
    sizes: tensor.shape.toReversed(),
    data: bytesOf(
      from.family === "llama" && /[qk]_proj/.test(name)
        ? permute(tensor, from.headSize)
        : tensor.data
    )
  }))

const written = Effect.fnUntraced(function* (bytes: Uint8Array) {
  const directory = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "gguf-"))),
    (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
  )
  const path = join(directory, file)
  yield* Effect.promise(() => writeFile(path, bytes))
  return path
})

// with Llama 3's divisors of the rotary frequencies
const withDivisors = (model: ModelConfig, values: ReadonlyArray<number>) =>
  written(
    fileOf(keysOf(model), [
      ...entriesOf(model),
      {
        name: "rope_freqs.weight",
        sizes: [values.length],
        data: bytesOf(Float32Array.from(values))
      }
    ])
  )

describe("GGUF checkpoints", () => {
  const cases: ReadonlyArray<readonly [string, ModelConfig]> = [
    ["Llama", config],
    ["Llama with biases", { ...config, attentionBias: "all", mlpBias: true }],
    ["Llama with a tied head", { ...config, tiedEmbeddings: true }],
    ["Qwen 2", { ...config, family: "qwen2", attentionBias: "queryKeyValue" }],
    ["Qwen 3", { ...config, family: "qwen3", queryKeyNorm: true, headSize: 6 }]
  ]
  for (const [name, model] of cases) {
    it.effect(`reads ${name} as Hugging Face has it`, () =>
      Effect.gen(function* () {
        const path = yield* written(fileOf(keysOf(model), entriesOf(model)))
        const read = yield* readCheckpoint(path)
        assert.deepStrictEqual(read.config, model)
        assert.deepStrictEqual(read.tensors, weightsOf(model))
      })
    )
  }

  it.effect("finds Llama 3's stretching in the file's frequencies, and refuses others", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(readCheckpoint(yield* withDivisors(config, [1, 3])))
      assert.strictEqual(error.tensor, "rope_freqs.weight")

      // with heads of 6 the third pair is slow enough to show the factor
      const wide = { ...config, headSize: 6, hiddenSize: 12, ropeTheta: 500_000 }
      const stretched = [0, 1, 2].map((i) => {
        const turns = 8192 / (2 * Math.PI * 500_000 ** (i / 3))
        const part = Math.min(1, Math.max(0, (turns - 1) / 3))
        return 1 / ((1 - part) / 8 + part)
      })
      assert.strictEqual(stretched[2], 8)
      const read = yield* readCheckpoint(yield* withDivisors(wide, stretched))
      assert.deepStrictEqual(read.config.ropeScaling, {
        factor: 8,
        lowFrequencyFactor: 1,
        highFrequencyFactor: 4,
        originalContextLength: 8192
      })
    })
  )

  it.effect("reads a header that is longer than its first piece", () =>
    Effect.gen(function* () {
      const long = fileOf([...keysOf(config), ["note", "x".repeat(5_000_000)]], entriesOf(config))
      const read = yield* readCheckpoint(yield* written(long))
      assert.deepStrictEqual(read.tensors, weightsOf(config))
    })
  )

  const changed = (key: string, value: Value): Uint8Array =>
    fileOf([...keysOf(config).filter(([name]) => name !== key), [key, value]], entriesOf(config))
  const refusals: ReadonlyArray<readonly [string, Uint8Array, RegExp]> = [
    ["another architecture", changed("general.architecture", "gpt2"), /"gpt2", not "llama"/],
    ["a missing key", fileOf(keysOf(config).slice(0, 4), entriesOf(config)), /is missing/],
    ["a key of another type", changed("llama.block_count", "two"), /block_count is not one number/],
    ["no layers", changed("llama.block_count", 0), /metadata are wrong .*layers/],
    ["too many layers", changed("llama.block_count", 2n ** 60n), /metadata are wrong .*layers/],
    ["no heads", changed("llama.attention.head_count", 0), /metadata are wrong/],
    [
      "a huge head",
      changed("llama.attention.key_length", 2n ** 40n),
      /metadata are wrong|no whole/
    ],
    ["a partial rotation", changed("llama.rope.dimension_count", 2), /differ in size/],
    ["another scaling", changed("llama.rope.scaling.type", "yarn"), /scaled \(yarn\)/],
    ["experts", changed("llama.expert_count", 8), /mixture of experts/],
    [
      "another width",
      changed("llama.feed_forward_length", 7),
      /has the shape \[5, 8\], not \[7, 8\]/
    ],
    [
      "a missing tensor",
      fileOf(keysOf(config), entriesOf(config).slice(1)),
      /vocabularySize|missing/
    ],
    [
      "a tensor too many",
      fileOf(keysOf(config), [
        ...entriesOf(config),
        { name: "blk.0.ffn_gate_inp.weight", sizes: [1], data: new Uint8Array(4) }
      ]),
      /no use for the tensor "blk\.0\.ffn_gate_inp\.weight"/
    ]
  ]
  for (const [name, bytes, problem] of refusals) {
    it.effect(`refuses ${name}`, () =>
      Effect.gen(function* () {
        const path = yield* written(bytes)
        const error = yield* Effect.flip(readCheckpoint(path))
        assert.instanceOf(error, CheckpointError)
        assert.strictEqual(error.file, path)
        assert.match(error.message, problem)
        assert.match(error.message, /^[^\n]+\.$/)
      })
    )
  }

  it.effect("names a missing and a cut file", () =>
    Effect.gen(function* () {
      const missing = yield* Effect.flip(readCheckpoint("/nowhere/model.gguf"))
      assert.match(missing.message, /There is no file .*model\.gguf; pass a GGUF file/)
      const whole = fileOf(keysOf(config), entriesOf(config))
      const cut = yield* Effect.flip(
        readCheckpoint(yield* written(whole.subarray(0, whole.length - 64)))
      )
      assert.match(cut.message, /cut short/)
      assert.isString(cut.tensor)
    })
  )
})
