import { describe, expect, it } from "@effect/vitest"
import { type AdvantageFunction, advantageLaws, type GroupForm } from "@sml/grpo-core/AdvantageLaws"
import * as fc from "fast-check"

interface Recipe {
  readonly centre?: (returns: Float64Array) => number
  readonly divisor?: (size: number) => number
  readonly epsilon?: number
  readonly lonely?: "refused" | "accepted"
}

const mean = (values: Float64Array): number =>
  values.reduce((total, value) => total + value, 0) / values.length

/** The formula as one would write it down, right for moderate returns; a recipe can spoil it. */
const naive =
  ({ centre = mean, divisor = (size) => size, epsilon = 1e-6, lonely = "refused" }: Recipe) =>
  (returns: Float64Array): Float64Array => {
    if (returns.length < 2 && lonely === "refused") throw new Error("too small")
    if (!returns.every(Number.isFinite)) throw new Error("not finite")
    if (returns.every((value) => value === returns[0])) return new Float64Array(returns.length)
    const centred = returns.map((value) => value - centre(returns))
    const squares = centred.reduce((total, value) => total + value * value, 0)
    return centred.map((value) => value / (Math.sqrt(squares / divisor(returns.length)) + epsilon))
  }

/** `r − mean`, changed as a form asks. */
const other =
  (change: (deviation: number, returns: Float64Array) => number, positive = false) =>
  (returns: Float64Array): Float64Array => {
    if (returns.length < 2 || !returns.every(Number.isFinite)) throw new Error("bad group")
    if (positive && returns.some((value) => value < 0)) throw new Error("negative")
    if (returns.every((value) => value === returns[0])) return new Float64Array(returns.length)
    return returns.map((value) => change(value - mean(returns), returns))
  }

const broken = (
  advantages: AdvantageFunction,
  options: Parameters<typeof advantageLaws>[1] = {}
): ReadonlyArray<string> =>
  advantageLaws(advantages, { range: "moderate", ...options })
    .filter(({ property }) => fc.check(property, { numRuns: 100, seed: 1 }).failed)
    .map(({ name }) => name)

describe("advantageLaws", () => {
  it("hold for the plain formula on moderate returns, in both conventions", () => {
    expect(broken(naive({}))).toEqual([])
    expect(broken(naive({ divisor: (size) => size - 1 }), { std: "sample" })).toEqual([])
  })

  it("tell the conventions apart", () => {
    expect(broken(naive({ divisor: (size) => size - 1 }))).toContain(
      "unit standard deviation up to epsilon"
    )
    expect(broken(naive({}), { epsilon: 0.1 })).toContain("unit standard deviation up to epsilon")
  })

  it("find the plain formula's limits over the full range of doubles", () => {
    expect(broken(naive({}), { range: "full" })).toContain("one finite advantage for every return")
  })

  const spoilt: ReadonlyArray<readonly [string, AdvantageFunction]> = [
    [
      "the formula, on moderate returns",
      (returns) => naive({})(returns).map((value) => value * 1.01)
    ],
    ["zero mean", naive({ centre: (returns) => Math.min(...returns) })],
    ["adding a constant changes nothing", naive({ centre: () => 0 })],
    ["a positive factor changes nothing but the weight of epsilon", naive({ epsilon: 0.5 })],
    ["negated returns give negated advantages", (returns) => naive({})(returns).map(Math.abs)],
    ["permuted returns give permuted advantages", (returns) => naive({})(returns).toSorted()],
    [
      "a better return never has a smaller advantage, and equal returns have equal ones",
      (returns) => naive({})(returns).map((value) => -value)
    ],
    ["a better return has a larger advantage", (returns) => returns.map(() => 0)],
    ["bounded by the size of the group", (returns) => naive({})(returns).map((value) => 2 * value)],
    [
      "equal returns give exactly zero",
      (returns) => naive({})(returns).map((value) => (value === 0 ? 1e-12 : value))
    ],
    [
      "repeating every return changes nothing but the divisor",
      (returns) => naive({})(returns).map((value) => value / returns.length)
    ],
    [
      "single precision agrees with double precision",
      (returns) =>
        naive({})(returns).map(
          (value, at) => value * (Math.fround(returns[at] ?? 0) === returns[at] ? 1 : 2)
        )
    ],
    ["a group of one is refused", naive({ lonely: "accepted" })],
    [
      "non-finite returns are refused",
      (returns) => naive({})(returns.map((value) => (Number.isFinite(value) ? value : 0)))
    ],
    [
      "the returns are left as they were",
      (returns) => {
        const result = naive({})(returns)
        returns.fill(0)
        return result
      }
    ],
    ["one finite advantage for every return", (returns) => naive({})(returns).slice(1)]
  ]

  it.each(spoilt)("%s: broken by an implementation without it", (name, advantages) => {
    const law = advantageLaws(advantages, { range: "moderate" }).find((one) => one.name === name)
    expect(law && fc.check(law.property, { numRuns: 100, seed: 1 }).failed).toBe(true)
  })

  // the formulas of the other forms, and each of them taken for another
  const others: ReadonlyArray<readonly [GroupForm, AdvantageFunction]> = [
    ["MeanCentred", other((deviation) => deviation)],
    ["LeaveOneOut", other((deviation, { length }) => (deviation * length) / (length - 1))],
    ["MeanNormalised", other((deviation, returns) => deviation / (mean(returns) + 1e-6), true)]
  ]
  it.each(others)("of %s hold for its plain formula, and for no other", (form, advantages) => {
    expect(broken(advantages, { form })).toEqual([])
    const taken = [...others, ["GroupStd", naive({})] as const].filter(([name]) => name !== form)
    for (const [, another] of taken) {
      expect(broken(another, { form })).toContain("the formula, on moderate returns")
    }
  })

  it("ask of MeanNormalised that it refuses negative returns", () => {
    const lenient = other((deviation, returns) => deviation / (mean(returns) + 1e-6))
    expect(broken(lenient, { form: "MeanNormalised" })).toEqual(["negative returns are refused"])
  })

  it("has a counterexample here for every law", () => {
    const named = new Set([
      ...spoilt.map(([name]) => name),
      "unit standard deviation up to epsilon"
    ])
    expect(
      advantageLaws(naive({}))
        .map(({ name }) => name)
        .filter((name) => !named.has(name))
    ).toEqual([])
  })
})
