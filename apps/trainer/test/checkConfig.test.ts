import { assert, describe, it } from "@effect/vitest"
import { Teacher } from "@sml/env-pomdp"
import { defineConfig } from "@sml/trainer"
import { checkConfig } from "@sml/trainer/SmlConfig"
import { defaultTrainOptions, TrainOptions } from "@sml/trainer/TrainOptions"
import { Effect, Layer, Schema } from "effect"

const sentence = (exported: unknown) =>
  Effect.runSync(
    checkConfig("sml.config.ts", exported).pipe(
      Effect.flip,
      Effect.map((error) => error.message)
    )
  )

describe("checkConfig", () => {
  it("accepts options and layers", () => {
    const teacher = Layer.succeed(Teacher, { reply: () => Effect.die("unused") })
    const read = Effect.runSync(
      checkConfig("sml.config.ts", defineConfig({ steps: 7, layers: { teacher } }))
    )
    assert.deepStrictEqual(read.options, { steps: 7 })
    assert.strictEqual(read.layers.teacher, teacher)
  })

  it("names a misspelt key and the nearest right one", () => {
    assert.strictEqual(
      sentence({ stpes: 7 }),
      `sml.config.ts: "stpes" is not a known key; did you mean "steps"?`
    )
    assert.strictEqual(
      sentence({ layers: { techer: undefined } }),
      `sml.config.ts: "layers.techer" is not a known key; did you mean "teacher"?`
    )
  })

  it("says what a value should be", () => {
    assert.strictEqual(
      sentence({ discount: 1.5 }),
      `sml.config.ts: "discount" is 1.5; expected a value less than or equal to 1`
    )
    assert.match(sentence({ domain: "maths" }), /"domain" is "maths"; expected "math" \| "code"/)
    assert.match(sentence({ layers: { teacher: 3 } }), /"layers.teacher" must be a Layer/)
    assert.match(sentence(undefined), /export default defineConfig/)
  })

  it("the types refuse what the check refuses", () => {
    // @ts-expect-error a misspelt key
    defineConfig({ stpes: 7 })
    // @ts-expect-error not a layer
    defineConfig({ layers: { teacher: 3 } })
  })

  it("the defaults are valid options", () => {
    assert.isTrue(Schema.is(TrainOptions)(defaultTrainOptions))
  })
})
