import { passAtK, passHatK } from "@sml/eval-harness"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

/** The share of all k-subsets of n tries, c of them right, that `holds` of their number of successes. */
const bySubsets = (n: number, c: number, k: number, holds: (right: number) => boolean): number => {
  let subsets = 0
  let kept = 0
  for (let mask = 0; mask < 2 ** n; mask++) {
    const members = Array.from({ length: n }, (_, index) => index).filter(
      (index) => ((mask >> index) & 1) === 1
    )
    if (members.length !== k) continue
    subsets++
    if (holds(members.filter((index) => index < c).length)) kept++
  }
  return kept / subsets
}

const counts = fc
  .tuple(fc.integer({ min: 1, max: 8 }), fc.nat(), fc.nat())
  .map(([n, c, k]) => ({ n, c: c % (n + 1), k: (k % n) + 1 }))

describe("pass@k and pass^k", () => {
  it("are the shares of subsets that hold one success, and nothing but successes", () => {
    fc.assert(
      fc.property(counts, ({ c, k, n }) => {
        expect(passAtK(n, c, k)).toBeCloseTo(
          bySubsets(n, c, k, (right) => right > 0),
          12
        )
        expect(passHatK(n, c, k)).toBeCloseTo(
          bySubsets(n, c, k, (right) => right === k),
          12
        )
      })
    )
  })

  it("are unbiased: their mean over n tries of chance p is that of k tries", () => {
    const binomial = (n: number, c: number): number =>
      c === 0 ? 1 : (binomial(n, c - 1) * (n - c + 1)) / c
    for (const p of [0.1, 0.5, 0.8]) {
      for (const [n, k] of [
        [5, 2],
        [6, 6],
        [7, 1]
      ] as const) {
        let one = 0
        let all = 0
        for (let c = 0; c <= n; c++) {
          const chance = binomial(n, c) * p ** c * (1 - p) ** (n - c)
          one += chance * passAtK(n, c, k)
          all += chance * passHatK(n, c, k)
        }
        expect(one).toBeCloseTo(1 - (1 - p) ** k, 12)
        expect(all).toBeCloseTo(p ** k, 12)
      }
    }
  })

  it("do not overflow for many tries", () => {
    expect(passAtK(100_000, 1, 50_000)).toBeCloseTo(0.5, 9)
    expect(passHatK(100_000, 99_999, 50_000)).toBeCloseTo(0.5, 9)
  })

  it.each([
    [3, 4, 1],
    [3, -1, 1],
    [3, 1, 0],
    [3, 1, 4],
    [3, 1.5, 1]
  ])("refuse %d tries, %d successes, k = %d", (tries, successes, k) => {
    expect(() => passAtK(tries, successes, k)).toThrow(RangeError)
    expect(() => passHatK(tries, successes, k)).toThrow(RangeError)
  })
})
