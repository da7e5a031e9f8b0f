import { assert, describe, it } from "@effect/vitest"
import { fitColumns } from "@sml/trainer/fitColumns"
import { colourful } from "@sml/trainer/Style"
import * as fc from "fast-check"

// oxlint-disable-next-line no-control-regex
const bare = (text: string) => text.replaceAll(/\u001b\[\d+m/g, "")

describe("fitColumns", () => {
  it("never takes more than the columns, marks not counted, and closes every mark", () => {
    const piece = fc.string({ unit: "grapheme-ascii", maxLength: 30 })
    fc.assert(
      fc.property(piece, piece, fc.integer({ min: 1, max: 60 }), (left, right, columns) => {
        const fitted = fitColumns(colourful.bold(left) + colourful.good(right), columns)
        assert.isAtMost(bare(fitted).length, columns)
        assert.strictEqual(fitted.split("\u001b[").length, 5)
        if (left.length + right.length <= columns) assert.strictEqual(bare(fitted), left + right)
      })
    )
  })

  it("counts wide characters twice and boxes once", () => {
    assert.strictEqual(fitColumns("字字字", 5), "字字…")
    assert.strictEqual(fitColumns("━━━━━", 5), "━━━━━")
  })
})
