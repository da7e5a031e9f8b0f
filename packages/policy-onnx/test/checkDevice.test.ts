import { assert, describe, it } from "@effect/vitest"
import { checkDevice, compareGolden, type Device, EngineError, OnnxPolicy } from "@sml/policy-onnx"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import { goldenCheckpoint, tinyConfig } from "./fixture.ts"

const graphics = ["webgpu", "cuda"] as const

const refusalOf = (device: Device) =>
  Effect.runPromise(
    Effect.match(checkDevice(device), { onSuccess: () => undefined, onFailure: (error) => error })
  )

const messageOf = <A, E extends Error>(effect: Effect.Effect<A, E>) =>
  Effect.runPromise(Effect.map(Effect.flip(effect), ({ message }) => message))

const built = (options: OnnxPolicy.FreshOptions) =>
  Effect.scoped(Layer.build(OnnxPolicy.layerFresh(options)))

const fresh = { config: tinyConfig, seed: 1 }

describe("a device", () => {
  it("the processor is always there", async () => {
    assert.isUndefined(await refusalOf("cpu"))
  })

  for (const device of graphics) {
    it(`${device}: where it is missing, it is refused with what is missing`, async (context) => {
      const refusal = await refusalOf(device)
      if (refusal === undefined) context.skip(`this machine has ${device}`)
      assert.instanceOf(refusal, EngineError)
      const sentence = `^The device "${device}" cannot be used on this machine \\([^\\n]+\\); [^\\n]+\\.$`
      assert.match(refusal?.message ?? "", new RegExp(sentence))
      // and nothing runs on the processor in its place
      assert.strictEqual(await messageOf(built({ ...fresh, device })), refusal?.message)
      assert.strictEqual(
        await messageOf(compareGolden(goldenCheckpoint, { device })),
        refusal?.message
      )
    })

    it(`${device}: where it is there, it agrees with the reference numbers`, async (context) => {
      if ((await refusalOf(device)) !== undefined) context.skip(`this machine has no ${device}`)
      const { passed } = await Effect.runPromise(compareGolden(goldenCheckpoint, { device }))
      assert.isTrue(passed)
    })
  }

  it("says how to get the libraries of CUDA where they were not fetched", async (context) => {
    const message = (await refusalOf("cuda"))?.message ?? ""
    if (!message.includes("not installed")) context.skip("they were fetched, or there are none")
    assert.match(message, /fetch them with "node .*script\/install\.js --onnxruntime-node-install"/)
  })

  it("that is unknown is a setting that cannot be used", async () => {
    // @ts-expect-error there is no such device
    const message = await messageOf(built({ ...fresh, device: "tpu" }))
    assert.match(message, /settings cannot be used .*"cpu".*device/)
  })
})
