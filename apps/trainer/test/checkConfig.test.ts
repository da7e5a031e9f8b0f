import { assert, describe, it } from "@effect/vitest"
import { Teacher } from "@sml/env-pomdp"
import { defineConfig } from "@sml/trainer"
import { checkConfig } from "@sml/trainer/SmlConfig"
import { defaultTrainOptions, TrainOptions } from "@sml/trainer/TrainOptions"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

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

  it("checks the settings of an adapter, the device and the schedule", () => {
    const lora = { rank: 8, targets: ["q_proj"] }
    const read = Effect.runSync(
      checkConfig("sml.config.ts", defineConfig({ lora, device: "cpu", schedule: "cosine" }))
    )
    assert.deepStrictEqual(read.options, { lora, device: "cpu", schedule: "cosine" })
    assert.strictEqual(
      sentence({ lora: { rnak: 8 } }),
      `sml.config.ts: "lora.rnak" is not a known key; did you mean "rank"?`
    )
    assert.strictEqual(
      sentence({ lora: { rank: 0.5 } }),
      `sml.config.ts: "lora.rank" is 0.5; expected an integer`
    )
    assert.match(sentence({ lora: { alpha: 8 } }), /"lora" has no rank; give it one/)
    assert.match(sentence({ lora: 8 }), /"lora" must be an object/)
    assert.match(
      sentence({ device: "gpu" }),
      /"device" is "gpu"; expected "cpu" \| "webgpu" \| "cuda"/
    )
    assert.match(sentence({ schedule: "step" }), /"schedule" is "step"; expected "constant"/)
  })

  it("the types refuse what the check refuses", () => {
    // @ts-expect-error a misspelt key
    defineConfig({ stpes: 7 })
    // @ts-expect-error not a layer
    defineConfig({ layers: { teacher: 3 } })
    // @ts-expect-error an adapter without a rank
    defineConfig({ lora: { alpha: 3 } })
    // @ts-expect-error no such device
    defineConfig({ device: "gpu" })
  })

  it("the defaults are valid options", () => {
    assert.isTrue(Schema.is(TrainOptions)(defaultTrainOptions))
  })
})
