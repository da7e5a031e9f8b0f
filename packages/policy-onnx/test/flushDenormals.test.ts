import { once } from "node:events"
import { Worker } from "node:worker_threads"

import { assert, describe, it } from "@effect/vitest"
import { compareGolden, flushDenormals, flushesDenormals } from "@sml/policy-onnx"
import * as Effect from "effect/Effect"

import { goldenCheckpoint } from "./fixture.ts"

// whether a thread that is started now flushes
const inNewThread = Effect.promise(async () => {
  const worker = new Worker(
    `const { parentPort } = require("node:worker_threads")
     const [smallest, one] = Float64Array.of(Number.MIN_VALUE, 1)
     parentPort.postMessage(smallest * one === 0)`,
    { eval: true }
  )
  const [flushes] = await once(worker, "message")
  return flushes
})

// what is set here stays set, so this file has a process of its own
describe("flushDenormals", () => {
  it.live("is in force in this thread and in those started later, and moves no number", () =>
    Effect.gen(function* () {
      assert.isFalse(flushesDenormals())
      assert.isFalse(yield* inNewThread)
      assert.isTrue(yield* flushDenormals)
      assert.isTrue(flushesDenormals())
      assert.isTrue(yield* inNewThread)
      // again
      assert.isTrue(yield* flushDenormals)
      const comparison = yield* compareGolden(goldenCheckpoint)
      assert.isTrue(comparison.passed)
    })
  )
})
