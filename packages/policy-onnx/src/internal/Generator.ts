/** Continuous batching: streams join and leave between steps. */
import type { ModelConfig } from "@sml/language-model"
import { parameterCount } from "@sml/language-model/ModelConfig"
import {
  type Draw,
  sampleToken,
  type TokenDistribution,
  tokenDistribution,
  uniformAt
} from "@sml/policy"
import * as Effect from "effect/Effect"
import { Tensor } from "onnxruntime-node"

import { blockSize, drawFromBlocks } from "../drawFromBlocks.ts"
import { cacheName, decodingGraph, samplerGraph, streamsPerGroup } from "../SamplerGraph.ts"
import { CacheArena } from "./CacheArena.ts"
import { DialogueCache } from "./DialogueCache.ts"
import { EngineFault } from "./EngineFault.ts"
import { bucket, causalMask, Int64Feed } from "./feeds.ts"
import { type Feeds, GraphSession, type Outputs } from "./GraphSession.ts"
import type { EngineSettings } from "./protocol.ts"
import type { SampledWeights } from "./SampledWeights.ts"
import type { TokenStream } from "./TokenStream.ts"

/** Numbers of tokens and seconds since the start. */
export interface GeneratorCounters {
  sampledTokens: number
  prefilledTokens: number
  reusedTokens: number
  prefillSeconds: number
  decodeSeconds: number
}

/**
 * Serves streams. The bits of a completion do not depend on the streams beside it:
 *
 * - a prompt is run at a width that depends on its own number of new tokens; streams run together when
 *   these agree;
 * - empty places of a cache add nothing to a sum and move no other term, as long as there are a multiple
 *   of 8 of them: streams of unlike lengths can share an arena;
 * - at least two rows run at a time, and enough that onnxruntime gives each product of the attention
 *   to one thread (products of a single row, and parts of products, are summed in another order);
 * - what is decoded is multiplied in equal groups of up to {@link streamsPerGroup} streams;
 * - the random number of a draw depends on the request's seed and the position only.
 */
export class Generator {
  readonly counters: GeneratorCounters = {
    sampledTokens: 0,
    prefilledTokens: 0,
    reusedTokens: 0,
    prefillSeconds: 0,
    decodeSeconds: 0
  }
  readonly #config: ModelConfig
  readonly #weights: SampledWeights
  readonly #settings: EngineSettings
  readonly #first: GraphSession
  readonly #next: GraphSession
  readonly #decoding: GraphSession
  // the new keys and values
  readonly #outputs: ReadonlyArray<string>
  readonly #block: number | undefined
  readonly #streamsPerGroup: number
  readonly #arenas = new Map<number, CacheArena>()
  readonly #dialogues: DialogueCache
  // what a place of a stream's cache takes, and what reading all weights once is worth
  readonly #placeBytes: number
  readonly #runBytes: number
  readonly #scratch: TokenDistribution
  readonly #draw: Draw = { id: 0, logprob: 0, rawLogprob: 0 }
  #finished: Array<TokenStream> = []

