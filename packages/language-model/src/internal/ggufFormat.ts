/** The parts of reading GGUF that memory and files share. */
import * as Result from "effect/Result"

import { CheckpointError } from "../CheckpointError.ts"
import type { GgufValue } from "../Gguf.ts"
import { dequantize, elementTypes, type GgufElementType } from "./ggufQuantization.ts"

/** One tensor of a file; `begin` and `end` are offsets from the start of the file. */
export interface GgufEntry {
  readonly name: string
  readonly type: GgufElementType
  /** Slowest dimension first, as in Hugging Face checkpoints; the file has it last. */
  readonly shape: ReadonlyArray<number>
  readonly begin: number
  readonly end: number
}

/** What stands before the tensors' bytes. */
export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, GgufValue>
  readonly entries: ReadonlyArray<GgufEntry>
}

// four times the vocabulary of the largest models
const longestArray = 2 ** 20
const deepestArray = 2
const stringType = 8
const arrayType = 9
// bytes of the other value types, by their number in the file
const valueBytes: ReadonlyMap<number, number> = new Map([
  [0, 1],
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 4],
  [5, 4],
  [6, 4],
  [7, 1],
  [10, 8],
  [11, 8],
  [12, 8]
])

// thrown and caught within parseGguf only: a parser that is a loop of small reads stays readable
class Fault extends Error {
  readonly byte: number
  readonly tensor: string | undefined
  constructor(problem: string, byte: number, tensor?: string) {
    super(problem)
    this.byte = byte
    this.tensor = tensor
  }
}
class NeedMore extends Error {}

