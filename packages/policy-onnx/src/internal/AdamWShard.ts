/** First and second moments in a WebAssembly memory of their own, and the code that changes them. */
import { smallestEpsilon, windowLength } from "./adamWKernel.ts"
import { type Kernel, kernelMemory } from "./kernelMemory.ts"

/** What a step does to every element of an array; see `adamWKernel`. */
export interface UpdateFactors {
  readonly scale: number
  readonly beta1: number
  readonly beta2: number
  readonly rate: number
  readonly epsilon: number
  readonly decay: number
}

/** `length` pairs of moments, 0 at first. Making one throws a `RangeError` where memory is short. */
export class AdamWShard {
  readonly first: Float32Array
  readonly second: Float32Array
  readonly #gradient: Float32Array
  readonly #weights: Float32Array
  readonly #kernel: Kernel

  constructor(length: number) {
    const { free, gradient, kernel, weights } = kernelMemory(2 * length)
    this.first = free.subarray(0, length)
    this.second = free.subarray(length)
    this.#gradient = gradient
    this.#weights = weights
    this.#kernel = kernel
  }

  /** Σ x² over an array, in float64. */
  squares(array: Float32Array): number {
    let sum = 0
    for (let from = 0; from < array.length; from += windowLength) {
      sum += this.#kernel.squares(this.#stage(array.subarray(from, from + windowLength)))
    }
    return sum
  }

  /** Updates weights, and their moments, which begin at the element `at` (a multiple of 4). */
  update(at: number, weights: Float32Array, gradient: Float32Array, factors: UpdateFactors): void {
    const { scale, beta1, beta2, rate, epsilon, decay } = factors
    // in two parts, each a number that float32 has: a huge gradient's scale is not
    const scale1 = Math.fround(Math.sqrt(scale))
    for (let from = 0; from < weights.length; from += windowLength) {
      const part = weights.subarray(from, from + windowLength)
      const bytes = this.#stage(gradient.subarray(from, from + windowLength))
      this.#weights.set(part)
      this.#kernel.update(
        bytes,
        this.first.byteOffset + 4 * (at + from),
        this.second.byteOffset + 4 * (at + from),
        scale1,
        scale / scale1,
        beta1,
        1 - beta1,
        beta2,
        1 - beta2,
        rate,
        Math.max(epsilon, smallestEpsilon),
        decay
      )
      part.set(
        part.length === windowLength ? this.#weights : this.#weights.subarray(0, part.length)
      )
    }
  }

  // copies a part of a gradient into its window, with zeros up to a whole vector; its size in bytes
  #stage(part: Float32Array): number {
    const length = wholeVectors(part.length)
    this.#gradient.set(part)
    if (length > part.length) this.#gradient.fill(0, part.length, length)
    return 4 * length
  }
}

/** The length in elements of the vectors that hold so many. */
export const wholeVectors = (length: number): number => 4 * Math.ceil(length / 4)
