import { assert, describe, it } from "@effect/vitest"
import { formatJsonLines, MetricsLine, parseJsonLines } from "@sml/run-store"
import * as fc from "fast-check"

const lines = fc.array(
  fc.record({
    step: fc.nat(),
    words: fc.string({ unit: "binary" }),
    loss: fc.double({ noNaN: true, noDefaultInfinity: true })
  }),
  { minLength: 1, maxLength: 20 }
)

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe("JsonLines", () => {
  it("reads back what was written", () => {
    fc.assert(
      fc.property(lines, (values) => {
        const read = parseJsonLines(MetricsLine, formatJsonLines(values))
        assert.deepStrictEqual(read.values, json(values))
        assert.deepStrictEqual(read.damaged, [])
      })
    )
  })

  it("loses no earlier line wherever a crash cuts the text", () => {
    fc.assert(
      fc.property(lines, fc.double({ min: 0, max: 1, noNaN: true }), (values, where) => {
        const text = formatJsonLines(values)
        const cut = text.slice(0, Math.floor(where * text.length))
        const whole = cut.split("\n").length - 1
        const read = parseJsonLines(MetricsLine, cut)
        assert.deepStrictEqual(read.values.slice(0, whole), json(values.slice(0, whole)))
        // a cut just before the newline leaves a readable line
        assert.isAtMost(read.values.length + read.damaged.length, whole + 1)
        for (const { line } of read.damaged) assert.strictEqual(line, whole + 1)
      })
    )
  })

  it("reports a line of another shape and keeps its neighbours", () => {
    const read = parseJsonLines(MetricsLine, `{"step":1}\n{"stop":2}\n\n{"step":3}\n`)
    assert.deepStrictEqual(read.values, [{ step: 1 }, { step: 3 }])
    assert.deepStrictEqual(read.damaged, [{ line: 2, excerpt: `{"stop":2}` }])
  })
})
