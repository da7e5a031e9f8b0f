import { existsSync, globSync, readFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import { Learner, Sampler } from "@sml/policy"
import { OnnxPolicy } from "@sml/policy-onnx"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import { allWeighted, request } from "./fixture.ts"

const Golden = Schema.fromJsonString(
  Schema.Struct({
    origin: Schema.String,
    texts: Schema.Array(
      Schema.Struct({
        text: Schema.String,
        ids: Schema.Array(Schema.Int),
        logprobs: Schema.Array(Schema.Finite)
      })
    )
  })
)

// where shared/tools/smollm2.sh puts the file
const cache = process.env["SML_WEIGHTS_CACHE"] ?? join(homedir(), ".cache", "sml-weights")
const model = existsSync(cache)
  ? globSync(join(cache, "**/SmolLM2-135M-Instruct.Q4_1.gguf"))[0]
  : undefined

describe("a GGUF checkpoint", () => {
  it.live.skipIf(model === undefined)(
    "gives the log-probabilities of transformers (skipped without SmolLM2: run tools/smollm2.sh)",
    () =>
      Effect.gen(function* () {
        const { texts } = Schema.decodeSync(Golden)(
          readFileSync(join(import.meta.dirname, "golden/smollm2-gguf.json"), "utf8")
        )
        const learner = yield* Learner
        const found = yield* learner.forward(texts.map(({ ids }) => allWeighted(ids)))
        const worst = texts.map(({ logprobs }, i) =>
          Math.max(...logprobs.map((x, t) => Math.abs(x - (found[i]?.[t] ?? NaN))))
        )
        assert.lengthOf(worst, 3)
        for (const error of worst) assert.isBelow(error, 1e-3)

        // "The capital of France is" goes on with " Paris"
        const [first] = texts
        const sampler = yield* Sampler
        const { ids } = yield* sampler.generate(
          request(first?.ids.slice(0, 5) ?? [], { maxTokens: 1, temperature: 0 })
        )
        assert.deepStrictEqual([...ids], first?.ids.slice(5, 6))
      }).pipe(Effect.provide(OnnxPolicy.layer({ checkpoint: model ?? "", threads: 1 })))
  )
})
