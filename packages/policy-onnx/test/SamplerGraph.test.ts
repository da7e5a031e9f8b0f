import { assert, describe, it } from "@effect/vitest"
import type { ModelConfig } from "@sml/language-model"
import { serialize } from "@sml/onnx-autodiff"
import { hidden } from "@sml/policy-onnx/Attention"
import { freshWeights } from "@sml/policy-onnx/freshWeights"
import { rotaryTables } from "@sml/policy-onnx/Rotary"
import {
  cacheName,
  decodingGraph,
  samplerGraph,
  streamsPerGroup
} from "@sml/policy-onnx/SamplerGraph"
import * as fc from "fast-check"
import { InferenceSession, Tensor } from "onnxruntime-node"

import { tinyConfig } from "./fixture.ts"

const positions = 1024

// numbers in [-2, 2) that the seed decides (a linear congruential generator)
const numbers = (length: number, seed: number): Float32Array => {
  let state = seed >>> 0
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 30 - 2
  })
}

const floats = (data: Float32Array, shape: ReadonlyArray<number>): Tensor =>
  new Tensor("float32", data, shape)

interface Run {
  readonly config: ModelConfig
  readonly threads: number
  /** New positions of each stream: 1 is decoded, more continue a dialogue. */
  readonly width: number
  readonly streams: number
  /** Cached positions of each stream. */
  readonly cached: number
  /** Places of the cache. */
  readonly places: number
}

const sessions = new Map<string, Promise<InferenceSession>>()

const sessionOf = ({ config, threads, width }: Run): Promise<InferenceSession> => {
  const key = JSON.stringify([config, threads, width === 1])
  const known = sessions.get(key)
  if (known !== undefined) return known
  const graph = width === 1 ? decodingGraph(config) : samplerGraph(config, true, threads)
  const session = InferenceSession.create(serialize(graph), {
    intraOpNumThreads: threads,
    extra: { session: { intra_op: { allow_spinning: "0" } } }
  })
  sessions.set(key, session)
  return session
}

// the bits of the logits; what lies in empty places is decided by `litter`
const logitsOf = async (run: Run, litter: number): Promise<Int32Array> => {
  const { cached, config, places, streams, width } = run
  const { headSize, keyValueHeads, vocabularySize } = config
  const rotary = rotaryTables(config, positions)
  const groups = Math.ceil(streams / streamsPerGroup(config))
  const shape = width === 1 ? [groups, streams / groups] : [streams, width]
  const mask = new Float32Array(streams * places).fill(hidden)
  for (let row = 0; row < streams; row++) mask.fill(0, row * places, row * places + cached)
  const feeds: { [name: string]: Tensor } = {
    "rotary.cos": floats(rotary.cos, [positions, headSize / 2]),
    "rotary.sin": floats(rotary.sin, [positions, headSize / 2]),
    ids: new Tensor(
      "int32",
      Int32Array.from({ length: streams * width }, (_, i) => (i * 7) % vocabularySize),
      shape
    ),
    positions: new Tensor(
      "int64",
      BigInt64Array.from({ length: streams * width }, (_, i) => BigInt(cached + (i % width))),
      shape
    ),
    last: new Tensor(
      "int32",
      Int32Array.from({ length: streams }, (_, row) => (row + 1) * width - 1),
      [streams]
    ),
    mask: floats(
      Float32Array.from({ length: width * width }, (_, i) =>
        i % width > Math.floor(i / width) ? hidden : 0
      ),
      [width, width]
    ),
    pastMask: floats(mask, [streams, 1, 1, places])
  }
  for (const [name, { data, shape: dims }] of freshWeights(config, 1)) {
    feeds[name] = floats(data, dims)
  }
  for (let layer = 0; layer < config.layers; layer++) {
    for (const [seed, what] of (["keys", "values"] as const).entries()) {
      const size = cached * headSize
      const real = numbers(streams * keyValueHeads * size, 2 * layer + seed)
      const cache = numbers(streams * keyValueHeads * places * headSize, litter)
      for (let head = 0; head < streams * keyValueHeads; head++) {
        cache.set(real.subarray(head * size, (head + 1) * size), head * places * headSize)
      }
      feeds[cacheName("past", what, layer)] = floats(cache, [
        streams,
        keyValueHeads,
        places,
        headSize
      ])
    }
  }
  const session = await sessionOf(run)
  const wanted = Object.fromEntries(
    Object.entries(feeds).filter(([name]) => session.inputNames.includes(name))
  )
  const logits = (await session.run(wanted, ["logits"]))["logits"]?.data
  assert.instanceOf(logits, Float32Array)
  return new Int32Array(logits.slice().buffer)
}

describe("the places of a cache", () => {
  const heads = fc.constantFrom(
    { heads: 4, keyValueHeads: 2, headSize: 32 },
    { heads: 9, keyValueHeads: 3, headSize: 64 },
    { heads: 4, keyValueHeads: 1, headSize: 128 },
    // one query a key: another path of onnxruntime
    { heads: 4, keyValueHeads: 4, headSize: 16 },
    { heads: 2, keyValueHeads: 2, headSize: 80 }
  )
  const runs = fc
    .record({
      heads,
      threads: fc.constantFrom(1, 2, 5),
      width: fc.constantFrom(1, 1, 8, 24),
      streams: fc.constantFrom(8, 16, 32),
      cached: fc.integer({ min: 1, max: 300 }),
      spare: fc.integer({ min: 1, max: 40 })
    })
    .map(({ heads: shape, spare, ...rest }) => ({
      run: { ...rest, config: { ...tinyConfig, layers: 1, ...shape } },
      spare
    }))

  it("change no bit, in multiples of 8, however many are empty", async () => {
    await fc.assert(
      fc.asyncProperty(runs, async ({ run, spare }) => {
        const places = Math.ceil(run.cached / 8) * 8
        const fewest = await logitsOf({ ...run, places }, 11)
        const more = await logitsOf({ ...run, places: places + 8 * spare }, 12)
        assert.deepStrictEqual(more, fewest)
      }),
      { numRuns: 30 }
    )
  })

  it("are seen when they are not masked", async () => {
    const run = {
      config: { ...tinyConfig, layers: 1 },
      threads: 1,
      width: 1,
      streams: 8,
      places: 16
    }
    assert.notDeepEqual(
      await logitsOf({ ...run, cached: 9 }, 11),
      await logitsOf({ ...run, cached: 10 }, 11)
    )
  })
})

describe("the streams beside one", () => {
  it("change no bit of it, in a group of any size", async () => {
    const sizes = fc.constantFrom(
      { hiddenSize: 128, intermediateSize: 256 },
      { hiddenSize: 64, intermediateSize: 330 },
      { hiddenSize: 512, intermediateSize: 96 },
      { hiddenSize: 256, intermediateSize: 688 },
      { hiddenSize: 96, intermediateSize: 1300 }
    )
    const runs = sizes.chain((size) => {
      const config = { ...tinyConfig, layers: 1, headSize: 16, ...size }
      return fc.record({
        config: fc.constant(config),
        threads: fc.constantFrom(1, 2),
        streams: fc.integer({ min: 2, max: streamsPerGroup(config) })
      })
    })
    await fc.assert(
      fc.asyncProperty(runs, async (run) => {
        const { config } = run
        const most = streamsPerGroup(config)
        const same = { ...run, width: 1, cached: 20, places: 32 }
        const few = await logitsOf(same, 11)
        const many = await logitsOf({ ...same, streams: most }, 11)
        assert.deepStrictEqual(few, many.slice(0, few.length))
      }),
      { numRuns: 40 }
    )
  })
})
