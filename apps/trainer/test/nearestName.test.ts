import { assert, describe, it } from "@effect/vitest"
import { nearestName } from "@sml/trainer/nearestName"
import * as fc from "fast-check"

const names = ["steps", "tasks", "learningRate", "checkpoint", "checkpointEvery", "horizon"]

describe("nearestName", () => {
  it("finds what was meant", () => {
    assert.strictEqual(nearestName("stpes", names), "steps")
    assert.strictEqual(nearestName("learning_rate", names), "learningRate")
    assert.strictEqual(nearestName("checkpoints", names), "checkpoint")
  })

  it("guesses nothing for a name like no other", () => {
    assert.isUndefined(nearestName("wallpaper", names))
    assert.isUndefined(nearestName("x", []))
  })

  it("finds a name that is there, however it is written", () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), (name) => {
        assert.strictEqual(nearestName(name.toUpperCase(), names), name)
      })
    )
  })
})
