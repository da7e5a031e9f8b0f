import { assert, describe, it } from "@effect/vitest"
import { decodeGenerationDefaults, TokenizerError } from "@sml/language-model"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as fc from "fast-check"

const decode = (json: unknown) => decodeGenerationDefaults(json, "generation_config.json")

describe("generation_config.json", () => {
  it.effect("reads one end token, several or none", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* decode({ eos_token_id: 2 }), { endTokenIds: [2] })
      assert.deepStrictEqual(yield* decode({ eos_token_id: [2, 5] }), { endTokenIds: [2, 5] })
      assert.deepStrictEqual(yield* decode({ eos_token_id: null }), { endTokenIds: [] })
      assert.deepStrictEqual(yield* decode(undefined), { endTokenIds: [] })
    })
  )

  it.effect("is greedy where nothing is to be sampled, and keeps all tokens where top_k is 0", () =>
    Effect.gen(function* () {
      const greedy = yield* decode({ do_sample: false, temperature: 0.6, top_k: 0, min_p: 0.1 })
      assert.deepStrictEqual(greedy, { endTokenIds: [], temperature: 0, minP: 0.1 })
    })
  )

  it.effect.each([{ eos_token_id: "2" }, { eos_token_id: -1 }, { top_p: 2 }, { temperature: -1 }])(
    "refuses %o",
    (json) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(decode(json))
        assert.instanceOf(error, TokenizerError)
        assert.match(error.message, /^generation_config\.json is malformed: .*\.$/)
      })
  )

  it("never throws", () => {
    const keys = ["eos_token_id", "do_sample", "temperature", "top_k", "top_p", "min_p"] as const
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.jsonValue(), (key, value) => {
        const exit = Effect.runSyncExit(decode({ [key]: value }))
        assert.isTrue(Exit.isSuccess(exit) || !Exit.hasDies(exit))
      })
    )
  })
})
