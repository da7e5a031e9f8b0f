/** Keys and values of the streams that are being decoded together. */
import type { ModelConfig } from "@sml/language-model"
import { Tensor } from "onnxruntime-node"

import { hidden } from "../Attention.ts"
import { cacheName } from "../SamplerGraph.ts"
import type { Feeds, Outputs } from "./GraphSession.ts"
import type { TokenStream } from "./TokenStream.ts"

/**
 * Rows of `[keyValueHeads, places, headSize]` per layer, one row per stream, the streams in use
 * first: a range of rows is a tensor without a copy. A stream that leaves is replaced by the last.
 */
export class CacheArena {
  readonly places: number
  readonly streams: Array<TokenStream> = []
  readonly #config: ModelConfig
  #capacity = 0
  #used = false
  // [layer][row][head][place][headSize]
  #keys: Array<Float32Array> = []
  #values: Array<Float32Array> = []
  // [row][place]: 0 where a token is cached, else hidden
  #mask = new Float32Array(0)

  constructor(config: ModelConfig, places: number) {
    this.#config = config
    this.places = places
    this.#keys = Array.from({ length: config.layers }, () => new Float32Array(0))
    this.#values = Array.from({ length: config.layers }, () => new Float32Array(0))
  }

  get #rowSize(): number {
    return this.#config.keyValueHeads * this.places * this.#config.headSize
  }

  /** Of the keys and values that it has room for. */
  get bytes(): number {
    const { layers } = this.#config
    return 2 * layers * this.#capacity * this.#rowSize * Float32Array.BYTES_PER_ELEMENT
  }

  /** Lets all streams go and keeps the room. Returns whether there was any since the last call. */
  clear(): boolean {
    const used = this.#used
    this.#used = false
    this.streams.length = 0
    return used
  }

  /** Takes a stream whose cache is empty; gives its row. */
  add(stream: TokenStream): number {
    this.#used = true
    const row = this.streams.push(stream) - 1
    this.reserve(row + 1)
    this.#mask.fill(hidden, row * this.places, (row + 1) * this.places)
    return row
  }

  /** Makes room for so many rows. Rows beyond the streams hold finite numbers and are never seen. */
  reserve(rows: number): void {
    if (rows <= this.#capacity) return
    this.#capacity = Math.max(rows, 2 * this.#capacity, 8)
    const grown = (old: Float32Array, size: number, filler: number) => {
      const array = new Float32Array(this.#capacity * size).fill(filler, old.length)
      array.set(old)
      return array
    }
    this.#keys = this.#keys.map((old) => grown(old, this.#rowSize, 0))
    this.#values = this.#values.map((old) => grown(old, this.#rowSize, 0))
    this.#mask = grown(this.#mask, this.places, hidden)
  }

  /** The past of `rows` rows from `first` on, as inputs of the sampler's graph. */
  feeds(first: number, rows: number): Feeds {
    const { headSize, keyValueHeads } = this.#config
    const shape = [rows, keyValueHeads, this.places, headSize]
    const range = (array: Float32Array) =>
      array.subarray(first * this.#rowSize, (first + rows) * this.#rowSize)
    const feeds: { [name: string]: Tensor } = {
      pastMask: new Tensor(
        "float32",
        this.#mask.subarray(first * this.places, (first + rows) * this.places),
        [rows, 1, 1, this.places]
      )
    }
    this.#keys.forEach((keys, layer) => {
      feeds[cacheName("past", "keys", layer)] = new Tensor("float32", range(keys), shape)
    })
    this.#values.forEach((values, layer) => {
      feeds[cacheName("past", "values", layer)] = new Tensor("float32", range(values), shape)
    })
    return feeds
  }

  /**
   * Appends `count` positions to the caches of `rows` rows from `row` on, from the rows from `from` on of
   * a run over `width` new positions.
   */
  write(row: number, outputs: Outputs, from: number, width: number, count: number, rows = 1): void {
    const { headSize, keyValueHeads, layers } = this.#config
    const streams = this.streams.slice(row, row + rows)
    // layer by layer: looking an output up takes as long as copying a short row of it
    for (let layer = 0; layer < layers; layer++) {
      const newKeys = outputs.floats(cacheName("new", "keys", layer))
      const newValues = outputs.floats(cacheName("new", "values", layer))
      const keys = this.#keys[layer] ?? empty
      const values = this.#values[layer] ?? empty
      for (const [index, { cached }] of streams.entries()) {
        for (let head = 0; head < keyValueHeads; head++) {
          const source = ((from + index) * keyValueHeads + head) * width * headSize
          const target = (((row + index) * keyValueHeads + head) * this.places + cached) * headSize
          copy(newKeys, source, keys, target, count * headSize)
          copy(newValues, source, values, target, count * headSize)
        }
      }
    }
    for (const [index, stream] of streams.entries()) {
      const place = (row + index) * this.places + stream.cached
      this.#mask.fill(0, place, place + count)
      stream.cached += count
    }
  }

  /** Fills a row's first `count` places from a store of `[layer][head][storePlaces][headSize]`. */
  load(row: number, store: CacheStore, count: number): void {
    this.#exchange(row, store, 0, count, "load")
    this.#mask.fill(0, row * this.places, row * this.places + count)
    const stream = this.streams[row]
    if (stream !== undefined) stream.cached = count
  }

  /** Copies a row's places from `start` to `end` into a store. */
  save(row: number, store: CacheStore, start: number, end: number): void {
    this.#exchange(row, store, start, end, "save")
  }

  /** Moves the stream of a row to an arena with more places. */
  move(row: number, target: CacheArena): void {
    const stream = this.streams[row]
    if (stream === undefined) return
    const { headSize, keyValueHeads, layers } = this.#config
    const there = target.add(stream)
    const length = stream.cached * headSize
    for (let layer = 0; layer < layers; layer++) {
      for (let head = 0; head < keyValueHeads; head++) {
        const from = (row * keyValueHeads + head) * this.places * headSize
        const to = (there * keyValueHeads + head) * target.places * headSize
        copy(this.#keys[layer] ?? empty, from, target.#keys[layer] ?? empty, to, length)
        copy(this.#values[layer] ?? empty, from, target.#values[layer] ?? empty, to, length)
      }
    }
    const start = there * target.places
    target.#mask.fill(0, start, start + stream.cached)
    this.remove(row)
  }

  /** Gives the row of a stream to the last stream. */
  remove(row: number): void {
    const last = this.streams.length - 1
    const moved = this.streams[last]
    this.streams.pop()
    if (row === last || moved === undefined) return
    this.streams[row] = moved
    const { headSize, keyValueHeads } = this.#config
    for (const arrays of [this.#keys, this.#values]) {
      for (const array of arrays) {
        for (let head = 0; head < keyValueHeads; head++) {
          const source = (last * keyValueHeads + head) * this.places * headSize
          const target = (row * keyValueHeads + head) * this.places * headSize
          array.copyWithin(target, source, source + moved.cached * headSize)
        }
      }
    }
    this.#mask.copyWithin(row * this.places, last * this.places, (last + 1) * this.places)
  }

  #exchange(
    row: number,
    store: CacheStore,
    start: number,
    end: number,
    direction: "load" | "save"
  ): void {
    const { headSize, keyValueHeads, layers } = this.#config
    const length = (end - start) * headSize
    for (let layer = 0; layer < layers; layer++) {
      for (let head = 0; head < keyValueHeads; head++) {
        const here = ((row * keyValueHeads + head) * this.places + start) * headSize
        const there = ((layer * keyValueHeads + head) * store.places + start) * headSize
        const keys = this.#keys[layer] ?? empty
        const values = this.#values[layer] ?? empty
        if (direction === "load") {
          copy(store.keys, there, keys, here, length)
          copy(store.values, there, values, here, length)
        } else {
          copy(keys, here, store.keys, there, length)
          copy(values, here, store.values, there, length)
        }
      }
    }
  }
}

/** Keys and values of one stream, `[layer][head][places][headSize]`. */
export interface CacheStore {
  readonly places: number
  readonly keys: Float32Array
  readonly values: Float32Array
}

const empty = new Float32Array(0)

// short runs are copied faster by a loop than by a view and a call
const copy = (
  source: Float32Array,
  from: number,
  target: Float32Array,
  to: number,
  length: number
): void => {
  if (length > 64) target.set(source.subarray(from, from + length), to)
  else for (let i = 0; i < length; i++) target[to + i] = source[from + i] ?? 0
}
