/** Small inputs that depend on shapes only. */
import { Tensor } from "onnxruntime-node"

import { hidden } from "../Attention.ts"

const masks = new Map<number, Tensor>()

// longer masks are made anew each time: they are large, and rare
const longestKept = 512

/** The causal mask `[length, length]`. */
export const causalMask = (length: number): Tensor => {
  const known = masks.get(length)
  if (known !== undefined) return known
  const mask = new Float32Array(length * length).fill(hidden)
  for (let row = 0; row < length; row++) mask.fill(0, row * length, row * length + row + 1)
  const tensor = new Tensor("float32", mask, [length, length])
  if (length <= longestKept) masks.set(length, tensor)
  return tensor
}

/** An int64 tensor that is written as pairs of 32-bit words: no BigInt is made per element. */
export class Int64Feed {
  readonly #values: BigInt64Array
  readonly #words: Int32Array

  constructor(length: number) {
    this.#values = new BigInt64Array(length)
    this.#words = new Int32Array(this.#values.buffer)
  }

  /** Sets a number in 0 … 2³¹ − 1. */
  set(index: number, value: number): void {
    // little-endian: the high word, after the low one, stays 0
    this.#words[2 * index] = value
  }

  tensor(shape: ReadonlyArray<number>): Tensor {
    return new Tensor("int64", this.#values, shape)
  }
}

/** The smallest size of a geometric ladder that holds `length`: multiples of `step`, of ever larger
 * steps, so that at most a third of a bucket is empty. */
export const bucket = (length: number, step: number): number => {
  let size = step
  while (size * 4 < length) size *= 2
  return Math.ceil(length / size) * size
}
