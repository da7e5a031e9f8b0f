/** Sums of arrays, four numbers at a time in WebAssembly. */
import { windowLength } from "./adamWKernel.ts"
import { wholeVectors } from "./AdamWShard.ts"
import { type KernelMemory, kernelMemory } from "./kernelMemory.ts"

let adder: KernelMemory | undefined

/** Adds an array to one of the same length, in place: a loop over them takes three times as long. */
export const addArray = (array: Float32Array, other: Float32Array): void => {
  adder ??= kernelMemory(0)
  const { gradient: first, kernel, weights: second } = adder
  for (let from = 0; from < array.length; from += windowLength) {
    const part = array.subarray(from, from + windowLength)
    first.set(part)
    second.set(other.subarray(from, from + windowLength))
    kernel.add(4 * wholeVectors(part.length))
    part.set(part.length === windowLength ? first : first.subarray(0, part.length))
  }
}

/** Adds arrays to others of the same lengths, in place. */
export const addArrays = (
  arrays: ReadonlyArray<Float32Array>,
  others: ReadonlyArray<Float32Array>
): void => {
  for (const [index, array] of arrays.entries()) addArray(array, others[index] ?? array)
}
