import { describe, expect, it } from "@effect/vitest"
import { mixSeed, textSeed, uniformStream } from "@sml/env-pomdp"
import * as fc from "fast-check"

const seed = fc.integer({ min: 0, max: 0xffffffff })

describe("mixSeed", () => {
  it("is an unsigned 32-bit integer, a function of its parts in their order", () => {
    fc.assert(
      fc.property(fc.array(seed, { maxLength: 5 }), (parts) => {
        const mixed = mixSeed(...parts)
        expect(Number.isInteger(mixed) && mixed >= 0 && mixed <= 0xffffffff).toBe(true)
        expect(mixSeed(...parts)).toBe(mixed)
      })
    )
  })

  it("gives neighbours seeds of their own", () => {
    const seeds = new Set<number>()
    for (let a = 0; a < 100; a++) {
      for (let b = 0; b < 100; b++) seeds.add(mixSeed(a, b)).add(mixSeed(a, b, 1))
    }
    // 20,000 of 2^32: about 0.05 collisions are expected
    expect(seeds.size).toBeGreaterThanOrEqual(19_999)
  })

  it("flips about half of the bits when one bit of a part flips", () => {
    let flipped = 0
    let pairs = 0
    for (let part = 0; part < 64; part++) {
      for (let bit = 0; bit < 32; bit++) {
        let difference = mixSeed(9, part, 3) ^ mixSeed(9, part ^ (1 << bit), 3)
        for (; difference !== 0; difference &= difference - 1) flipped++
        pairs++
      }
    }
    expect(flipped / pairs / 32).toBeGreaterThan(0.47)
    expect(flipped / pairs / 32).toBeLessThan(0.53)
  })
})

describe("textSeed", () => {
  it("is FNV-1a", () => {
    // the published vectors of the 32-bit FNV-1a hash
    expect(textSeed("")).toBe(0x811c9dc5)
    expect(textSeed("a")).toBe(0xe40c292c)
    expect(textSeed("foobar")).toBe(0xbf9cf968)
  })
})

describe("uniformStream", () => {
  it("is mulberry32", () => {
    // an independent implementation over Python's integers
    const golden = [
      [0, 0.26642920868471265, 0.0003297457005828619, 0.2232720274478197],
      [1, 0.6270739405881613, 0.002735721180215478, 0.5274470399599522],
      [0xffffffff, 0.8964226141106337, 0.189478256739676, 0.7156526781618595]
    ] as const
    for (const [start, ...values] of golden) {
      const next = uniformStream(start)
      expect([next(), next(), next()]).toEqual(values)
    }
  })

  it("stays in [0, 1), is a function of the seed, and is about uniform", () => {
    fc.assert(
      fc.property(seed, (start) => {
        const [one, other] = [uniformStream(start), uniformStream(start)]
        let sum = 0
        for (let i = 0; i < 200; i++) {
          const value = one()
          expect(value >= 0 && value < 1).toBe(true)
          expect(other()).toBe(value)
          sum += value
        }
        // eight standard errors of the mean
        expect(Math.abs(sum / 200 - 0.5)).toBeLessThan(8 * Math.sqrt(1 / 12 / 200))
      })
    )
  })
})