class Cursor {
  at = 0
  readonly bytes: Uint8Array
  readonly size: number
  readonly view: DataView
  constructor(bytes: Uint8Array, size: number) {
    this.bytes = bytes
    this.size = size
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  // where the next `count` bytes begin, which are then behind the cursor
  take(count: number, what: string): number {
    const from = this.at
    if (count > this.size - from) {
      throw new Fault(`${what} ends behind the file's ${this.size} bytes, so it is cut short`, from)
    }
    if (from + count > this.bytes.length) throw new NeedMore()
    this.at = from + count
    return from
  }

  uint32(what: string): number {
    return this.view.getUint32(this.take(4, what), true)
  }

  // a count of things that take at least `least` bytes each, so that the file bounds it
  count(what: string, least: number): number {
    const from = this.take(8, what)
    const count = this.view.getBigUint64(from, true)
    if (count > BigInt(Math.floor((this.size - this.at) / least))) {
      throw new Fault(`${what} is ${count}, more than the file's ${this.size} bytes can hold`, from)
    }
    return Number(count)
  }

  string(what: string, decoder: typeof strict): string {
    const length = this.count(`the length of ${what}`, 1)
    const from = this.take(length, what)
    try {
      return decoder.decode(this.bytes.subarray(from, from + length))
    } catch {
      throw new Fault(`${what} is not UTF-8`, from)
    }
  }

  value(type: number, what: string, depth: number): GgufValue {
    if (type === stringType) return this.string(what, lenient)
    if (type === arrayType) {
      const from = this.at
      const inner = this.uint32(what)
      const least = inner === stringType ? 8 : inner === arrayType ? 12 : valueBytes.get(inner)
      if (least === undefined) throw new Fault(`${what} has the unknown type ${inner}`, from)
      const length = this.count(`the length of ${what}`, least)
      if (length > longestArray || depth >= deepestArray) {
        throw new Fault(`${what} is an array of ${length} values at depth ${depth}`, from)
      }
      return Array.from({ length }, () => this.value(inner, what, depth + 1))
    }
    const size = valueBytes.get(type)
    if (size === undefined) throw new Fault(`${what} has the unknown type ${type}`, this.at - 4)
    const from = this.take(size, what)
    const { view } = this
    if (type === 0) return view.getUint8(from)
    if (type === 1) return view.getInt8(from)
    if (type === 2) return view.getUint16(from, true)
    if (type === 3) return view.getInt16(from, true)
    if (type === 4) return view.getUint32(from, true)
    if (type === 5) return view.getInt32(from, true)
    if (type === 6) return view.getFloat32(from, true)
    if (type === 10) return view.getBigUint64(from, true)
    if (type === 11) return view.getBigInt64(from, true)
    if (type === 12) return view.getFloat64(from, true)
    const flag = view.getUint8(from)
    if (flag > 1) throw new Fault(`${what} is ${flag}, which is no boolean`, from)
    return flag === 1
  }
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
// tokens may be parts of characters
const lenient = new TextDecoder("utf-8", { ignoreBOM: true })

const readHeader = (cursor: Cursor): GgufHeader => {
  const magic = cursor.take(4, "the signature")
  if (cursor.view.getUint32(magic, false) !== 0x47475546) {
    throw new Fault("it does not begin with GGUF", 0)
  }
  const version = cursor.uint32("the version")
  if (version !== 2 && version !== 3) {
    throw new Fault(`its version ${version} is not 2 or 3 in little-endian order`, 4)
  }
  // the least that a tensor and a key take: an empty name, a type, an offset or a value
  const tensorCount = cursor.count("the number of tensors", 24)
  const keyCount = cursor.count("the number of keys", 13)
  const metadata = new Map<string, GgufValue>()
  for (let i = 0; i < keyCount; i++) {
    const from = cursor.at
    const key = cursor.string(`the name of key ${i}`, strict)
    if (metadata.has(key)) throw new Fault(`the key "${key}" occurs twice`, from)
    const what = `the value of "${key}"`
    metadata.set(key, cursor.value(cursor.uint32(`the type of "${key}"`), what, 0))
  }
  const alignment = metadata.get("general.alignment") ?? 32
  if (
    typeof alignment !== "number" ||
    !(alignment >= 1) ||
    !Number.isInteger(Math.log2(alignment))
  ) {
    throw new Fault(`general.alignment is ${String(alignment)}, not a power of two`, 24)
  }
  const described: Array<GgufEntry> = []
  const names = new Set<string>()
  for (let i = 0; i < tensorCount; i++) {
    const entry = readEntry(cursor, i, alignment)
    if (names.has(entry.name)) {
      throw new Fault(`the tensor "${entry.name}" is described twice`, cursor.at, entry.name)
    }
    names.add(entry.name)
    described.push(entry)
  }
  const start = Math.ceil(cursor.at / alignment) * alignment
  const entries = described
    .map(({ begin, end, name, shape, type }) => ({
      name,
      type,
      shape,
      begin: start + begin,
      end: start + end
    }))
    .toSorted((a, b) => a.begin - b.begin || a.end - b.end)
  let last = start
  for (const { begin, end, name } of entries) {
    if (begin < last) {
      throw new Fault(`the tensor "${name}" at byte ${begin} overlaps another one`, begin, name)
    }
    if (end > cursor.size) {
      throw new Fault(
        `the tensor "${name}" ends at byte ${end} but the file has ${cursor.size} bytes, so it is cut short`,
        begin,
        name
      )
    }
    last = end
  }
  return { metadata, entries }
}

// `begin` and `end` count from the start of the tensors' bytes, which is not known yet
const readEntry = (cursor: Cursor, index: number, alignment: number): GgufEntry => {
  const start = cursor.at
  const name = cursor.string(`the name of tensor ${index}`, strict)
  const what = `the description of the tensor "${name}"`
  const rank = cursor.uint32(what)
  if (rank < 1 || rank > 4) {
    throw new Fault(`the tensor "${name}" has ${rank} dimensions, not 1 to 4`, start, name)
  }
  const shape: Array<number> = []
  for (let i = 0; i < rank; i++) {
    const size = Number(cursor.view.getBigUint64(cursor.take(8, what), true))
    if (size < 1) throw new Fault(`the tensor "${name}" has a dimension of 0`, start, name)
    shape.unshift(size)
  }
  const number = cursor.uint32(what)
  const offset = Number(cursor.view.getBigUint64(cursor.take(8, what), true))
  const type = elementTypes.get(number)
  if (type === undefined) {
    const known = Array.from(elementTypes.values(), (one) => one.name).join(", ")
    throw new Fault(
      `the tensor "${name}" has the quantisation ${number}, which is none of ${known}`,
      start,
      name
    )
  }
  if ((shape.at(-1) ?? 0) % type.blockSize !== 0) {
    throw new Fault(
      `the rows of the tensor "${name}" [${shape.join(", ")}] are not whole blocks of ${type.blockSize} as ${type.name} needs`,
      start,
      name
    )
  }
  if (offset % alignment !== 0) {
    throw new Fault(
      `the offset ${offset} of the tensor "${name}" is not a multiple of ${alignment}`,
      start,
      name
    )
  }
  const bytes = (shape.reduce((a, b) => a * b, 1) / type.blockSize) * type.blockBytes
  return { name, type, shape, begin: offset, end: offset + bytes }
}

/**
 * Reads the header from the first bytes of a file of `size` bytes. `undefined` when the header goes
 * on behind `bytes`: call again with more of them.
 */
export const parseGguf = (
  bytes: Uint8Array,
  size: number,
  file: string
): Result.Result<GgufHeader | undefined, CheckpointError> => {
  try {
    return Result.succeed(readHeader(new Cursor(bytes, size)))
  } catch (fault) {
    if (fault instanceof NeedMore) return Result.succeed(undefined)
    if (!(fault instanceof Fault)) throw fault
    return Result.fail(
      new CheckpointError({
        file,
        byte: fault.byte,
        ...(fault.tensor !== undefined && { tensor: fault.tensor }),
        reason: `${file} is no GGUF file that can be read: ${fault.message} (byte ${fault.byte}); copy it again from its source, or choose another quantisation.`
      })
    )
  }
}

/** Converts the bytes of one tensor. */
export const ggufFloats = (
  { begin, name, type }: GgufEntry,
  bytes: Uint8Array,
  file: string
): Result.Result<Float32Array, CheckpointError> => {
  const floats = dequantize(type, bytes)
  const bad = floats.findIndex((x) => !Number.isFinite(x))
  if (bad < 0) return Result.succeed(floats)
  const byte = begin + Math.floor(bad / type.blockSize) * type.blockBytes
  return Result.fail(
    new CheckpointError({
      file,
      tensor: name,
      byte,
      reason: `Element ${bad} of the tensor "${name}" in ${file} (${type.name}, byte ${byte}) is ${floats[bad]}; copy the file again from its source, or choose another checkpoint.`
    })
  )
}
