import { assert, describe, it } from "@effect/vitest"
import { makeRunId, RunId } from "@sml/run-store"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"

const start = fc.integer({ min: 0, max: Date.UTC(9999, 0, 1) })
const salts = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

describe("RunId", () => {
  it("is a valid folder name for any label", () => {
    fc.assert(
      fc.property(start, fc.string({ unit: "binary" }), salts, (time, label, salt) => {
        assert.isTrue(Schema.is(RunId)(makeRunId({ time, label, salt })))
      })
    )
  })

  it("sorts by second, whatever the labels", () => {
    fc.assert(
      fc.property(start, start, fc.string(), fc.string(), (first, second, left, right) => {
        fc.pre(Math.floor(first / 1000) < Math.floor(second / 1000))
        const earlier = makeRunId({ time: first, label: left, salt: 0.9 })
        const later = makeRunId({ time: second, label: right, salt: 0.1 })
        assert.isTrue(earlier < later)
      })
    )
  })
})
