import { describe, expect, it } from "@effect/vitest"
import { splitExamples } from "@sml/offline-sft"
import * as fc from "fast-check"

const items = fc
  .array(fc.constantFrom("a", "b", "c", "d", "e", "f"), { minLength: 1, maxLength: 40 })
  .map((groups) => groups.map((group, id) => ({ group, id })))
const share = fc.double({ min: 0.01, max: 0.99, noNaN: true })

describe("splitExamples", () => {
  it("keeps every item once, in order, and no group on both sides", () => {
    fc.assert(
      fc.property(items, share, fc.nat(), (all, part, seed) => {
        const { heldOut, learnt } = splitExamples(all, { share: part, seed })
        const groups = new Set(all.map(({ group }) => group))
        expect([...learnt, ...heldOut].toSorted((one, other) => one.id - other.id)).toEqual(all)
        for (const side of [learnt, heldOut]) {
          expect(side).toEqual(side.toSorted((one, other) => one.id - other.id))
        }
        const held = new Set(heldOut.map(({ group }) => group))
        expect(learnt.some(({ group }) => held.has(group))).toBe(false)
        expect(learnt.length).toBeGreaterThan(0)
        // with several groups something is held out, and no more than the last group too much
        expect(heldOut.length > 0).toBe(groups.size > 1)
        const largest = Math.max(
          ...Array.from(groups, (name) => all.filter(({ group }) => group === name).length)
        )
        expect(heldOut.length).toBeLessThan(Math.max(1, part * all.length) + largest)
        expect(splitExamples(all, { share: part, seed })).toEqual({ heldOut, learnt })
      })
    )
  })

  it("holds out nothing when nothing is asked for", () => {
    const all = [{ group: "a" }, { group: "b" }]
    expect(splitExamples(all, { share: 0, seed: 1 })).toEqual({ learnt: all, heldOut: [] })
  })

  it("chooses by the seed", () => {
    const all = Array.from({ length: 50 }, (_, id) => ({ group: `g${id}` }))
    const held = (seed: number) => splitExamples(all, { share: 0.2, seed }).heldOut
    expect(held(1)).not.toEqual(held(2))
    expect(held(1).length).toBe(10)
  })
})
