import { describe, expect, it } from "@effect/vitest"
import { selectSuccesses } from "@sml/offline-sft"
import * as fc from "fast-check"

import { episodeOf, secretTask } from "./HintWorld.ts"

/** Episodes about three tasks, of which many read the same. */
const episodes = fc.array(
  fc
    .tuple(
      fc.integer({ min: 1, max: 3 }),
      fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 2 }),
      fc.constantFrom<Array<0 | 1>>(0, 1)
    )
    .map(([secret, said, reward]) => episodeOf(secretTask(secret), said, { reward })),
  { maxLength: 40 }
)
const options = fc.record(
  { dedup: fc.boolean(), perTask: fc.integer({ min: 1, max: 4 }) },
  { requiredKeys: ["dedup"] }
)

describe("selectSuccesses", () => {
  it("keeps successes only, in order, within the bounds, and accounts for every episode", () => {
    fc.assert(
      fc.property(episodes, options, (all, settings) => {
        const { counts, kept } = selectSuccesses(all, settings)
        const positions = kept.map((episode) => all.indexOf(episode))
        expect(positions).toEqual(positions.toSorted((left, right) => left - right))
        expect(kept.every(({ reward }) => reward === 1)).toBe(true)
        const texts = kept.map(({ state }) =>
          JSON.stringify([state.task.id, state.history.map(({ text }) => text)])
        )
        expect(!settings.dedup || new Set(texts).size === texts.length).toBe(true)
        const perTask = [1, 2, 3].map(
          (secret) => kept.filter(({ state }) => state.task.knowledge === secret).length
        )
        expect(Math.max(...perTask)).toBeLessThanOrEqual(settings.perTask ?? Infinity)
        expect(counts.kept).toBe(kept.length)
        expect(counts.kept + counts.duplicates + counts.surplus).toBe(counts.successes)
        expect(counts.successes).toBe(all.filter(({ reward }) => reward === 1).length)
        expect(counts.episodes).toBe(all.length)
      })
    )
  })

  it("keeps every success when it is asked for no more", () => {
    fc.assert(
      fc.property(episodes, (all) => {
        const { kept } = selectSuccesses(all, { dedup: false })
        expect(kept).toEqual(all.filter(({ reward }) => reward === 1))
      })
    )
  })

  it("takes equal words about two tasks for two dialogues", () => {
    const all = [1, 2].map((secret) => episodeOf(secretTask(secret), [1], { reward: 1 }))
    expect(selectSuccesses(all, { dedup: true }).kept).toEqual(all)
  })

  it("counts episodes that a party broke off", () => {
    const broken = { ...episodeOf(secretTask(1), [], { reward: 0 }), failure: "no answer" }
    expect(selectSuccesses([broken], { dedup: true }).counts).toMatchObject({
      episodes: 1,
      failed: 1,
      kept: 0
    })
  })
})
