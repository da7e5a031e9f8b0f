/** Keys and values of dialogues between their turns. */
import type { ModelConfig } from "@sml/language-model"

import type { CacheArena, CacheStore } from "./CacheArena.ts"
import { bucket } from "./feeds.ts"
import type { TokenStream } from "./TokenStream.ts"

interface Entry extends CacheStore {
  /** The cached tokens; the first `length` are valid. */
  readonly tokens: Int32Array
  length: number
  /** The request that wrote it last. */
  writer: number
}

/** The dialogues used last, within a bound on their bytes. */
export class DialogueCache {
  readonly #config: ModelConfig
  readonly #limit: number
  // in the order of use, the oldest first
  readonly #entries = new Map<string, Entry>()
  // entries of forgotten dialogues, whose arrays are used again: by number of places
  readonly #free = new Map<number, Array<Entry>>()
  // of all arrays, used or free
  #bytes = 0

  constructor(config: ModelConfig, limit: number) {
    this.#config = config
    this.#limit = limit
  }

  /** How many of the prompt's first tokens are cached under the stream's key. At least one token
   * stays to be run: its logits are wanted. */
  match(stream: TokenStream): number {
    const entry = this.#find(stream)
    if (entry === undefined) return 0
    const most = Math.min(entry.length, stream.request.length - 1)
    let count = 0
    while (count < most && entry.tokens[count] === stream.tokens[count]) count++
    return count
  }

  /** Copies what {@link match} found into the stream's row. */
  load(stream: TokenStream, arena: CacheArena, row: number): void {
    const entry = this.#find(stream)
    const count = this.match(stream)
    if (entry === undefined || count === 0) return
    arena.load(row, entry, count)
    stream.reused = count
    // from here on `reused` says which of the entry's places need not be written again
    entry.writer = stream.request.id
  }

  /** Keeps what the stream's row holds, for the dialogue's next turn. */
  save(stream: TokenStream, arena: CacheArena, row: number): void {
    const key = stream.request.cacheKey
    if (key === undefined || stream.cached === 0) return
    const known = this.#entries.get(key)
    // what is kept again moves to the end of the order
    this.#entries.delete(key)
    const fits = known !== undefined && known.places >= stream.cached
    if (known !== undefined && !fits) this.#release(known)
    const entry = fits ? known : this.#make(stream.cached)
    if (entry === undefined) return
    const unchanged = fits && known.writer === stream.request.id ? stream.reused : 0
    arena.save(row, entry, unchanged, stream.cached)
    entry.tokens.set(stream.tokens.subarray(0, stream.cached))
    entry.length = stream.cached
    entry.writer = stream.request.id
    this.#entries.set(key, entry)
  }

  clear(): void {
    for (const entry of this.#entries.values()) this.#release(entry)
    this.#entries.clear()
  }

  #find(stream: TokenStream): Entry | undefined {
    const key = stream.request.cacheKey
    return key === undefined ? undefined : this.#entries.get(key)
  }

  #release(entry: Entry): void {
    const free = this.#free.get(entry.places)
    if (free === undefined) this.#free.set(entry.places, [entry])
    else free.push(entry)
  }

  // arrays for a stream of this length; undefined when they would exceed the limit alone
  #make(length: number): Entry | undefined {
    const { headSize, keyValueHeads, layers } = this.#config
    const places = bucket(length, 32)
    const free = this.#free.get(places)?.pop()
    if (free !== undefined) return free
    const size = layers * keyValueHeads * places * headSize
    const bytes = 2 * size * Float32Array.BYTES_PER_ELEMENT
    if (bytes > this.#limit) return undefined
    this.#bytes += bytes
    if (this.#bytes > this.#limit) {
      for (const entry of [...this.#free.values()].flat()) this.#bytes -= bytesOf(entry)
      this.#free.clear()
    }
    for (const [key, oldest] of this.#entries) {
      if (this.#bytes <= this.#limit) break
      this.#entries.delete(key)
      this.#bytes -= bytesOf(oldest)
    }
    return {
      places,
      keys: new Float32Array(size),
      values: new Float32Array(size),
      tokens: new Int32Array(places),
      length: 0,
      writer: -1
    }
  }
}

const bytesOf = (entry: Entry): number => entry.keys.byteLength + entry.values.byteLength
