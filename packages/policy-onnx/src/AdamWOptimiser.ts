/** The AdamW update of `adamWStep`, four weights at a time. */
import type { AdamW } from "@sml/policy"
import type { ParameterSettings } from "@sml/policy/resolveParameterGroups"
import * as Result from "effect/Result"

import { AdamWMemoryError } from "./AdamWMemoryError.ts"
import { AdamWShard, wholeVectors } from "./internal/AdamWShard.ts"

/** The running means of a part of an array: of its elements from `offset` on. */
export interface AdamWMoments {
  readonly array: number
  readonly offset: number
  /** Of the gradient, after clipping. A view. */
  readonly first: Float32Array
  /** Of its square. A view. */
  readonly second: Float32Array
}

/** What an optimiser's next step depends on besides its weights; the arrays are those of the weights. */
export interface AdamWOptimiserState {
  readonly steps: number
  readonly first: ReadonlyArray<Float32Array>
  readonly second: ReadonlyArray<Float32Array>
}

interface Piece extends AdamWMoments {
  readonly shard: AdamWShard
  /** Where the moments begin in the shard. */
  readonly at: number
}

// 2 GiB: views of it are fine everywhere, and a memory of WebAssembly ends at 4 GiB
const shardLength = 2 ** 28

// the largest β below 1 of float32
const largestBeta = 1 - 2 ** -24

/**
 * AdamW (Loshchilov and Hutter, arXiv:1711.05101, algorithm 2, with bias correction) for float32
 * weights that are elsewhere, with 128-bit SIMD in WebAssembly: `adamWStep` of `@sml/policy` three
 * times as fast, up to the rounding of float32. β₁ and β₂ are rounded to float32, an ε below 2⁻⁶³
 * counts as 2⁻⁶³ and a clipped gradient's element beyond ±2⁶³ as ±2⁶³. Results do not differ from run
 * to run.
 *
 * The moments are allocated by the first step, 8 bytes a weight, and live as long as the optimiser.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { adamW } from "@sml/policy"
 * import { AdamWOptimiser } from "@sml/policy-onnx/AdamWOptimiser"
 * import * as Result from "effect/Result"
 *
 * const weights = [Float32Array.of(1)]
 * const optimiser = new AdamWOptimiser(weights)
 * const settings = [{ learningRate: 0.1, weightDecay: 0 }]
 * const norm = optimiser.step([Float32Array.of(3)], adamW(), settings)
 * assert.deepEqual(norm, Result.succeed(3))
 * assert.ok(Math.abs((weights[0]?.[0] ?? 0) - 0.9) < 1e-6)
 * ```
 */
export class AdamWOptimiser {
  readonly #arrays: ReadonlyArray<Float32Array>
  #pieces: ReadonlyArray<Piece> | undefined
  #steps = 0

  /** Of these arrays, which `step` changes in place. */
  constructor(arrays: ReadonlyArray<Float32Array>) {
    this.#arrays = arrays
  }

  /** Updates done since the last reset. */
  get steps(): number {
    return this.#steps
  }

  /** The moments of all elements, in order; none before the first step. An array that is very large
   * is in several parts. */
  get moments(): ReadonlyArray<AdamWMoments> {
    return this.#pieces ?? []
  }

