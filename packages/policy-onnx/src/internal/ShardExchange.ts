/** How the lanes of one engine add their gradients up and hand updated weights on. */
import { addArray } from "./addArrays.ts"
import type { Rendezvous } from "./Rendezvous.ts"
import { type Piece, shardOf } from "./Shard.ts"

type Arrays = ReadonlyArray<Float32Array>

/**
 * Each lane sums and updates its own shard of the parameters, so that this takes the lanes as long
 * together as one of them a share of it (Rajbhandari et al. 2020, arXiv:1910.02054, stage 1). All
 * methods are called by all lanes together.
 *
 * The lanes share a number and all parameters' elements for each of them: what a lane writes for the
 * shards of the others are its gradients, and for its own the updated weights.
 */
export class ShardExchange {
  readonly #rendezvous: Rendezvous
  readonly #shards: ReadonlyArray<ReadonlyArray<Piece>>
  readonly #numbers: Float64Array
  // of each lane
  readonly #elements: ReadonlyArray<Float32Array>

  /** For `size` elements in all. */
  static readonly memory = (size: number, lanes: number): SharedArrayBuffer =>
    new SharedArrayBuffer(
      lanes * (Float64Array.BYTES_PER_ELEMENT + size * Float32Array.BYTES_PER_ELEMENT)
    )

  /** Of arrays of these lengths. */
  constructor(rendezvous: Rendezvous, memory: SharedArrayBuffer, lengths: ReadonlyArray<number>) {
    const { lanes } = rendezvous
    const size = lengths.reduce((sum, length) => sum + length, 0)
    const all = Array.from({ length: lanes }, (_, lane) => lane)
    this.#rendezvous = rendezvous
    this.#shards = all.map((lane) => shardOf(lengths, lane, lanes))
    this.#numbers = new Float64Array(memory, 0, lanes)
    this.#elements = all.map(
      (lane) =>
        new Float32Array(
          memory,
          this.#numbers.byteLength + lane * size * Float32Array.BYTES_PER_ELEMENT,
          size
        )
    )
  }

  /** This lane's. */
  get pieces(): ReadonlyArray<Piece> {
    return this.#shards[this.#rendezvous.lane] ?? []
  }

  /** Adds the other lanes' gradients to this one's, in its shard. */
  addUp(gradient: Arrays): void {
    const { lane } = this.#rendezvous
    const own = this.#elements[lane]
    for (const [other, pieces] of this.#shards.entries()) {
      if (other === lane) continue
      for (const { array, at, from, to } of pieces) own?.set(viewOf(gradient, array, from, to), at)
    }
    this.#rendezvous.meet(0)
    for (const [other, elements] of this.#elements.entries()) {
      if (other === lane) continue
      for (const { array, at, from, to } of this.pieces) {
        addArray(viewOf(gradient, array, from, to), elements.subarray(at, at + to - from))
      }
    }
  }

  /** The sum of what the lanes say: the same bits for each. */
  sum(mine: number): number {
    this.#numbers[this.#rendezvous.lane] = mine
    this.#rendezvous.meet(0)
    return this.#numbers.reduce((sum, number) => sum + number, 0)
  }

  /** Gives every lane the other lanes' shards of arrays of which it has changed its own. */
  spread(arrays: Arrays): void {
    const { lane } = this.#rendezvous
    const own = this.#elements[lane]
    for (const { array, at, from, to } of this.pieces) own?.set(viewOf(arrays, array, from, to), at)
    this.#rendezvous.meet(0)
    for (const [other, elements] of this.#elements.entries()) {
      if (other === lane) continue
      for (const { array, at, from, to } of this.#shards[other] ?? []) {
        arrays[array]?.set(elements.subarray(at, at + to - from), from)
      }
    }
  }
}

const viewOf = (arrays: Arrays, array: number, from: number, to: number): Float32Array =>
  (arrays[array] ?? new Float32Array(0)).subarray(from, to)
