/**
 * The element types of GGUF: blocks of a few weights that share a scale
 * (https://github.com/ggml-org/llama.cpp, ggml/src/ggml-common.h and ggml-quants.c).
 */

/** Adds the weights of the block at byte `at` of `view` to `out`, from index `to` on. */
type ReadBlock = (view: DataView, at: number, out: Float32Array, to: number) => void

/** One element type: `blockSize` weights in `blockBytes` bytes. */
export interface GgufElementType {
  readonly name: string
  readonly blockSize: number
  readonly blockBytes: number
  readonly readBlock: ReadBlock
}

// IEEE 754 binary16
const half = (view: DataView, at: number): number => {
  const bits = view.getUint16(at, true)
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

const readQ4_0: ReadBlock = (view, at, out, to) => {
  const scale = half(view, at)
  for (let j = 0; j < 16; j++) {
    const pair = view.getUint8(at + 2 + j)
    out[to + j] = scale * ((pair & 15) - 8)
    out[to + 16 + j] = scale * ((pair >> 4) - 8)
  }
}

const readQ4_1: ReadBlock = (view, at, out, to) => {
  const scale = half(view, at)
  const least = half(view, at + 2)
  for (let j = 0; j < 16; j++) {
    const pair = view.getUint8(at + 4 + j)
    out[to + j] = scale * (pair & 15) + least
    out[to + 16 + j] = scale * (pair >> 4) + least
  }
}

const readQ5_0: ReadBlock = (view, at, out, to) => {
  const scale = half(view, at)
  const fifth = view.getUint32(at + 2, true)
  for (let j = 0; j < 16; j++) {
    const pair = view.getUint8(at + 6 + j)
    out[to + j] = scale * (((pair & 15) | (((fifth >>> j) & 1) << 4)) - 16)
    out[to + 16 + j] = scale * (((pair >> 4) | (((fifth >>> (j + 16)) & 1) << 4)) - 16)
  }
}

const readQ5_1: ReadBlock = (view, at, out, to) => {
  const scale = half(view, at)
  const least = half(view, at + 2)
  const fifth = view.getUint32(at + 4, true)
  for (let j = 0; j < 16; j++) {
    const pair = view.getUint8(at + 8 + j)
    out[to + j] = scale * ((pair & 15) | (((fifth >>> j) & 1) << 4)) + least
    out[to + 16 + j] = scale * ((pair >> 4) | (((fifth >>> (j + 16)) & 1) << 4)) + least
  }
}

const readQ8_0: ReadBlock = (view, at, out, to) => {
  const scale = half(view, at)
  for (let j = 0; j < 32; j++) out[to + j] = scale * view.getInt8(at + 2 + j)
}

// the six-bit scales and minima of Q4_K and Q5_K: four bytes of each, then the rest of both, with
// the two high bits of the last four in the spare bits of the first four
const sixBitScale = (view: DataView, at: number, j: number): number =>
  j < 4
    ? view.getUint8(at + j) & 63
    : (view.getUint8(at + j + 4) & 15) | ((view.getUint8(at + j - 4) >> 6) << 4)

const sixBitMinimum = (view: DataView, at: number, j: number): number =>
  j < 4
    ? view.getUint8(at + j + 4) & 63
    : (view.getUint8(at + j + 4) >> 4) | ((view.getUint8(at + j) >> 6) << 4)

const readQ4_K: ReadBlock = (view, at, out, to) => {
  const scale = half(view, at)
  const least = half(view, at + 2)
  for (let part = 0; part < 8; part++) {
    const partScale = scale * sixBitScale(view, at + 4, part)
    const partLeast = least * sixBitMinimum(view, at + 4, part)
    // two parts share 32 bytes: the low and the high halves
    const from = at + 16 + 32 * (part >> 1)
    const shift = 4 * (part & 1)
    for (let j = 0; j < 32; j++) {
      out[to + 32 * part + j] = partScale * ((view.getUint8(from + j) >> shift) & 15) - partLeast
    }
  }
}

const readQ5_K: ReadBlock = (view, at, out, to) => {
  const scale = half(view, at)
  const least = half(view, at + 2)
  for (let part = 0; part < 8; part++) {
    const partScale = scale * sixBitScale(view, at + 4, part)
    const partLeast = least * sixBitMinimum(view, at + 4, part)
    const from = at + 48 + 32 * (part >> 1)
    const shift = 4 * (part & 1)
    for (let j = 0; j < 32; j++) {
      const fifth = (view.getUint8(at + 16 + j) >> part) & 1
      const level = ((view.getUint8(from + j) >> shift) & 15) | (fifth << 4)
      out[to + 32 * part + j] = partScale * level - partLeast
    }
  }
}

const readQ6_K: ReadBlock = (view, at, out, to) => {
  const scale = half(view, at + 208)
  for (let part = 0; part < 8; part++) {
    // a half of the block has four parts of 32 weights, 64 bytes of low bits, 32 of high bits
    const quarter = part & 3
    const low = at + 64 * (part >> 2) + 32 * (quarter & 1)
    const high = at + 128 + 32 * (part >> 2)
    for (let j = 0; j < 32; j++) {
      const level =
        ((view.getUint8(low + j) >> (4 * (quarter >> 1))) & 15) |
        (((view.getUint8(high + j) >> (2 * quarter)) & 3) << 4)
      const partScale = view.getInt8(at + 192 + 2 * part + (j >> 4))
      out[to + 32 * part + j] = scale * partScale * (level - 32)
    }
  }
}

const readF32: ReadBlock = (view, at, out, to) => {
  out[to] = view.getFloat32(at, true)
}

const readF16: ReadBlock = (view, at, out, to) => {
  out[to] = half(view, at)
}

// the upper half of a binary32
const bits = new DataView(new ArrayBuffer(4))
const readBF16: ReadBlock = (view, at, out, to) => {
  bits.setUint16(0, view.getUint16(at, true))
  out[to] = bits.getFloat32(0)
}

const readable = (
  name: string,
  blockSize: number,
  blockBytes: number,
  readBlock: ReadBlock
): GgufElementType => ({ name, blockSize, blockBytes, readBlock })

/** The element types that can be read, by their number in the file. */
export const elementTypes: ReadonlyMap<number, GgufElementType> = new Map([
  [0, readable("F32", 1, 4, readF32)],
  [1, readable("F16", 1, 2, readF16)],
  [2, readable("Q4_0", 32, 18, readQ4_0)],
  [3, readable("Q4_1", 32, 20, readQ4_1)],
  [6, readable("Q5_0", 32, 22, readQ5_0)],
  [7, readable("Q5_1", 32, 24, readQ5_1)],
  [8, readable("Q8_0", 32, 34, readQ8_0)],
  [12, readable("Q4_K", 256, 144, readQ4_K)],
  [13, readable("Q5_K", 256, 176, readQ5_K)],
  [14, readable("Q6_K", 256, 210, readQ6_K)],
  [30, readable("BF16", 1, 2, readBF16)]
])

/** The weights of `bytes`, a whole number of blocks. */
export const dequantize = (type: GgufElementType, bytes: Uint8Array): Float32Array => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const blocks = bytes.length / type.blockBytes
  const out = new Float32Array(blocks * type.blockSize)
  for (let block = 0; block < blocks; block++) {
    type.readBlock(view, block * type.blockBytes, out, block * type.blockSize)
  }
  return out
}