  /**
   * One update with these gradients, clipped to `maxGradNorm`, an array for each of weights, and each
   * array's own settings. Returns the global norm before clipping; when it is not finite, nothing
   * changes. Where these arrays are a part of what is clipped together, `normOf` makes the norm of the
   * sum of their gradients' squares. Fails when there is no memory for the moments, and throws a
   * `RangeError` when the arrays are not of the weights' lengths.
   */
  step(
    gradients: ReadonlyArray<Float32Array>,
    settings: Pick<AdamW, "beta1" | "beta2" | "epsilon" | "maxGradNorm">,
    parameters: ReadonlyArray<ParameterSettings>,
    normOf: (squares: number) => number = Math.sqrt
  ): Result.Result<number, AdamWMemoryError> {
    const lengths = this.#arrays.map(({ length }) => length)
    if (
      gradients.length !== lengths.length ||
      parameters.length !== lengths.length ||
      gradients.some(({ length }, index) => length !== lengths[index])
    ) {
      throw new RangeError(
        `AdamWOptimiser: weights are of lengths ${lengths.join(", ")}, gradients of ${gradients.map(({ length }) => length).join(", ")}, with ${parameters.length} settings`
      )
    }
    const allocated = this.#pieces === undefined ? allocate(lengths) : Result.succeed(this.#pieces)
    if (Result.isFailure(allocated)) return Result.fail(allocated.failure)
    const pieces = allocated.success
    this.#pieces = pieces

    const shard = pieces[0]?.shard
    const norm = normOf(
      gradients.reduce((sum, gradient) => sum + (shard?.squares(gradient) ?? 0), 0)
    )
    if (!Number.isFinite(norm)) return Result.succeed(norm)
    this.#steps += 1
    const beta1 = Math.min(Math.fround(settings.beta1), largestBeta)
    const beta2 = Math.min(Math.fround(settings.beta2), largestBeta)
    const correction1 = 1 - beta1 ** this.#steps
    const correction2 = Math.sqrt(1 - beta2 ** this.#steps)
    for (const { array, offset, first, shard: own, at } of pieces) {
      const weights = this.#arrays[array]
      const gradient = gradients[array]
      const parameter = parameters[array]
      if (weights === undefined || gradient === undefined || parameter === undefined) continue
      const end = offset + first.length
      own.update(at, weights.subarray(offset, end), gradient.subarray(offset, end), {
        scale: norm > settings.maxGradNorm ? settings.maxGradNorm / norm : 1,
        beta1,
        beta2,
        rate: (parameter.learningRate * correction2) / correction1,
        epsilon: settings.epsilon * correction2,
        decay: parameter.learningRate * parameter.weightDecay
      })
    }
    return Result.succeed(norm)
  }

  /** A copy of the state: the updates done, and the moments as an array each, none before the first. */
  state(): AdamWOptimiserState {
    const whole = (kind: "first" | "second") =>
      this.#steps === 0
        ? []
        : this.#arrays.map(({ length }, index) => {
            const copy = new Float32Array(length)
            for (const piece of this.moments) {
              if (piece.array === index) copy.set(piece[kind], piece.offset)
            }
            return copy
          })
    return { steps: this.#steps, first: whole("first"), second: whole("second") }
  }

  /**
   * Goes on from a {@link state} of an optimiser of arrays of the same lengths. Fails when there is no
   * memory for the moments, and throws a `RangeError` when the lengths are not the same.
   */
  load(state: AdamWOptimiserState): Result.Result<void, AdamWMemoryError> {
    this.reset()
    if (state.steps === 0) return Result.void
    const lengths = this.#arrays.map(({ length }) => length)
    for (const arrays of [state.first, state.second]) {
      const given = arrays.map(({ length }) => length)
      if (given.join() !== lengths.join()) {
        throw new RangeError(
          `AdamWOptimiser: weights are of lengths ${lengths.join(", ")}, moments of ${given.join(", ")}`
        )
      }
    }
    const allocated = this.#pieces === undefined ? allocate(lengths) : Result.succeed(this.#pieces)
    if (Result.isFailure(allocated)) return Result.fail(allocated.failure)
    this.#pieces = allocated.success
    for (const { array, first, offset, second } of this.#pieces) {
      first.set(state.first[array]?.subarray(offset, offset + first.length) ?? first)
      second.set(state.second[array]?.subarray(offset, offset + second.length) ?? second)
    }
    this.#steps = state.steps
    return Result.void
  }

  /** Back to the state before the first step; the memory is used again. */
  reset(): void {
    this.#steps = 0
    for (const { first, second } of this.moments) {
      first.fill(0)
      second.fill(0)
    }
  }
}

/** Moments of arrays of these lengths, in as few memories as hold them. */
const allocate = (
  lengths: ReadonlyArray<number>
): Result.Result<ReadonlyArray<Piece>, AdamWMemoryError> => {
  // each piece begins at a whole vector
  const total = lengths.reduce((sum, length) => sum + wholeVectors(length), 0)
  return Result.try({
    try: () => {
      const shards: Array<AdamWShard> = []
      for (let from = 0; from < total; from += shardLength) {
        shards.push(new AdamWShard(Math.min(shardLength, total - from)))
      }
      const pieces: Array<Piece> = []
      let next = 0
      for (const [array, length] of lengths.entries()) {
        for (let offset = 0; offset < length;) {
          const shard = shards[Math.floor(next / shardLength)]
          if (shard === undefined) break
          const at = next % shardLength
          const size = Math.min(length - offset, shardLength - at)
          pieces.push({
            array,
            offset,
            first: shard.first.subarray(at, at + size),
            second: shard.second.subarray(at, at + size),
            shard,
            at
          })
          offset += size
          next += wholeVectors(size)
        }
      }
      return pieces
    },
    catch: (cause) => {
      // what an allocation fails with; anything else is a mistake of ours
      if (!(cause instanceof RangeError)) throw cause
      return new AdamWMemoryError({ bytes: 8 * total, reason: cause.message })
    }
  })
}
