import { assert, describe, it } from "@effect/vitest"
import { evaluationFolder } from "@sml/trainer/evaluationFolder"

const folder = (given: Partial<Parameters<typeof evaluationFolder>[0]>) =>
  evaluationFolder({
    suite: "gsm8k",
    protocol: undefined,
    model: "models/SmolLM2-135M",
    modelName: undefined,
    seed: 1,
    ...given
  })

describe("evaluationFolder", () => {
  it("is readable, and one folder deep whatever the model is called", () => {
    assert.match(folder({}), /^\.sml\/evals\/gsm8k-SmolLM2-135M-[0-9a-f]{6}-1$/)
    assert.match(
      folder({ protocol: "longer", seed: 7 }),
      /gsm8k-longer-SmolLM2-135M-[0-9a-f]{6}-7$/
    )
    const strange = ["http://user:key@host:1/v1", "../..", "a b\u0000c", "x".repeat(500), "日本"]
    for (const model of strange) {
      assert.match(folder({ model }), /^\.sml\/evals\/gsm8k-(?:[\w.-]{1,40}-)?[0-9a-f]{6}-1$/)
    }
  })

  it("shows no key that an address holds", () => {
    const first = "http://me:canary@host.test"
    const second = "http://host.test/v1?key=canary"
    assert.match(folder({ model: first }), /gsm8k-host\.test-[0-9a-f]{6}-1$/)
    assert.match(folder({ model: second }), /gsm8k-host\.test-[0-9a-f]{6}-1$/)
  })

  it("is another one for another model", () => {
    const models = [
      folder({}),
      folder({ model: "other/SmolLM2-135M" }),
      folder({ model: "http://localhost:1/v1" }),
      folder({ model: "http://localhost:1/v1", modelName: "a" }),
      folder({ model: "http://localhost:1/v1", modelName: "b" })
    ]
    assert.strictEqual(new Set(models).size, models.length)
  })
})
