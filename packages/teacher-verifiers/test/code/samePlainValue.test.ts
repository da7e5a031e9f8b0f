import { assert, describe, it } from "@effect/vitest"
import type { PlainValue } from "@sml/teacher-verifiers"
import { plainFromJson, samePlainValue, showPlainValue } from "@sml/teacher-verifiers"
import type * as Schema from "effect/Schema"
import * as fc from "fast-check"

const integer = (text: string): PlainValue => ({ type: "integer", text })
const float = (text: string): PlainValue => ({ type: "float", text })
const string = (text: string): PlainValue => ({ type: "string", text })

const show = (value: PlainValue) => showPlainValue(value, "python")

/** Through text, as JSON comes from a file. */
const reread = (json: unknown): Schema.Json => JSON.parse(JSON.stringify(json))

describe("samePlainValue", () => {
  it("compares numbers by value", () => {
    assert.isTrue(samePlainValue(integer("2"), 2))
    assert.isTrue(samePlainValue(float("2.0"), 2))
    assert.isTrue(samePlainValue(float("-0.0"), 0))
    assert.isFalse(samePlainValue(integer("9007199254740993"), 9007199254740991))
    assert.isTrue(samePlainValue(integer("36893488147419103233"), 2 ** 65))
    assert.isFalse(samePlainValue(integer("3"), 2.9999999999999996))
    assert.isFalse(samePlainValue(float("NaN"), Number.NaN))
    assert.isFalse(samePlainValue(integer("1000000001"), 1000000000, { tolerance: 1e-6 }))
    assert.isTrue(samePlainValue(float("1000000001.0"), 1000000000, { tolerance: 1e-6 }))
    assert.isFalse(samePlainValue(float("NaN"), 0, { tolerance: 1 }))
  })

  it("keeps types apart", () => {
    const values: ReadonlyArray<PlainValue> = [
      { type: "null" },
      { type: "undefined" },
      { type: "boolean", value: true },
      integer("1"),
      string("1"),
      { type: "bytes", text: "MQ==" },
      { type: "complex", text: "(1+0j)" },
      { type: "list", items: [integer("1")] },
      { type: "set", items: [integer("1")] },
      { type: "dict", entries: [[string("1"), integer("1")]] }
    ]
    const jsons = [null, true, 1, "1", [1], { 1: 1 }]
    const same = values.map((value) => jsons.filter((json) => samePlainValue(value, json)))
    assert.deepStrictEqual(same, [[null], [], [true], [1], ["1"], [], [], [[1]], [], [{ 1: 1 }]])
  })

  it("compares keys by their text, each once", () => {
    const dict = (...keys: ReadonlyArray<PlainValue>): PlainValue => ({
      type: "dict",
      entries: keys.map((key) => [key, integer("0")])
    })
    assert.isTrue(samePlainValue(dict(integer("1"), string("b")), { b: 0, 1: 0 }))
    assert.isFalse(samePlainValue(dict(integer("1"), string("1")), { 1: 0, 2: 0 }))
    assert.isFalse(samePlainValue(dict(integer("1"), string("1")), { 1: 0 }))
    assert.isFalse(samePlainValue(dict({ type: "tuple", items: [] }), { "()": 0 }))
    assert.isFalse(samePlainValue(dict(string("toString")), { __proto__: null, valueOf: 0 }))
  })

  it("is reflexive on JSON and tells different JSON apart", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (left, right) => {
        const one = reread(left)
        const other = reread(right)
        for (const language of ["python", "javascript"] as const) {
          assert.isTrue(samePlainValue(plainFromJson(one, language), one))
          if (typeof one !== typeof other) {
            assert.isFalse(samePlainValue(plainFromJson(one, language), other))
          }
        }
      })
    )
  })
})

describe("showPlainValue", () => {
  it("writes JSON that JavaScript reads back", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const one = reread(json)
        const text = showPlainValue(plainFromJson(one, "javascript"), "javascript", 1e6)
        // "__proto__" would set the prototype of a literal
        if (text.includes("__proto__")) return
        // oxlint-disable-next-line no-eval
        assert.deepStrictEqual((0, eval)(`(${text})`), one)
      })
    )
  })

  it("writes Python", () => {
    assert.strictEqual(show({ type: "tuple", items: [integer("1")] }), "(1,)")
    assert.strictEqual(show({ type: "set", items: [] }), "set()")
    assert.strictEqual(show({ type: "frozenset", items: [integer("1")] }), "frozenset({1})")
    assert.strictEqual(show(string("a\u001B[0m\n'\u202E")), `"a\\x1b[0m\\n'\\u202e"`)
    assert.strictEqual(show({ type: "bytes", text: "AP8n" }), "b'\\x00\\xff\\''")
    assert.strictEqual(show(float("NaN")), "float('nan')")
    assert.strictEqual(show(float("2")), "2.0")
    assert.strictEqual(
      show({ type: "dict", entries: [[{ type: "null" }, { type: "boolean", value: true }]] }),
      "{None: True}"
    )
  })

  it("cuts what is long", () => {
    const long: PlainValue = {
      type: "list",
      items: Array.from({ length: 1000 }, () => string("x".repeat(1000)))
    }
    assert.strictEqual(showPlainValue(long, "python").length, 1000)
    assert.isTrue(showPlainValue(long, "javascript", 20).endsWith("…"))
  })
})
