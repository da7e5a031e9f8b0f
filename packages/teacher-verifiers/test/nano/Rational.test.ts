import {
  compareRationals,
  equalRationals,
  parseRational,
  showRational
} from "@sml/teacher-verifiers/nano"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

const parse = (text: string) => {
  const value = parseRational(text)
  assert(value !== undefined, text)
  return value
}

describe("parseRational", () => {
  it("reads one value however it is written", () => {
    for (const forms of [
      ["33", "3 3", "33.0", "+33", "66/2", "\\frac{66}{2}", "\\dfrac{33}{1}", " 33 ", "0 3 3"],
      ["-7/2", "-3.5", "- 3.5", "-\\frac{7}{2}", "\\frac{-7}{2}", "7/-2"],
      ["1000000", "1,000,000", "1 000 000", "1 0 0 0 0 0 0", "1000000.000"],
      ["0.5", ".5", "1/2", "50/100"]
    ]) {
      for (const form of forms) {
        assert(equalRationals(parse(form), parse(forms[0] ?? "")), `${form} = ${forms[0]}`)
      }
    }
  })

  it("reads nothing that is not wholly a number", () => {
    for (const text of [
      "",
      "-",
      "3 apples",
      "12 34",
      "1,00",
      "1,0000",
      "3..5",
      "1/0",
      "1/2/3",
      "0x10",
      "1e3",
      "--3",
      "\\frac{1}{0}",
      "\\frac{1}{2} + 1",
      "NaN",
      "3 5 .",
      "x",
      "9".repeat(2000),
      "1 000 00"
    ]) {
      assert.strictEqual(parseRational(text), undefined, text)
    }
  })

  it("is exact far beyond floating point", () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt({ min: 1n }), (numerator, denominator) => {
        const value = parse(`${numerator}/${denominator}`)
        assert(equalRationals(value, { numerator, denominator }))
        assert(!equalRationals(value, { numerator: numerator + 1n, denominator }))
        assert(equalRationals(parse(showRational(value)), value))
      })
    )
  })
})

describe("compareRationals", () => {
  it("orders like the numbers", () => {
    const parts = fc.tuple(fc.integer({ min: -99, max: 99 }), fc.integer({ min: 1, max: 99 }))
    fc.assert(
      fc.property(parts, parts, ([a, b], [c, d]) => {
        const order = compareRationals(parse(`${a}/${b}`), parse(`${c}/${d}`))
        assert.strictEqual(order, Math.sign(a * d - c * b))
      })
    )
  })
})
