import { join } from "node:path"

import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { besideTransformers } from "@sml/bench/besideTransformers"
import { freshModels } from "@sml/bench/models"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"

const script = join(import.meta.dirname, "fixtures", "echoPeer.mjs")
const setting = { python: process.execPath, threads: 1, quick: false, peak: undefined }

/** Says the prompt's first token again and again. */
const sampler = {
  contextLength: 128,
  vocabularySize: 64,
  generate: ({ maxTokens, tokens }: { readonly maxTokens: number; readonly tokens: Int32Array }) =>
    Effect.succeed({
      ids: new Int32Array(maxTokens).fill(tokens[0] ?? 0),
      logprobs: new Float32Array(maxTokens),
      rawLogprobs: new Float32Array(maxTokens),
      stop: "length" as const
    })
}

const prompts = [5, 6, 7, 8, 9].map((id) => Int32Array.of(id, 1))

const peersOf = (ready: Schema.Json) =>
  besideTransformers(
    setting,
    {
      model: { config: freshModels.tiny, folder: "/nowhere" },
      sampler,
      script,
      prompts,
      work: { behaviour: "echoing", ready, seconds: 2 }
    },
    { rollout: Effect.void, tokens: 30, repetitions: 3 }
  ).pipe(
    Effect.map(({ peers }) => peers.map(({ measurement, note }) => measurement?.median ?? note)),
    Effect.scoped,
    Effect.provide(NodeServices.layer)
  )

const greedy = [5, 6, 7, 8].map((id) => Array.from({ length: 8 }, () => id))

describe("besideTransformers", () => {
  it.live("has the rate of one whose greedy text is ours", () =>
    Effect.gen(function* () {
      assert.deepEqual(yield* peersOf({ greedy }), [15])
    })
  )

  it.live("does not measure one whose greedy text is another, or that has none", () =>
    Effect.gen(function* () {
      const reason = ["its greedy text is not ours"]
      assert.deepEqual(yield* peersOf({ greedy: greedy.toReversed() }), reason)
      assert.deepEqual(yield* peersOf({}), reason)
    })
  )
})
