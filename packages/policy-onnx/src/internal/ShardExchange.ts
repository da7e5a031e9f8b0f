/** How the lanes of one engine add their gradients up and hand updated weights on. */
import { addArray } from "./addArrays.ts"
import type { Rendezvous } from "./Rendezvous.ts"
import { type Piece, shardOf, viewOf } from "./Shard.ts"

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
      for (const piece of pieces) own?.set(viewOf(piece, gradient), piece.at)
    }
    this.#rendezvous.meet(0)
    for (const [other, elements] of this.#elements.entries()) {
      if (other === lane) continue
      for (const piece of this.pieces) {
        addArray(viewOf(piece, gradient), sharedOf(piece, elements))
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
    for (const piece of this.pieces) own?.set(viewOf(piece, arrays), piece.at)
    this.#rendezvous.meet(0)
    for (const [other, elements] of this.#elements.entries()) {
      if (other === lane) continue
      for (const piece of this.#shards[other] ?? []) {
        viewOf(piece, arrays).set(sharedOf(piece, elements))
      }
    }
  }
}

// where a piece lies among all elements
const sharedOf = ({ at, from, to }: Piece, elements: Float32Array): Float32Array =>
  elements.subarray(at, at + to - from)
