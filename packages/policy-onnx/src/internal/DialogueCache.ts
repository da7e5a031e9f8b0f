/** Keys and values of dialogues between their turns. */
import type { ModelConfig } from "@sml/language-model"

import type { CacheArena, CacheStore } from "./CacheArena.ts"
import { bucket } from "./feeds.ts"
import type { Stream } from "./Stream.ts"

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
  #bytes = 0

  constructor(config: ModelConfig, limit: number) {
    this.#config = config
    this.#limit = limit
  }

  /** How many of the prompt's first tokens are cached under the stream's key. At least one token
   * stays to be run: its logits are wanted. */
  match(stream: Stream): number {
    const entry = this.#find(stream)
    if (entry === undefined) return 0
    const most = Math.min(entry.length, stream.request.length - 1)
    let count = 0
    while (count < most && entry.tokens[count] === stream.tokens[count]) count++
    return count
  }

  /** Copies what {@link match} found into the stream's row. */
  load(stream: Stream, arena: CacheArena, row: number): void {
    const entry = this.#find(stream)
    const count = this.match(stream)
    if (entry === undefined || count === 0) return
    arena.load(row, entry, count)
    stream.reused = count
    // from here on `reused` says which of the entry's places need not be written again
    entry.writer = stream.request.id
  }

  /** Keeps what the stream's row holds, for the dialogue's next turn. */
  save(stream: Stream, arena: CacheArena, row: number): void {
    const key = stream.request.cacheKey
    if (key === undefined || stream.cached === 0) return
    const known = this.#entries.get(key)
    const fits = known !== undefined && known.places >= stream.cached
    const entry = fits ? known : this.#make(stream.cached)
    const unchanged = fits && known.writer === stream.request.id ? stream.reused : 0
    arena.save(row, entry, unchanged, stream.cached)
    entry.tokens.set(stream.tokens.subarray(0, stream.cached))
    entry.length = stream.cached
    entry.writer = stream.request.id
    // moves the entry to the end of the order
    this.#delete(key)
    this.#entries.set(key, entry)
    this.#bytes += bytesOf(entry)
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#limit) break
      this.#delete(oldest)
    }
  }

  clear(): void {
    this.#entries.clear()
    this.#bytes = 0
  }

  #find(stream: Stream): Entry | undefined {
    const key = stream.request.cacheKey
    return key === undefined ? undefined : this.#entries.get(key)
  }

  #make(length: number): Entry {
    const { headSize, keyValueHeads, layers } = this.#config
    const places = bucket(length, 32)
    const size = layers * keyValueHeads * places * headSize
    return {
      places,
      keys: new Float32Array(size),
      values: new Float32Array(size),
      tokens: new Int32Array(places),
      length: 0,
      writer: -1
    }
  }

  #delete(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#bytes -= bytesOf(entry)
  }
}

const bytesOf = (entry: Entry): number => entry.keys.byteLength + entry.values.byteLength
