import { readFileSync } from "node:fs"

import { assert, describe, it } from "@effect/vitest"
import type { ScalarEvent } from "@sml/run-store"
import { crc32c, formatTensorBoard } from "@sml/run-store"
import * as fc from "fast-check"

/** A reader of its own, by the published formats: numbers of fields with their payloads. */
const fieldsOf = (bytes: Uint8Array): ReadonlyArray<readonly [number, Uint8Array | bigint]> => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const found: Array<readonly [number, Uint8Array | bigint]> = []
  let at = 0
  const varint = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = view.getUint8(at++)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const key = Number(varint())
    const type = key & 7
    if (type === 0) {
      found.push([key >> 3, varint()])
      continue
    }
    const size = type === 1 ? 8 : type === 5 ? 4 : Number(varint())
    found.push([key >> 3, bytes.subarray(at, at + size)])
    at += size
  }
  return found
}

const payload = (bytes: Uint8Array, field: number): Uint8Array => {
  const found = fieldsOf(bytes).find(([number]) => number === field)?.[1]
  return found instanceof Uint8Array ? found : assert.fail(`no field ${field}`)
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

const unmasked = (value: number): number => {
  const rotated = (value - 0xa282_ead8) >>> 0
  return ((rotated >>> 17) | (rotated << 15)) >>> 0
}

const read = (file: Uint8Array) => {
  const records: Array<Uint8Array> = []
  for (let at = 0; at < file.length;) {
    const length = Number(viewOf(file).getBigUint64(at, true))
    const data = file.subarray(at + 12, at + 12 + length)
    const sums = [
      viewOf(file).getUint32(at + 8, true),
      viewOf(file).getUint32(at + 12 + length, true)
    ]
    assert.deepStrictEqual(sums.map(unmasked), [crc32c(file.subarray(at, at + 8)), crc32c(data)])
    records.push(data)
    at += 16 + length
  }
  const [header, ...rest] = records
  if (header === undefined) return assert.fail("no header")
  assert.strictEqual(new TextDecoder().decode(payload(header, 3)), "brain.Event:2")
  return rest.map((event) => ({
    wallTime: viewOf(payload(event, 1)).getFloat64(0, true),
    step: Number(
      BigInt.asIntN(64, BigInt(String(fieldsOf(event).find(([field]) => field === 2)?.[1])))
    ),
    values: Object.fromEntries(
      fieldsOf(payload(event, 5)).map(([, value]) => {
        if (!(value instanceof Uint8Array)) return assert.fail("no value")
        return [
          new TextDecoder().decode(payload(value, 1)),
          viewOf(payload(value, 2)).getFloat32(0, true)
        ]
      })
    )
  }))
}

const events: fc.Arbitrary<ReadonlyArray<ScalarEvent>> = fc.array(
  fc.record({
    step: fc.maxSafeInteger(),
    wallTime: fc.double({ noNaN: true }),
    values: fc.dictionary(
      fc.string({ unit: "grapheme" }).map((name) => `m${name}`),
      fc.float()
    )
  }),
  { maxLength: 5 }
)

describe("formatTensorBoard", () => {
  it("writes records whose sums hold and whose messages say the same", () => {
    fc.assert(
      fc.property(events, (written) => {
        assert.deepStrictEqual(read(formatTensorBoard(written)), [...written])
      })
    )
  })

  it("has the check value of CRC-32C", () => {
    // RFC 3720, appendix B.4, and the usual "123456789"
    assert.strictEqual(crc32c(new TextEncoder().encode("123456789")), 0xe306_9283)
    assert.strictEqual(crc32c(new Uint8Array(32)), 0x8a91_36aa)
    assert.strictEqual(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8_ab43)
  })

  it("writes the bytes that TensorBoard itself writes", () => {
    const golden = new URL("golden/tensorboard/events.out.tfevents.golden", import.meta.url)
    const scalars = [
      { step: 1, wallTime: 1_700_000_000.5, values: { reward: 0.25, "success@1": 0.5 } },
      { step: 2, wallTime: 1_700_000_001.5, values: { reward: -1.5, "seconds/total": 1e-7 } },
      { step: 300, wallTime: 1_700_000_002.5, values: { größe: 12_345.678 } }
    ]
    assert.deepStrictEqual([...formatTensorBoard(scalars)], [...readFileSync(golden)])
  })
})
