/**
 * The GGUF file format of llama.cpp: metadata, a table of tensors, and the tensors' bytes
 * (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
 */
import * as Result from "effect/Result"

import type { CheckpointError } from "./CheckpointError.ts"
import { ggufFloats, parseGguf } from "./internal/ggufFormat.ts"
import type { Tensor } from "./Safetensors.ts"

/** A value of the metadata; integers of 64 bits are `bigint`s. */
export type GgufValue = number | bigint | boolean | string | ReadonlyArray<GgufValue>

/** What a file holds, under the file's own names; shapes have their slowest dimension first. */
export interface Gguf {
  readonly metadata: ReadonlyMap<string, GgufValue>
  readonly tensors: ReadonlyMap<string, Tensor>
}

/**
 * Reads a whole GGUF file (version 2 or 3, little-endian) from memory. F32, F16, BF16, Q8_0, Q4_0,
 * Q4_1, Q5_0, Q5_1, Q4_K, Q5_K and Q6_K become `Float32Array`s. Fails with a sentence that names
 * `file`, the tensor and the byte when a length, a count, an offset, a shape or a type is wrong, or
 * a weight is not finite. `readCheckpoint` reads a model's file from the disk.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { Result } from "effect"
 * import { decodeGguf } from "@sml/language-model"
 *
 * const empty = new Uint8Array(24)
 * empty.set(new TextEncoder().encode("GGUF\u0003"))
 * assert.equal(Result.getOrThrow(decodeGguf(empty, "model.gguf")).tensors.size, 0)
 *
 * const cut = decodeGguf(empty.subarray(0, 20), "model.gguf")
 * assert.ok(Result.isFailure(cut))
 * ```
 */
export const decodeGguf = (bytes: Uint8Array, file: string): Result.Result<Gguf, CheckpointError> =>
  Result.gen(function* () {
    const header = yield* parseGguf(bytes, bytes.length, file)
    const tensors = new Map<string, Tensor>()
    for (const entry of header?.entries ?? []) {
      const data = yield* ggufFloats(entry, bytes.subarray(entry.begin, entry.end), file)
      tensors.set(entry.name, { shape: entry.shape, data })
    }
    return { metadata: header?.metadata ?? new Map<string, GgufValue>(), tensors }
  })
