import {
  CheckpointError,
  decodeSafetensors,
  encodeSafetensors,
  type Tensor
} from "@sml/language-model"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const file = "model.safetensors"

// a file with any header text and any tensor bytes
const fileOf = (header: unknown, data: Uint8Array, length?: bigint): Uint8Array => {
  const json = new TextEncoder().encode(
    typeof header === "string" ? header : JSON.stringify(header)
  )
  const bytes = new Uint8Array(8 + json.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true)
  bytes.set(json, 8)
  bytes.set(data, 8 + json.length)
  return bytes
}

const failure = (bytes: Uint8Array): CheckpointError => {
  const result = decodeSafetensors(bytes, file)
  if (Result.isSuccess(result)) throw new Error("the file was accepted")
  return result.failure
}

const tensor = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }).chain((shape) =>
  fc
    .float32Array({
      minLength: shape.reduce((a, b) => a * b, 1),
      maxLength: shape.reduce((a, b) => a * b, 1),
      noNaN: true,
      noDefaultInfinity: true
    })
    .map((data): Tensor => ({ shape, data }))
)
const name = fc
  .oneof(fc.string({ minLength: 1 }), fc.constantFrom("__proto__", "constructor", "a.b"))
  .filter((text) => text !== "__metadata__")
const tensors = fc
  .uniqueArray(fc.tuple(name, tensor), { selector: ([key]) => key, maxLength: 5 })
  .map((entries) => new Map(entries))

describe("safetensors", () => {
  it("reads back what it wrote", () => {
    fc.assert(
      fc.property(tensors, (written) => {
        const read = Result.getOrThrow(decodeSafetensors(encodeSafetensors(written), file))
        expect([...read.keys()].toSorted()).toEqual([...written.keys()].toSorted())
        for (const [key, { data, shape }] of written) {
          expect(read.get(key)?.shape).toEqual(shape)
          expect(read.get(key)?.data).toEqual(data)
        }
      })
    )
  })

  it("answers any damage with tensors or with a sentence", () => {
    let refused = 0
    fc.assert(
      fc.property(
        tensors,
        fc.array(fc.tuple(fc.nat(4000), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
        fc.nat(60),
        (written, edits, cut) => {
          const bytes = encodeSafetensors(written)
          for (const [at, value] of edits) bytes[at % bytes.length] = value
          const result = decodeSafetensors(bytes.subarray(0, Math.max(0, bytes.length - cut)), file)
          const said = Result.isFailure(result) ? result.failure : undefined
          if (said !== undefined) refused += 1
          expect(said === undefined || said instanceof CheckpointError).toBe(true)
          expect(said?.message ?? file).toContain(file)
        }
      ),
      { numRuns: 500 }
    )
    expect(refused).toBeGreaterThan(100)
  })

  it("never takes arbitrary bytes for tensors without complaint", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        // "{}" with length 2 is the one short valid file
        expect(Result.isFailure(decodeSafetensors(bytes, file))).toBe(true)
      })
    )
  })

  const entry = { dtype: "F32", shape: [1], data_offsets: [0, 4] }
  const four = new Uint8Array(4)

  it.each([
    ["a huge header", fileOf({}, four, 2n ** 63n), /header of 9223372036854775808 bytes/],
    ["a header past the end", fileOf({}, four, 7n), /header of 7 bytes/],
    ["no header at all", new Uint8Array(3), /too few/],
    ["a header that is no JSON", fileOf("{", four), /not JSON/],
    ["a header that is no object", fileOf("[1]", four), /not a JSON object/],
    ["a malformed entry", fileOf({ w: { dtype: "F32" } }, four), /"w" is malformed/],
    ["a negative size", fileOf({ w: { ...entry, shape: [-1] } }, four), /"w" is malformed/],
    ["an unknown type", fileOf({ w: { ...entry, dtype: "I64" } }, four), /element type I64/],
    ["a wrong shape", fileOf({ w: { ...entry, shape: [2] } }, four), /needs 8/],
    [
      "an overflowing shape",
      fileOf({ w: { ...entry, shape: [2 ** 40, 2 ** 40] } }, four),
      /needs 4\.8/
    ],
    [
      "offsets past the end",
      fileOf({ w: { ...entry, shape: [2], data_offsets: [0, 8] } }, four),
      /cut short/
    ],
    ["a gap", fileOf({ w: { ...entry, data_offsets: [4, 8] } }, new Uint8Array(8)), /leave a gap/],
    ["an overlap", fileOf({ v: entry, w: entry }, four), /overlap/],
    ["bytes left over", fileOf({ w: entry }, new Uint8Array(8)), /tensors end at byte/],
    [
      "a weight that is no number",
      fileOf({ w: entry }, Uint8Array.of(0, 0, 192, 127)),
      /Element 0 .* is NaN/
    ],
    ["an infinite weight", fileOf({ w: entry }, Uint8Array.of(0, 0, 128, 127)), /is Infinity/]
  ])("refuses %s", (_, bytes, problem) => {
    expect(failure(bytes).message).toMatch(problem)
  })

  it("names the tensor and the byte", () => {
    const error = failure(fileOf({ w: { ...entry, shape: [2] } }, four))
    expect(error.tensor).toBe("w")
    expect(error.byte).toBe(8 + JSON.stringify({ w: { ...entry, shape: [2] } }).length)
  })

  it("reads half precision", () => {
    const header = {
      half: { dtype: "F16", shape: [5], data_offsets: [0, 10] },
      brain: { dtype: "BF16", shape: [2], data_offsets: [10, 14] }
    }
    const halves = Uint16Array.of(0x3c00, 0xc100, 0x0001, 0x7bff, 0x8000, 0x3f80, 0xc049)
    const bytes = fileOf(header, new Uint8Array(halves.buffer))
    const read = Result.getOrThrow(decodeSafetensors(bytes, file))
    // IEEE 754 binary16: 1, -2.5, the smallest subnormal, the largest number, -0
    expect(Array.from(read.get("half")?.data ?? [])).toEqual([1, -2.5, 2 ** -24, 65504, -0])
    expect(Array.from(read.get("brain")?.data ?? [])).toEqual([1, -3.140625])
  })
})
