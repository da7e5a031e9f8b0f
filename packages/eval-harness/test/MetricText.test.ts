import {
  conditionTitle,
  formatChange,
  formatValue,
  metricKey,
  metricText,
  standardMetrics
} from "@sml/eval-harness"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

describe("metricText", () => {
  it("explains every standard metric", () => {
    for (const { name, range } of standardMetrics(10)) {
      const text = metricText(name)
      expect(text.explanation).not.toBe("")
      expect(text.unit).toBe(range[1] === 1 ? "rate" : "number")
      // fits the column of the terminal's table
      expect(text.title.length).toBeLessThanOrEqual(30)
    }
  })

  it("takes a key apart as metricKey put it together", () => {
    const condition = fc.constantFrom("informative", "content-free", "teacher/reticent")
    fc.assert(
      fc.property(condition, fc.constantFrom("fix", "success@4", "mine"), (one, name) => {
        expect(metricText(metricKey(one, name))).toMatchObject({ condition: one, name })
      })
    )
    expect(metricKey("informative", "fix")).toBe("fix")
    expect(metricKey("content-free", "success@4")).toBe("content-free/success@4")
  })

  it("takes an unknown name as its own title", () => {
    fc.assert(
      fc.property(
        fc.string().filter((name) => !name.includes("/")),
        (name) => {
          expect(metricText(`odd/${name}`).name).toBe(name)
        }
      )
    )
    expect(metricText("toString")).toMatchObject({ title: "toString", unit: "number" })
    expect(conditionTitle("constructor")).toBe("constructor")
  })
})

describe("numbers", () => {
  it("are per cents for rates and decimals otherwise", () => {
    expect(formatValue(0.4825, "rate")).toBe("48.3%")
    expect(formatValue(1.254, "number")).toBe("1.25")
    expect(formatChange(0.2, "rate")).toBe("+20.0")
    expect(formatChange(-0.2, "rate")).toBe("-20.0")
    expect(formatChange(-0.254, "number")).toBe("-0.25")
    expect(formatChange(0, "number")).toBe("0.00")
  })
})
