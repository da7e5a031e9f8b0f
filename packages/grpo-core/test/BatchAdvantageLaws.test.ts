import { describe, expect, it } from "@effect/vitest"
import {
  type BatchAdvantageFunction,
  type BatchAdvantageLawOptions,
  batchAdvantageLaws
} from "@sml/grpo-core/BatchAdvantageLaws"
import * as fc from "fast-check"

type Batch = ReadonlyArray<Float64Array>

const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((total, value) => total + value, 0) / values.length
const std = (values: ArrayLike<number>): number => {
  const centre = mean(values)
  return Math.sqrt(mean(Array.from(values).map((value) => (value - centre) ** 2)))
}
const flat = (batch: Batch) => batch.flatMap((group) => [...group])

const check = (batch: Batch): void => {
  if (batch.some(({ length }) => length < 2)) throw new Error("too small")
  if (!flat(batch).every(Number.isFinite)) throw new Error("not finite")
}

/** Group mean and batch std as one would write them down. */
const batchStd: BatchAdvantageFunction = (batch) => {
  check(batch)
  const below = std(flat(batch)) + 1e-6
  return batch.map((group) => {
    const constant = group.every((value) => value === group[0])
    const centre = mean(group)
    return group.map((value) => (constant ? 0 : (value - centre) / below))
  })
}

/** Mean and std of the batch. */
const plusPlus: BatchAdvantageFunction = (batch) => {
  check(batch)
  const all = flat(batch)
  const constant = all.every((value) => value === all[0])
  const [centre, below] = [mean(all), std(all) + 1e-6]
  return batch.map((group) => group.map((value) => (constant ? 0 : (value - centre) / below)))
}

const broken = (
  advantages: BatchAdvantageFunction,
  form: BatchAdvantageLawOptions["form"] = "BatchStd"
): ReadonlyArray<string> =>
  batchAdvantageLaws(advantages, { form, range: "moderate" })
    .filter(
      ({ property }) => fc.check(property, { numRuns: 50, seed: 1, endOnFailure: true }).failed
    )
    .map(({ name }) => name)

const spoiltBy = (change: (advantages: Float64Array, batch: Batch) => Float64Array) =>
  ((batch) => {
    check(batch)
    return batchStd(batch).map((group) => change(Float64Array.from(group), batch))
  }) satisfies BatchAdvantageFunction

describe("batchAdvantageLaws", () => {
  it("hold for the plain formulas on moderate returns, and tell them apart", () => {
    expect(broken(batchStd)).toEqual([])
    expect(broken(plusPlus, "ReinforcePlusPlus")).toEqual([])
    expect(broken(plusPlus)).toContain("zero mean in every group")
    expect(broken(batchStd, "ReinforcePlusPlus")).toContain("the formula, on moderate returns")
  })

  const spoilt: ReadonlyArray<readonly [string, BatchAdvantageFunction]> = [
    ["one finite advantage for every return", (batch) => batchStd(batch).slice(1)],
    [
      "the returns are left as they were",
      (batch) => {
        const result = batchStd(batch)
        for (const group of batch) group.fill(0)
        return result
      }
    ],
    ["the formula, on moderate returns", spoiltBy((group) => group.map((value) => value * 1.01))],
    ["zero mean in every group", plusPlus],
    [
      "adding a constant to all returns changes nothing",
      spoiltBy((group, batch) => {
        const factor = mean(flat(batch))
        return group.map((value) => value * factor)
      })
    ],
    [
      "a positive factor changes nothing but the weight of epsilon",
      spoiltBy((group, batch) => {
        const factor = std(flat(batch))
        return group.map((value) => value * factor)
      })
    ],
    ["negated returns give negated advantages", spoiltBy((group) => group.map(Math.abs))],
    [
      "permuted groups give permuted advantages",
      (batch) => batchStd(batch).map((group, at) => Float64Array.from(group, (x) => x * (at + 1)))
    ],
    ["permuted returns give permuted advantages", spoiltBy((group) => group.toSorted())],
    [
      "a better return never has a smaller advantage, and equal returns have equal ones",
      spoiltBy((group) => group.map((value) => -value))
    ],
    ["a group of equal returns gives exactly zero", plusPlus],
    [
      "repeating every return changes nothing but the divisor",
      spoiltBy((group) => group.map((value) => value / group.length))
    ],
    [
      "single precision agrees with double precision",
      spoiltBy((group, batch) =>
        flat(batch).every((value) => Math.fround(value) === value) ? group : group.map((x) => 2 * x)
      )
    ],
    ["a group of one is refused", (batch) => batchStd(batch.filter(({ length }) => length > 1))],
    [
      "non-finite returns are refused",
      (batch) => batchStd(batch.map((group) => group.map((x) => (Number.isFinite(x) ? x : 0))))
    ]
  ]

  it.each(spoilt)("%s: broken by an implementation without it", (name, advantages) => {
    expect(broken(advantages)).toContain(name)
  })

  it("has a counterexample here for every law", () => {
    const named = new Set(spoilt.map(([name]) => name))
    const laws = batchAdvantageLaws(batchStd, { form: "BatchStd" })
    expect(laws.map(({ name }) => name).filter((name) => !named.has(name))).toEqual([])
  })
})
