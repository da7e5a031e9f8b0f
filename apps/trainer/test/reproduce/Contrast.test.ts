import { assert, describe, it } from "@effect/vitest"
import { uniformStream } from "@sml/env-pomdp"
import type { TaskRatios } from "@sml/trainer/reproduce/Cell"
import { contrast } from "@sml/trainer/reproduce/Contrast"
import * as fc from "fast-check"

const rates = (numerators: ReadonlyArray<number>): TaskRatios => ({
  numerators,
  denominators: numerators.map(() => 1)
})

const bits = (size: number) =>
  fc.array(fc.integer({ min: 0, max: 1 }), { minLength: size, maxLength: size })

/** Two arms with two seeds of 12 tasks. */
const arms = fc.tuple(bits(12), bits(12), bits(12), bits(12)).map(([a, b, c, d]) => ({
  left: [rates(a), rates(b)],
  right: [rates(c), rates(d)]
}))

const difference = (left: ReadonlyArray<TaskRatios>, right: ReadonlyArray<TaskRatios>) =>
  contrast([
    { coefficient: 1, seeds: left },
    { coefficient: -1, seeds: right }
  ])

/** 200 tasks of which a share was solved. */
const level = (share: number) =>
  rates(Array.from({ length: 200 }, (_, index) => (index < 200 * share ? 1 : 0)))

const width = (seeds: ReadonlyArray<TaskRatios>) => {
  const found = contrast([{ coefficient: 1, seeds }])
  return (found?.high ?? 0) - (found?.low ?? 0)
}

describe("contrast", () => {
  it("contains its value, and changes sign with its terms", () => {
    fc.assert(
      fc.property(arms, ({ left, right }) => {
        const one = difference(left, right)
        const two = difference(right, left)
        assert.ok(one !== undefined && two !== undefined)
        assert.ok(one.low <= one.value && one.value <= one.high)
        assert.approximately(one.value, -two.value, 1e-12)
        assert.approximately(one.low, -two.high, 1e-9)
        assert.strictEqual(one.seeds.length, 2)
        assert.strictEqual(one.n, 24)
      }),
      { numRuns: 20 }
    )
  })

  it("is certain about an arm and itself no more than its size allows", () => {
    const arm = [rates([0, 1, 1, 0]), rates([1, 1, 0, 0])]
    const same = difference(arm, arm)
    assert.strictEqual(same?.value, 0)
    assert.ok((same?.high ?? 0) > 0.1)
  })

  it("stays among the possible values, and is never a point for rates", () => {
    for (const share of [0, 1]) {
      const found = contrast([{ coefficient: 1, seeds: [level(share)] }])
      assert.ok(found !== undefined && found.low >= 0 && found.high <= 1)
      assert.ok(found.high - found.low > 0.01)
    }
  })

  it("holds the true difference in about 95 of 100 data sets", () => {
    const uniform = uniformStream(4)
    let inside = 0
    const sets = 200
    for (let set = 0; set < sets; set++) {
      const draw = (share: number) =>
        rates(Array.from({ length: 100 }, () => (uniform() < share ? 1 : 0)))
      const found = difference([draw(0.6)], [draw(0.4)])
      if (found !== undefined && found.low <= 0.2 && found.high >= 0.2) inside++
    }
    assert.ok(inside >= 0.89 * sets && inside <= 0.99 * sets, `${inside} of ${sets}`)
  })

  it("is wider where seeds disagree", () => {
    assert.ok(width([level(0.2), level(0.5), level(0.8)]) > 3 * width([0.5, 0.5, 0.5].map(level)))
  })

  it("weighs by occasions", () => {
    const seeds = [{ numerators: [1, 0, 3], denominators: [2, 0, 4] }]
    assert.strictEqual(contrast([{ coefficient: 1, seeds }])?.value, 4 / 6)
  })

  it("says nothing without an occasion, or of terms that are not about the same tasks", () => {
    assert.isUndefined(contrast([]))
    assert.isUndefined(contrast([{ coefficient: 1, seeds: [] }]))
    assert.isUndefined(
      contrast([{ coefficient: 1, seeds: [{ numerators: [0], denominators: [0] }] }])
    )
    assert.isUndefined(difference([rates([1, 0])], [rates([1])]))
    assert.isUndefined(difference([rates([1, 0])], [rates([1, 0]), rates([1, 0])]))
  })
})
