import { assert, describe, it } from "@effect/vitest"
import type { CheckpointError } from "@sml/language-model"
import type { Learner, Sampler } from "@sml/policy"
import { type EngineCounters, EngineError, OnnxPolicy } from "@sml/policy-onnx"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { expectTypeOf } from "vitest"

import { tinyConfig } from "./fixture.ts"

describe("the layers", () => {
  it.live("refuse settings that make no engine, in one sentence", () =>
    Effect.gen(function* () {
      const good = { config: tinyConfig, seed: 1 }
      const cases = [
        [{ ...good, threads: 0 }, /settings cannot be used .*threads/],
        [{ ...good, maxRows: 0.5 }, /maxRows/],
        [{ ...good, microBatchTokens: NaN }, /microBatchTokens/],
        [{ ...good, cacheMegabytes: -1 }, /cacheBytes/],
        [{ ...good, config: { ...tinyConfig, heads: 3 } }, /configuration .*cannot share/],
        [{ ...good, config: { ...tinyConfig, headSize: 3 } }, /even head_dim/]
      ] as const
      for (const [options, problem] of cases) {
        const error = yield* Effect.flip(Layer.build(OnnxPolicy.layerFresh(options)))
        assert.instanceOf(error, EngineError)
        assert.match(error.message, problem)
        assert.match(error.message, /^[^\n]+\.$/)
      }
    })
  )

  it("have the ports as services and say how they fail", () => {
    type Ports = Sampler | Learner | EngineCounters
    expectTypeOf(OnnxPolicy.layer).returns.toEqualTypeOf<
      Layer.Layer<Ports, CheckpointError | EngineError>
    >()
    expectTypeOf(OnnxPolicy.layerFresh).returns.toEqualTypeOf<Layer.Layer<Ports, EngineError>>()
    // @ts-expect-error a folder must be named
    OnnxPolicy.layer({ threads: 1 })
    // @ts-expect-error a seed must be given
    const unseeded: OnnxPolicy.FreshOptions = { config: tinyConfig }
    assert.isDefined(unseeded)
  })
})