  constructor(config: ModelConfig, weights: SampledWeights, settings: EngineSettings) {
    this.#config = config
    this.#weights = weights
    this.#settings = settings
    const { threads } = settings
    this.#first = new GraphSession(() => samplerGraph(config, false, threads), settings)
    this.#next = new GraphSession(() => samplerGraph(config, true, threads), settings)
    this.#decoding = new GraphSession(() => decodingGraph(config), settings)
    this.#block = blockSize(config.vocabularySize)
    this.#streamsPerGroup = streamsPerGroup(config)
    this.#outputs = Array.from({ length: config.layers }, (_, layer) => [
      cacheName("new", "keys", layer),
      cacheName("new", "values", layer)
    ]).flat()
    const { BYTES_PER_ELEMENT } = Float32Array
    this.#placeBytes =
      2 * config.layers * config.keyValueHeads * config.headSize * BYTES_PER_ELEMENT
    this.#runBytes = parameterCount(config) * BYTES_PER_ELEMENT + overheadBytes
    this.#dialogues = new DialogueCache(config, settings.cacheBytes)
    this.#scratch = tokenDistribution(config.vocabularySize)
  }

  /** Streams that are being decoded. */
  get active(): number {
    let count = 0
    for (const arena of this.#arenas.values()) count += arena.streams.length
    return count
  }

  /** How many more streams fit. */
  get room(): number {
    return this.#settings.maxRows - this.active
  }

  /** Forgets every cached key and value: the weights have changed. */
  clear(): void {
    for (const [places, arena] of this.#arenas) {
      // room that nobody has needed since the last change is given back
      if (!arena.clear()) this.#arenas.delete(places)
    }
    this.#dialogues.clear()
  }

  /** Gives up on all streams and caches after a failure. */
  abort(): ReadonlyArray<TokenStream> {
    const streams = [...this.#arenas.values()].flatMap((arena) => arena.streams)
    this.#finished = []
    this.clear()
    return streams
  }

  /** Runs the prompts of new streams and samples a first token for each. */
  admit(streams: ReadonlyArray<TokenStream>): Effect.Effect<void, EngineFault> {
    return Effect.gen({ self: this }, function* () {
      const start = performance.now()
      yield* this.#weights.refresh()
      const fresh: Array<TokenStream> = []
      const continued: Array<TokenStream> = []
      for (const stream of streams) {
        ;(this.#dialogues.match(stream) > 0 ? continued : fresh).push(stream)
      }
      for (const [arena, same] of groupBy(streams, (stream) => this.#arenaOf(stream))) {
        arena.reserve(this.#decodingRows(arena.streams.length + same.length))
      }
      yield* this.#runFresh(fresh)
      yield* this.#runContinued(continued)
      this.#sweep()
      this.counters.prefillSeconds += (performance.now() - start) / 1000
    })
  }

  /** One token for every active stream. */
  decode(): Effect.Effect<void, EngineFault> {
    return Effect.gen({ self: this }, function* () {
      const start = performance.now()
      this.#sweep()
      this.#makePlaces()
      this.#joinArenas()
      for (const arena of this.#arenas.values()) {
        if (arena.streams.length === 0) continue
        const streams = [...arena.streams]
        const outputs = yield* this.#decodeOnce(arena, streams)
        arena.write(0, outputs, 0, 1, 1, streams.length)
        yield* this.#sample(streams, outputs)
      }
      this.#sweep()
      this.counters.decodeSeconds += (performance.now() - start) / 1000
    })
  }

  /** The streams that have finished since the last call. */
  takeFinished(): ReadonlyArray<TokenStream> {
    const finished = this.#finished
    this.#finished = []
    return finished
  }

  // prompts without a past; equal prompts are run once
  #runFresh(streams: ReadonlyArray<TokenStream>): Effect.Effect<void, EngineFault> {
    return Effect.gen({ self: this }, function* () {
      const byWidth = groupBy(streams, (stream) => bucket(stream.length, 8))
      for (const [width, sameWidth] of byWidth) {
        const prompts = [
          ...groupBy(sameWidth, (stream) =>
            stream.tokens.subarray(0, stream.length).join()
          ).values()
        ]
        for (const chunk of chunksOf(prompts, this.#rowsPerRun(width))) {
          const firsts = chunk.flatMap((same) => same.slice(0, 1))
          const rows = this.#padded(firsts.length)
          const outputs = yield* this.#first.run(
            { ...this.#weights.feeds(width), ...this.#newTokens(firsts, rows, width) },
            this.#outputsFor(chunk.flat())
          )
          for (const [index, same] of chunk.entries()) {
            this.counters.prefilledTokens += same[0]?.length ?? 0
            for (const stream of same) {
              const arena = this.#arenaOf(stream)
              arena.write(arena.add(stream), outputs, index, width, stream.length)
            }
            yield* this.#sample(same, outputs, () => index)
          }
        }
      }
    })
  }

  // prompts whose beginning is cached from an earlier turn
  #runContinued(streams: ReadonlyArray<TokenStream>): Effect.Effect<void, EngineFault> {
    return Effect.gen({ self: this }, function* () {
      const byArena = groupBy(streams, (stream) => this.#arenaOf(stream))
      for (const [arena, sameArena] of byArena) {
        const byWidth = groupBy(sameArena, (stream) =>
          bucket(stream.length - this.#dialogues.match(stream), 8)
        )
        for (const [width, sameWidth] of byWidth) {
          for (const chunk of chunksOf(sameWidth, this.#rowsPerRun(width))) {
            const first = arena.streams.length
            for (const stream of chunk) this.#dialogues.load(stream, arena, arena.add(stream))
            const outputs = yield* this.#runNext(arena, first, chunk, width)
            for (const [index, stream] of chunk.entries()) {
              const count = stream.length - stream.cached
              this.counters.prefilledTokens += count
              this.counters.reusedTokens += stream.cached
              arena.write(first + index, outputs, index, width, count)
            }
            yield* this.#sample(chunk, outputs)
          }
        }
      }
    })
  }

  // the uncached tokens of streams that lie in the arena's rows from `first` on
  #runNext(
    arena: CacheArena,
    first: number,
    streams: ReadonlyArray<TokenStream>,
    width: number
  ): Effect.Effect<Outputs, EngineFault> {
    const rows = this.#padded(streams.length)
    arena.reserve(first + rows)
    return this.#next.run(
      {
        ...this.#weights.feeds(Math.max(arena.places, width)),
        ...this.#newTokens(streams, rows, width),
        ...arena.feeds(first, rows)
      },
      this.#outputsFor(streams)
    )
  }

  // the last sampled id of each stream of an arena
  #decodeOnce(
    arena: CacheArena,
    streams: ReadonlyArray<TokenStream>
  ): Effect.Effect<Outputs, EngineFault> {
    const rows = this.#decodingRows(streams.length)
    arena.reserve(rows)
    const ids = new Int32Array(rows)
    const positions = new Int64Feed(rows)
    for (const [row, { cached, tokens }] of streams.entries()) {
      ids[row] = tokens[cached] ?? 0
      positions.set(row, cached)
    }
    const group = rows / this.#groups(rows)
    const shape = [rows / group, group]
    return this.#decoding.run(
      {
        // the sampled id after the last place is never run
        ...this.#weights.feeds(Math.max(arena.places, group)),
        ids: new Tensor("int32", ids, shape),
        positions: positions.tensor(shape),
        ...arena.feeds(0, rows)
      },
      this.#outputsFor(streams)
    )
  }

  #newTokens(streams: ReadonlyArray<TokenStream>, rows: number, width: number): Feeds {
    const ids = new Int32Array(rows * width)
    const positions = new Int64Feed(rows * width)
    const last = new Int32Array(rows)
    for (const [row, stream] of streams.entries()) {
      const count = stream.length - stream.cached
      for (let i = 0; i < count; i++) {
        ids[row * width + i] = stream.tokens[stream.cached + i] ?? 0
        positions.set(row * width + i, stream.cached + i)
      }
      last[row] = row * width + count - 1
    }
    return {
      ids: new Tensor("int32", ids, [rows, width]),
      positions: positions.tensor([rows, width]),
      last: new Tensor("int32", last, [rows]),
      mask: causalMask(width)
    }
  }

  // large vocabularies' logits are only fetched when somebody is not drawn from blocks
  #outputsFor(streams: ReadonlyArray<TokenStream>): ReadonlyArray<string> {
    const blocked = this.#block === undefined ? [] : ["weights", "sums"]
    return streams.every(
      (stream) => this.#isBlocked(stream) && stream.request.sampling.temperature > 0
    )
      ? [...blocked, ...this.#outputs]
      : ["logits", ...blocked, ...this.#outputs]
  }

  #isBlocked({ request: { sampling } }: TokenStream): boolean {
    const { minP = 0, temperature, topK = Infinity, topP = 1 } = sampling
    const whole = minP === 0 && topP === 1 && topK >= this.#config.vocabularySize
    return this.#block !== undefined && (temperature === 0 || (temperature === 1 && whole))
  }

  // appends an id to each stream, from the logits of its row
  #sample(
    streams: ReadonlyArray<TokenStream>,
    outputs: Outputs,
    rowOf: (index: number) => number = (index) => index
  ): Effect.Effect<void, EngineFault> {
    return Effect.suspend(() => {
      for (const [index, stream] of streams.entries()) {
        if (!this.#drawFor(stream, outputs, rowOf(index))) {
          return new EngineFault({
            reason: `The logits at position ${stream.length} are not finite; the training has diverged, restore an earlier checkpoint.`
          })
        }
        stream.append(this.#draw)
        this.counters.sampledTokens += 1
      }
      return Effect.void
    })
  }

  #drawFor(stream: TokenStream, outputs: Outputs, row: number): boolean {
    const size = this.#config.vocabularySize
    const { sampling, seed } = stream.request
    const uniform = uniformAt(seed, stream.length)
    const draw = this.#draw
    if (this.#block === undefined || !this.#isBlocked(stream)) {
      const logits = outputs.floats("logits")
      return sampleToken(logits, row * size, size, sampling, uniform, this.#scratch, draw)
    }
    const blocked = {
      weights: outputs.floats("weights"),
      offset: row * size,
      size,
      sums: outputs.floats("sums"),
      sumsOffset: row * (size / this.#block),
      blockSize: this.#block
    }
    const logits = sampling.temperature === 0 ? outputs.floats("logits") : undefined
    return drawFromBlocks(blocked, uniform, logits, draw)
  }

  // takes streams that have finished or were cancelled out of their rows
  #sweep(): void {
    for (const arena of this.#arenas.values()) {
      // from the end: the row that takes a removed one's place has been looked at
      for (let row = arena.streams.length - 1; row >= 0; row--) {
        const stream = arena.streams[row]
        if (stream?.finished === undefined) continue
        if (stream.finished !== "cancelled") {
          this.#dialogues.save(stream, arena, row)
          this.#finished.push(stream)
        }
        arena.remove(row)
      }
    }
  }

  // streams that have filled their places go where there are more; the cache that attention reads is
  // never much longer than the stream
  #makePlaces(): void {
    // the largest first: a stream moves once
    for (const arena of [...this.#arenas.values()].toSorted((x, y) => y.places - x.places)) {
      const full = arena.streams.filter((stream) => stream.cached === arena.places)
      for (const [target, streams] of groupBy(full, (stream) => this.#arenaOf(stream))) {
        // room for all of them at once
        target.reserve(this.#decodingRows(target.streams.length + streams.length))
        for (const stream of streams) arena.move(arena.streams.indexOf(stream), target)
      }
    }
    this.#giveRoomBack()
  }

  // every run reads all weights: streams go where the caches are longer if reading those takes less
  #joinArenas(): void {
    const arenas = [...this.#arenas.values()]
      .filter(({ streams }) => streams.length > 0)
      .toSorted((x, y) => x.places - y.places)
    for (const [index, arena] of arenas.entries()) {
      const next = arenas[index + 1]
      if (next === undefined) return
      const count = arena.streams.length
      const added = count * (next.places - arena.places) * this.#placeBytes
      if (added > this.#runBytes) continue
      next.reserve(this.#decodingRows(next.streams.length + count))
      // from the end: nobody has to take the place of one that leaves
      for (let row = count - 1; row >= 0; row--) arena.move(row, next)
    }
  }

  // room that streams have left is kept for the next ones, within the bound on caches
  #giveRoomBack(): void {
    let bytes = 0
    for (const arena of this.#arenas.values()) bytes += arena.bytes
    for (const [places, arena] of this.#arenas) {
      if (bytes <= this.#settings.cacheBytes) return
      if (arena.streams.length > 0) continue
      bytes -= arena.bytes
      this.#arenas.delete(places)
    }
  }

  #arenaOf(stream: TokenStream): CacheArena {
    const places = bucket(stream.length, 32)
    const known = this.#arenas.get(places)
    if (known !== undefined) return known
    const arena = new CacheArena(this.#config, places)
    this.#arenas.set(places, arena)
    return arena
  }

  #padded(rows: number): number {
    return Math.max(rows, 2, Math.ceil(this.#settings.threads / this.#config.keyValueHeads))
  }

  // as few groups as possible, all of one size
  #groups(rows: number): number {
    return Math.ceil(rows / this.#streamsPerGroup)
  }

  // the streams and what their last group lacks
  #decodingRows(streams: number): number {
    const rows = this.#padded(streams)
    const groups = this.#groups(rows)
    return Math.ceil(rows / groups) * groups
  }

  #rowsPerRun(width: number): number {
    return Math.max(1, Math.floor(this.#settings.microBatchTokens / width))
  }
}

/** What starting a run takes, as memory that could be read in that time: 0.2 ms at 25 GB/s. */
const overheadBytes = 5e6

const groupBy = <A, K>(items: ReadonlyArray<A>, key: (item: A) => K): Map<K, Array<A>> => {
  const groups = new Map<K, Array<A>>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group === undefined) groups.set(key(item), [item])
    else group.push(item)
  }
  return groups
}

const chunksOf = <A>(items: ReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size)
  )
