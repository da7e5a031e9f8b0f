import { uniformStream } from "@sml/env-pomdp"
import { generateMathTask, generateTask, splitOf, testPercent } from "@sml/tasks"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

/** CRC-32 (IEEE 802.3) bit by bit. */
const crc32 = (text: string): number => {
  let crc = ~0
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

describe("splitOf", () => {
  it("is crc32 mod 100 < 15", () => {
    assert.strictEqual(crc32("123456789"), 0xcbf43926)
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        assert.strictEqual(splitOf(text), crc32(text) % 100 < 15 ? "test" : "train")
      })
    )
  })

  it("keeps about 15 % of the distinct statements for evaluation", () => {
    const random = uniformStream(1)
    const statements = new Set(Array.from({ length: 6000 }, () => generateMathTask(random).prompt))
    assert(statements.size > 2000)
    const test = Array.from(statements).filter((statement) => splitOf(statement) === "test")
    assert.closeTo(test.length / statements.size, testPercent / 100, 0.03)
  })
})

describe("generateTask", () => {
  it("draws from the wanted side only", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffffffff }),
        fc.constantFrom("math" as const, "code" as const),
        fc.constantFrom("train" as const, "test" as const),
        fc.boolean(),
        (seed, domain, split, underspecified) => {
          const task = generateTask(uniformStream(seed), { domain, split, underspecified })
          assert.strictEqual(splitOf(task.prompt), split)
          assert.strictEqual(task.domain, domain)
          assert.strictEqual(task.missing.length > 0, underspecified)
        }
      )
    )
  })
})
