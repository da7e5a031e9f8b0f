import { totalmem } from "node:os"

import { assert, describe, it } from "@effect/vitest"
import { microBatchBounds, microBatchPlan } from "@sml/policy-onnx"
import { activationBytes, microBatches } from "@sml/policy-onnx/MicroBatch"
import * as fc from "fast-check"

import { tinyConfig } from "./fixture.ts"

describe("microBatchPlan", () => {
  it("is the largest micro-batch that is cut", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 60 }),
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 2_000_000 }),
        (length, tokens, bytes) => {
          const bounds = { tokens, activationBytes: bytes }
          const plan = microBatchPlan(tinyConfig, length, bounds)
          const many = 60
          const batches = microBatches(
            tinyConfig,
            new Int32Array(many).fill(length),
            new Int32Array(many).fill(length - 1),
            bounds
          )
          const [first] = batches
          assert.strictEqual(first?.rows.length, Math.min(many, plan.rows))
          assert.strictEqual(plan.tokens, plan.rows * (first?.width ?? 0))
          assert.strictEqual(
            plan.bytes,
            activationBytes(tinyConfig, plan.rows, first?.width ?? 0, plan.rows * (length - 1))
          )
          assert.isTrue(plan.rows === 1 || (plan.tokens <= tokens && plan.bytes <= bytes))
        }
      )
    )
  })

  it("has the engine's bounds unless others are given", () => {
    assert.deepStrictEqual(microBatchBounds({}), {
      tokens: 4096,
      activationBytes: Math.ceil(Math.min(2 ** 31, totalmem() / 4))
    })
    assert.deepStrictEqual(microBatchBounds({ microBatchTokens: 7, activationMegabytes: 0.5 }), {
      tokens: 7,
      activationBytes: 2 ** 19
    })
  })
})
