import { existsSync } from "node:fs"
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import { compareGolden } from "@sml/policy-onnx"
import * as Effect from "effect/Effect"

import { goldenCheckpoint, sharedModels } from "./fixture.ts"

const temporary = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "golden-"))),
  (directory) => Effect.promise(() => rm(directory, { recursive: true, force: true }))
)

describe("compareGolden", () => {
  it.live(
    "agrees with transformers in float64, on log-probabilities, gradients and greedy text",
    () =>
      Effect.gen(function* () {
        const comparison = yield* compareGolden(goldenCheckpoint, { threads: 2 })
        assert.isBelow(comparison.logprobError, 1e-4)
        assert.isBelow(comparison.lossError, 1e-5)
        assert.isBelow(comparison.gradientNormError, 1e-3, comparison.worstGradient)
        assert.isBelow(comparison.gradientElementError, 1)
        assert.isTrue(comparison.greedyEqual)
        assert.isTrue(comparison.passed)
      })
  )

  it.live("sees a wrong number", () =>
    Effect.gen(function* () {
      const directory = yield* temporary
      yield* Effect.promise(() => cp(goldenCheckpoint, directory, { recursive: true }))
      yield* Effect.promise(() =>
        writeFile(join(directory, "golden_greedy.json"), JSON.stringify({ ids: [1, 1, 1, 1] }))
      )
      const comparison = yield* compareGolden(directory, { threads: 1 })
      assert.isFalse(comparison.greedyEqual)
      assert.isFalse(comparison.passed)
      yield* Effect.promise(() => writeFile(join(directory, "golden_grad.json"), "{}"))
      const error = yield* Effect.flip(compareGolden(directory, { threads: 1 }))
      assert.match(error.message, /golden_grad\.json is malformed/)
    })
  )

  for (const model of ["stories260K", "tiny-llama3", "tiny-qwen2", "tiny-qwen3"]) {
    const directory = join(sharedModels, model)
    it.live.skipIf(!existsSync(directory))(`${model} (skipped without shared models)`, () =>
      Effect.gen(function* () {
        const comparison = yield* compareGolden(directory, { threads: 2 })
        assert.isTrue(comparison.passed, JSON.stringify(comparison))
      })
    )
  }
})
