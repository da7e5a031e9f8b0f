import { describe, expect, it } from "@effect/vitest"
import { advantageLaws } from "@sml/grpo-core/AdvantageLaws"
import { groupAdvantages } from "@sml/grpo-core/groupAdvantages"
import * as Result from "effect/Result"
import * as fc from "fast-check"

const advantagesOf = (epsilon: number) => (returns: ArrayLike<number>) =>
  Result.getOrThrow(groupAdvantages(returns, { epsilon }))

const failure = (returns: ReadonlyArray<number>) =>
  Result.getOrThrow(Result.flip(groupAdvantages(returns)))

describe.each([0, 1e-6, 1])("the laws of advantages with epsilon %d", (epsilon) => {
  const laws = advantageLaws((returns) => advantagesOf(epsilon)(returns).advantages, { epsilon })
  it.each(laws)("$name", ({ property }) => {
    fc.assert(property, { numRuns: 100 })
  })
})

describe("groupAdvantages", () => {
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true })

  it("is the formula, on a group worked by hand", () => {
    const { advantages, degenerate, mean, std } = advantagesOf(0)([1, 0.5, 0, 0])
    expect(mean).toBe(0.375)
    expect(std).toBeCloseTo(Math.sqrt(0.171875), 15)
    expect(degenerate).toBe(false)
    const expected = [0.625, 0.125, -0.375, -0.375].map((value) => value / Math.sqrt(0.171875))
    for (const [at, value] of expected.entries()) expect(advantages[at]).toBeCloseTo(value, 14)
  })

  it("flags a group as degenerate if and only if all its returns are equal", () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 2, maxLength: 9 }), fc.boolean(), (some, tie) => {
        const group = tie ? some.map(() => some[0] ?? 0) : some
        const constant = group.every((value) => value === group[0])
        const { advantages, degenerate, std } = advantagesOf(1e-6)(group)
        expect(degenerate).toBe(constant)
        expect(degenerate).toBe(std === 0 && advantages.every((value) => value === 0))
      })
    )
  })

  it.each([1e300, 1e-300, Number.MAX_VALUE, Number.MIN_VALUE])("is stable at ±%d", (size) => {
    for (const group of [
      [size, -size],
      [size, 0]
    ]) {
      const { advantages, mean, std } = advantagesOf(0)(group)
      expect([...advantages]).toEqual([1, -1])
      expect(Number.isFinite(mean) && Number.isFinite(std)).toBe(true)
    }
  })

  it("has a deviation for neighbouring subnormal returns", () => {
    const { degenerate, std } = advantagesOf(1e-6)([-6.4e-323, -6e-323])
    expect(degenerate).toBe(false)
    expect(std).toBe(Number.MIN_VALUE)
  })

  it("tells apart returns that differ in the last bit", () => {
    const next = 1 + Number.EPSILON
    expect([...advantagesOf(0)([1, next, next, 1]).advantages]).toEqual([-1, 1, 1, -1])
    const large = 2 ** 53
    expect([...advantagesOf(0)([large, large + 2]).advantages]).toEqual([-1, 1])
  })

  it("gives a Float32Array the advantages of the same numbers in double precision", () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 2 }),
        (values) => {
          const single = advantagesOf(1e-6)(Float32Array.from(values))
          expect(single).toEqual(advantagesOf(1e-6)(Float64Array.from(values)))
          // a datum keeps advantages in single precision
          for (const value of single.advantages) {
            expect(Math.abs(Math.fround(value) - value)).toBeLessThanOrEqual(
              2 ** -24 * Math.max(Math.abs(value), 2 ** -126)
            )
          }
        }
      )
    )
  })

  it("says what is wrong with a group", () => {
    expect(failure([])).toMatchObject({ _tag: "GroupTooSmall", size: 0 })
    expect(failure([1]).message).toMatch(/1 member.*at least 2/)
    expect(failure([0, 1, Number.NaN])).toMatchObject({ _tag: "NonFiniteReturn", index: 2 })
    expect(failure([0, -Infinity]).message).toContain("is -Infinity")
  })

  it.each([-1e-6, Number.NaN, Infinity])("refuses epsilon %d", (epsilon) => {
    expect(() => groupAdvantages([0, 1], { epsilon })).toThrow(RangeError)
  })
})
