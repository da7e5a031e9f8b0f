/** TensorBoard's event files, written without TensorFlow. */

/** Scalars of one step, by name; `wallTime` in seconds since 1970. */
export interface ScalarEvent {
  readonly step: number
  readonly wallTime: number
  readonly values: Readonly<Record<string, number>>
}

// CRC-32C (Castagnoli), reflected polynomial 0x82f63b78 (RFC 3720, appendix B.4)
const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0x82f6_3b78 : 0)
  return value
})

/** CRC-32C of the bytes, unsigned. */
export const crc32c = (bytes: Uint8Array): number => {
  let crc = 0xffff_ffff
  for (const byte of bytes) crc = (crc >>> 8) ^ (crcTable[(crc ^ byte) & 0xff] ?? 0)
  return (crc ^ 0xffff_ffff) >>> 0
}

/** A sum that is stored beside its own data is rotated and shifted (TFRecord). */
const masked = (bytes: Uint8Array): number => {
  const crc = crc32c(bytes)
  return (((crc >>> 15) | (crc << 17)) + 0xa282_ead8) >>> 0
}

const join = (parts: ReadonlyArray<Uint8Array>): Uint8Array<ArrayBuffer> => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

const fixed = (size: number, fill: (view: DataView) => void): Uint8Array => {
  const view = new DataView(new ArrayBuffer(size))
  fill(view)
  return new Uint8Array(view.buffer)
}

// protobuf's wire types
const varintType = 0
const doubleType = 1
const bytesType = 2
const floatType = 5

/** Base 128, lowest first; negative numbers as the 64-bit ones that they are. */
const varint = (value: number): Uint8Array => {
  const bytes: Array<number> = []
  let rest = BigInt.asUintN(64, BigInt(value))
  do {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    bytes.push(rest === 0n ? low : low | 0x80)
  } while (rest !== 0n)
  return Uint8Array.from(bytes)
}

const tag = (field: number, type: number): Uint8Array => varint((field << 3) | type)
const bytesField = (field: number, bytes: Uint8Array): Uint8Array =>
  join([tag(field, bytesType), varint(bytes.length), bytes])
const textField = (field: number, text: string): Uint8Array =>
  bytesField(field, new TextEncoder().encode(text))
const doubleField = (field: number, value: number): Uint8Array =>
  join([tag(field, doubleType), fixed(8, (view) => view.setFloat64(0, value, true))])
const floatField = (field: number, value: number): Uint8Array =>
  join([tag(field, floatType), fixed(4, (view) => view.setFloat32(0, value, true))])
const intField = (field: number, value: number): Uint8Array =>
  join([tag(field, varintType), varint(value)])

/** One TFRecord: length, its sum, data, their sum. */
const record = (data: Uint8Array): Uint8Array => {
  const length = fixed(8, (view) => view.setBigUint64(0, BigInt(data.length), true))
  const sum = (bytes: Uint8Array) => fixed(4, (view) => view.setUint32(0, masked(bytes), true))
  return join([length, sum(length), data, sum(data)])
}

/** `Event` and `Summary` of tensorflow/core (event.proto, summary.proto). */
const scalarRecord = ({ step, values, wallTime }: ScalarEvent): Uint8Array => {
  const summary = Object.entries(values).map(([name, value]) =>
    bytesField(1, join([textField(1, name), floatField(2, value)]))
  )
  return record(join([doubleField(1, wallTime), intField(2, step), bytesField(5, join(summary))]))
}

/**
 * The bytes of an event file that `tensorboard --logdir` reads: the scalars of the events in order.
 * Values are kept in 32 bits, as TensorBoard does. The file's name has to hold `tfevents`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { formatTensorBoard } from "@sml/run-store"
 *
 * const bytes = formatTensorBoard([{ step: 1, wallTime: 1.5, values: { reward: 0.25 } }])
 * // a header that says the version, 40 bytes, and one record
 * assert.equal(bytes.length, 40 + 44)
 * ```
 */
export const formatTensorBoard = (events: ReadonlyArray<ScalarEvent>): Uint8Array<ArrayBuffer> =>
  join([
    record(join([doubleField(1, events[0]?.wallTime ?? 0), textField(3, "brain.Event:2")])),
    ...events.map(scalarRecord)
  ])
