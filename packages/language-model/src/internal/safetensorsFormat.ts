/** The parts of reading and writing safetensors that memory and files share. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import { CheckpointError } from "../CheckpointError.ts"
import type { Tensor } from "../Safetensors.ts"

const elementBytes = { F32: 4, F16: 2, BF16: 2 } as const

type ElementType = keyof typeof elementBytes

/** One tensor of a file; `begin` and `end` are offsets from the start of the file. */
export interface TensorEntry {
  readonly name: string
  readonly type: ElementType
  readonly shape: ReadonlyArray<number>
  readonly begin: number
  readonly end: number
}

const Natural = Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(0)))
const decodeEntry = Schema.decodeUnknownResult(
  Schema.Struct({
    dtype: Schema.String,
    shape: Schema.Array(Natural),
    data_offsets: Schema.Tuple([Natural, Natural])
  })
)

// the reference implementation's bound
const largestHeader = 100_000_000

/** The length of the header, from the first eight bytes of a file of `size` bytes. */
export const prefixLength = (
  prefix: Uint8Array,
  size: number,
  file: string
): Result.Result<number, CheckpointError> => {
  if (size < 8) {
    return Result.fail(
      new CheckpointError({
        file,
        byte: 0,
        reason: `${file} has ${size} bytes, too few for a safetensors file; copy it again from its source.`
      })
    )
  }
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength)
  const length = view.getBigUint64(0, true)
  return length > BigInt(Math.min(size - 8, largestHeader))
    ? Result.fail(
        new CheckpointError({
          file,
          byte: 0,
          reason: `${file} announces a header of ${length} bytes at byte 0 but has ${size} bytes in all; it is cut short or no safetensors file, copy it again from its source.`
        })
      )
    : Result.succeed(Number(length))
}

/** The tensors that a header describes, in the order of their bytes. */
export const parseHeader = (
  header: Uint8Array,
  size: number,
  file: string
): Result.Result<ReadonlyArray<TensorEntry>, CheckpointError> => {
  const start = 8 + header.length
  const refuse = (problem: string, where?: { tensor: string; byte: number }) =>
    Result.fail(
      new CheckpointError({
        file,
        ...where,
        reason: `${file} is corrupt: ${problem}; copy it again from its source.`
      })
    )
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(header))
  } catch (error) {
    return refuse(`its header (bytes 8 to ${start}) is not JSON (${String(error)})`)
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return refuse(`its header (bytes 8 to ${start}) is not a JSON object`)
  }
  const entries: Array<TensorEntry> = []
  for (const [name, value] of Object.entries(json)) {
    if (name === "__metadata__") continue
    const where = { tensor: name, byte: 8 }
    const decoded = decodeEntry(value)
    if (Result.isFailure(decoded)) {
      const problem = decoded.failure.message.replace(/\s+/g, " ").trim()
      return refuse(`the header's entry of the tensor "${name}" is malformed (${problem})`, where)
    }
    const { data_offsets, dtype, shape } = decoded.success
    const [begin, end] = [start + data_offsets[0], start + data_offsets[1]]
    const at = { tensor: name, byte: begin }
    if (dtype !== "F32" && dtype !== "F16" && dtype !== "BF16") {
      return Result.fail(
        new CheckpointError({
          file,
          ...at,
          reason: `The tensor "${name}" in ${file} has the element type ${dtype}, which cannot be read; convert the checkpoint to F32, F16 or BF16.`
        })
      )
    }
    const expected = shape.reduce((product, dim) => product * dim, elementBytes[dtype])
    if (end - begin !== expected) {
      return refuse(
        `the tensor "${name}" at byte ${begin} has ${end - begin} bytes but its shape [${shape.join(", ")}] of ${dtype} needs ${expected}`,
        at
      )
    }
    entries.push({ name, type: dtype, shape, begin, end })
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end)
  let at = start
  for (const { begin, end, name } of entries) {
    if (begin !== at) {
      return refuse(
        `the tensor "${name}" begins at byte ${begin} where byte ${at} was expected, so tensors overlap or leave a gap`,
        { tensor: name, byte: begin }
      )
    }
    if (end > size) {
      return refuse(
        `the tensor "${name}" ends at byte ${end} but the file has ${size} bytes, so it is cut short`,
        { tensor: name, byte: begin }
      )
    }
    at = end
  }
  return at === size
    ? Result.succeed(entries)
    : refuse(`its tensors end at byte ${at} but the file has ${size} bytes`)
}

/** Converts the bytes of one tensor; takes them over when they already are F32. `bytes` must start
 * at a multiple of four in its buffer. */
export const toFloats = (
  { begin, name, type }: TensorEntry,
  bytes: Uint8Array<ArrayBuffer>,
  file: string
): Result.Result<Float32Array, CheckpointError> => {
  const length = bytes.length / elementBytes[type]
  const floats =
    type === "F32"
      ? new Float32Array(bytes.buffer, bytes.byteOffset, length)
      : (type === "BF16" ? fromBfloat16 : fromFloat16)(
          new Uint16Array(bytes.buffer, bytes.byteOffset, length)
        )
  const bad = floats.findIndex((x) => !Number.isFinite(x))
  if (bad < 0) return Result.succeed(floats)
  const byte = begin + bad * elementBytes[type]
  return Result.fail(
    new CheckpointError({
      file,
      tensor: name,
      byte,
      reason: `Element ${bad} of the tensor "${name}" in ${file} (byte ${byte}) is ${floats[bad]}; the training that wrote it diverged, choose an earlier checkpoint.`
    })
  )
}

const fromBfloat16 = (halves: Uint16Array): Float32Array => {
  const bits = new Uint32Array(halves.length)
  halves.forEach((half, i) => {
    bits[i] = half << 16
  })
  return new Float32Array(bits.buffer)
}

const fromFloat16 = (halves: Uint16Array): Float32Array =>
  Float32Array.from(halves, (half) => {
    const sign = half & 0x8000 ? -1 : 1
    const exponent = (half >> 10) & 0x1f
    const fraction = half & 0x3ff
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN
    return exponent === 0
      ? sign * fraction * 2 ** -24
      : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
  })

/** The length prefix and the header for F32 tensors stored back to back, padded to eight bytes. */
export const headerBytes = (tensors: ReadonlyMap<string, Tensor>): Uint8Array => {
  let at = 0
  const entries: Array<[string, unknown]> = [["__metadata__", { format: "pt" }]]
  for (const [name, { data, shape }] of tensors) {
    entries.push([name, { dtype: "F32", shape, data_offsets: [at, at + data.byteLength] }])
    at += data.byteLength
  }
  // Object.fromEntries would lose a tensor called "__proto__"
  const text = `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`
  const json = new TextEncoder().encode(text)
  const length = Math.ceil(json.length / 8) * 8
  const bytes = new Uint8Array(8 + length).fill(0x20)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true)
  bytes.set(json, 8)
  return bytes
}
