/**
 * The safetensors file format: eight bytes with the length of a JSON header, the header, and the
 * tensors' bytes, back to back (https://github.com/huggingface/safetensors).
 */
import * as Result from "effect/Result"

import type { CheckpointError } from "./CheckpointError.ts"
import { headerBytes, parseHeader, prefixLength, toFloats } from "./internal/safetensorsFormat.ts"

/** A dense tensor in row-major order. */
export interface Tensor {
  readonly shape: ReadonlyArray<number>
  readonly data: Float32Array
}

/**
 * Reads a whole safetensors file from memory. F32, F16 and BF16 become `Float32Array`s of their own.
 * Fails with a sentence that names `file`, the tensor and the byte when the length of the header,
 * an offset, a shape or an element type is wrong, or a weight is not finite.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { Result } from "effect"
 * import { decodeSafetensors, encodeSafetensors } from "@sml/language-model"
 *
 * const bytes = encodeSafetensors(new Map([["w", { shape: [2], data: Float32Array.of(1, 2) }]]))
 * const tensors = Result.getOrThrow(decodeSafetensors(bytes, "model.safetensors"))
 * assert.deepEqual(tensors.get("w")?.data, Float32Array.of(1, 2))
 *
 * const cut = decodeSafetensors(bytes.subarray(0, bytes.length - 1), "model.safetensors")
 * assert.ok(Result.isFailure(cut))
 * ```
 */
export const decodeSafetensors = (
  bytes: Uint8Array,
  file: string
): Result.Result<ReadonlyMap<string, Tensor>, CheckpointError> =>
  Result.gen(function* () {
    const length = yield* prefixLength(bytes, bytes.length, file)
    const entries = yield* parseHeader(bytes.subarray(8, 8 + length), bytes.length, file)
    const tensors = new Map<string, Tensor>()
    for (const entry of entries) {
      // the slice gives the tensor an aligned buffer of its own
      const data = yield* toFloats(entry, bytes.slice(entry.begin, entry.end), file)
      tensors.set(entry.name, { shape: entry.shape, data })
    }
    return tensors
  })

/** The bytes of a safetensors file that holds the tensors as F32, in the order of the map. */
export const encodeSafetensors = (tensors: ReadonlyMap<string, Tensor>): Uint8Array => {
  const header = headerBytes(tensors)
  let length = header.length
  for (const { data } of tensors.values()) length += data.byteLength
  const bytes = new Uint8Array(length)
  bytes.set(header)
  let at = header.length
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  return bytes
}
