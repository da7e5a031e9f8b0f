import { describe, expect, it } from "@effect/vitest"
import { isUnderspecified, Task } from "@sml/env-pomdp"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"

const name = fc.string({ minLength: 1 })

describe("Task", () => {
  it("goes through JSON, whatever its knowledge is", () => {
    fc.assert(
      fc.property(
        fc.record({
          id: name,
          domain: name,
          prompt: name,
          // JSON has no -0
          knowledge: fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value))),
          missing: fc.array(name)
        }),
        (raw) => {
          const task = Schema.decodeUnknownSync(Task)(raw)
          const json: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(Task)(task)))
          expect(json).toEqual(raw)
          expect(isUnderspecified(task)).toBe(raw.missing.length > 0)
        }
      )
    )
  })

  it.each([{ id: "" }, { prompt: "" }, { missing: "b" }, { knowledge: () => 42 }])(
    "refuses %o",
    (bad) => {
      const task = { id: "1", domain: "math", prompt: "p", knowledge: null, missing: [] }
      expect(Schema.decodeUnknownResult(Task)({ ...task, ...bad })).toMatchObject({
        _tag: "Failure"
      })
    }
  )
})
