import {
  canonicalDim,
  type Dim,
  divideDim,
  evaluateDim,
  isSymbol,
  productDim,
  subtractDim,
  sumDim
} from "@sml/onnx-autodiff/Dim"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const leaf = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constantFrom("B", "T", "P_1", "?0"))
const dim: fc.Arbitrary<Dim> = fc
  .array(fc.array(leaf, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 })
  .map((terms) => sumDim(terms.map((factors) => productDim(factors))))
const bindings = fc.record({
  B: fc.integer({ min: 1, max: 9 }),
  T: fc.integer({ min: 1, max: 9 }),
  P_1: fc.integer({ min: 0, max: 9 }),
  "?0": fc.integer({ min: 0, max: 9 })
})

describe("dimensions", () => {
  it("are polynomials: arithmetic and evaluation commute", () => {
    fc.assert(
      fc.property(dim, dim, bindings, (a, b, at) => {
        const [x, y] = [evaluateDim(a, at), evaluateDim(b, at)]
        expect(evaluateDim(sumDim([a, b]), at)).toBe(x + y)
        expect(evaluateDim(productDim([a, b]), at)).toBe(x * y)
        expect(evaluateDim(subtractDim(a, b), at)).toBe(x - y)
      })
    )
  })

  it("have one canonical form", () => {
    fc.assert(
      fc.property(dim, dim, (a, b) => {
        expect(sumDim([a, b])).toBe(sumDim([b, a]))
        expect(productDim([a, b])).toBe(productDim([b, a]))
        expect(subtractDim(sumDim([a, b]), b)).toBe(a)
        expect(canonicalDim(a)).toBe(a)
      })
    )
  })

  it("divide exactly or not at all", () => {
    fc.assert(
      fc.property(dim, leaf, (a, b) => {
        fc.pre(b !== 0)
        expect(divideDim(productDim([a, b]), b)).toBe(a)
        const quotient = divideDim(a, b)
        expect(quotient === undefined ? a : productDim([quotient, b])).toBe(a)
      })
    )
    expect(divideDim("B*T", 3)).toBeUndefined()
    expect(divideDim("B+T", "B")).toBeUndefined()
    expect(divideDim("B*T", "B+T")).toBeUndefined()
    expect(divideDim(7, 2)).toBeUndefined()
    expect(divideDim(7, 0)).toBeUndefined()
  })

  it("are written as people write them", () => {
    expect(canonicalDim("T + P")).toBe("P+T")
    expect(canonicalDim("T*B*2-1")).toBe("2*B*T-1")
    expect(canonicalDim("B-B")).toBe(0)
    expect(canonicalDim("2*3")).toBe(6)
    expect(isSymbol("B")).toBe(true)
    expect(isSymbol("B*T")).toBe(false)
  })

  it("refuse what is none", () => {
    const texts = ["", "B T", "B**T", "1.5", "B+", "(B)", "-", "é"]
    expect(texts.filter((text) => canonicalDim(text) !== undefined)).toEqual([])
    expect(canonicalDim(1.5)).toBeUndefined()
    expect(() => evaluateDim("B", {})).toThrow(/B has no value/)
  })
})
