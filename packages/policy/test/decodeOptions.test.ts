import { assert, describe, it } from "@effect/vitest"
import { adamW, AdamW, decodeOptions, Objective } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const Options = Schema.Struct({
  optimiser: AdamW.pipe(Schema.withDecodingDefaultKey(Effect.succeed(adamW()))),
  steps: Schema.Int.pipe(Schema.withDecodingDefaultKey(Effect.succeed(3)))
})

describe("decodeOptions", () => {
  it.effect("fills in defaults and keeps what is given", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* decodeOptions("f", Options, { steps: 5 }), {
        optimiser: adamW(),
        steps: 5
      })
    })
  )

  it.effect.each([
    [{ stesp: 5 }, /f: .*stesp/s],
    [{ steps: 1.5 }, /steps/],
    [{ optimiser: { ...adamW(), beta1: 1 } }, /beta1/],
    [{ optimiser: { ...adamW(), momentum: 1 } }, /momentum/]
  ] as const)("refuses %j", ([options, message]) =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(decodeOptions("f", Options, options))
      assert.strictEqual(failure._tag, "InvalidOptions")
      assert.match(failure.message, message)
    })
  )
})

describe("Objective", () => {
  it("knows every objective and refuses bounds that clip everything", () => {
    const accepts = Schema.is(Objective)
    assert.isTrue(accepts({ _tag: "CrossEntropy", normaliser: "weight" }))
    assert.isTrue(accepts({ _tag: "PolicyGradient", normaliser: "none" }))
    const clip = {
      _tag: "ClippedPolicyGradient",
      clipLow: 0.2,
      clipHigh: 0.2,
      normaliser: "weight"
    }
    assert.isTrue(accepts(clip))
    assert.isFalse(accepts({ ...clip, clipHigh: 0 }))
    assert.isFalse(accepts({ ...clip, normaliser: "tokens" }))
    assert.isFalse(accepts({ _tag: "Dpo", normaliser: "weight" }))
  })
})
