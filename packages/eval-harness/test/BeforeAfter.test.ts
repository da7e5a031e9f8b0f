import { BeforeAfter, summarise } from "@sml/eval-harness"
import * as Schema from "effect/Schema"
import { expect, it } from "vitest"

import { episodeOf } from "./episodeOf.ts"

const summary = summarise([episodeOf("xo")])

it("goes through JSON in the documented shape", () => {
  const results = {
    before: { math: summary, code: summary },
    after: { math: summary, code: summary },
    seconds: { total: 203.5 }
  }
  const json: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(BeforeAfter)(results)))
  expect(json).toMatchObject({
    before: { math: { "success@1": { value: 0, low: 0, n: 1 } } },
    seconds: { total: 203.5 }
  })
  expect(Schema.decodeUnknownSync(BeforeAfter)(json)).toEqual(results)
})

it("refuses what is not a finite number", () => {
  const bad = { before: {}, after: {}, seconds: { total: Infinity } }
  expect(() => Schema.decodeUnknownSync(BeforeAfter)(bad)).toThrow(/finite/)
})
