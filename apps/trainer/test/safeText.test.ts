import { assert, describe, it } from "@effect/vitest"
import { safeText } from "@sml/trainer/safeText"
import * as fc from "fast-check"

describe("safeText", () => {
  it("leaves nothing that moves the cursor, recolours the screen or hides text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        assert.notMatch(safeText(text), /\p{Cc}|[\u202a-\u202e\u2066-\u2069\u200b]/u)
      })
    )
  })

  it("leaves ordinary text alone", () => {
    assert.strictEqual(safeText("x => x * 9 + 1 … é 字"), "x => x * 9 + 1 … é 字")
    assert.strictEqual(safeText("a\u001b[2Jb"), "a [2Jb")
  })
})
