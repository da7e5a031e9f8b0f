import { describe, expect, it } from "@effect/vitest"
import type { Group } from "@sml/env-pomdp"
import { type AdvantageForm, scoreGroup, scoreGroups } from "@sml/grpo-core"
import * as Result from "effect/Result"
import * as fc from "fast-check"

import { episodeOf, type Said, secretTask } from "./HintWorld.ts"

const options = {
  discount: 0.7,
  advantage: { _tag: "GroupStd", epsilon: 1e-6, std: "population" }
} as const
const task = secretTask(1)

/** An episode solved at the given turn, or never (0). */
const solvedAt = (turn: number, seed = 0) =>
  episodeOf(
    task,
    Array.from({ length: turn === 0 ? 4 : turn }, (_, index): Said => ({
      context: [0],
      ids: [1],
      verdict: index + 1 === turn ? "correct" : "wrong"
    })),
    { seed }
  )
const failed = (seed = 0) => episodeOf(task, [], { seed, failure: "the teacher is out" })

const score = (episodes: ReadonlyArray<ReturnType<typeof solvedAt>>) =>
  Result.getOrThrow(scoreGroup({ task, episodes }, options))

const refusal = (group: Group, discount = 0.7) =>
  Result.getOrThrow(Result.flip(scoreGroup(group, { ...options, discount })))

describe("scoreGroup", () => {
  it("discounts success by turn and compares within the group", () => {
    const { advantages, dropped, returns } = score([
      solvedAt(1),
      solvedAt(2),
      solvedAt(4),
      solvedAt(0)
    ])
    expect([...returns]).toEqual([1, 0.7, 0.7 ** 3, 0])
    expect(dropped).toBeUndefined()
    expect([...advantages].toSorted((left, right) => right - left)).toEqual([...advantages])
    expect(advantages.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 12)
  })

  it("leaves failed episodes out: the rest is scored as if they had not been", () => {
    const turns = fc.array(fc.integer({ min: -1, max: 4 }), { minLength: 2, maxLength: 12 })
    fc.assert(
      fc.property(turns, (group) => {
        const kept = group.filter((turn) => turn >= 0)
        fc.pre(kept.length >= 2)
        const all = score(group.map((turn) => (turn < 0 ? failed() : solvedAt(turn))))
        const alone = score(kept.map((turn) => solvedAt(turn)))
        expect({ ...all, failed: 0 }).toEqual(alone)
        expect(all.failed).toBe(group.length - kept.length)
      })
    )
  })

  it("drops a group without variance, and one that failures have left with fewer than two", () => {
    expect(score([solvedAt(2), solvedAt(2)])).toMatchObject({ dropped: "zero-variance", std: 0 })
    expect(score([solvedAt(0), solvedAt(0)]).advantages).toEqual(new Float64Array(2))
    const left = score([solvedAt(1), failed(), failed()])
    expect(left).toMatchObject({ dropped: "too-few-episodes", failed: 2 })
    expect(left.advantages).toEqual(new Float64Array(1))
  })

  it("refuses a group that mixes tasks, and names the stranger", () => {
    const stranger = episodeOf(secretTask(2), [{ context: [0], ids: [2] }], { seed: 5 })
    const error = refusal({ task, episodes: [solvedAt(1), stranger] })
    expect(error).toMatchObject({ _tag: "MixedTasks", task: "secret 1", other: "secret 2" })
    expect(error.message).toContain("secret 2/5")
  })

  it("refuses a group of one, and of none", () => {
    expect(refusal({ task, episodes: [solvedAt(1)] })).toMatchObject({
      _tag: "GroupTooSmall",
      size: 1,
      task: "secret 1"
    })
    expect(refusal({ task, episodes: [] }).message).toMatch(/secret 1 has 0 member/)
  })

  it("compares over the batch where the form asks for it, and drops what cannot be compared", () => {
    const groups = [
      { task, episodes: [solvedAt(1), solvedAt(0), failed()] },
      { task, episodes: [solvedAt(1), solvedAt(1)] },
      { task, episodes: [solvedAt(1), failed()] }
    ]
    const scored = (advantage: AdvantageForm) =>
      Result.getOrThrow(scoreGroups(groups, { discount: 1, advantage }))
    const batch = { epsilon: 0, std: "population" } as const
    // returns 1, 0 | 1, 1, whose standard deviation is √3/4; the third group has nothing to compare
    const [one, two, three] = scored({ _tag: "BatchStd", ...batch })
    expect(one?.advantages[0]).toBeCloseTo(0.5 / (Math.sqrt(3) / 4), 12)
    expect(two).toMatchObject({ dropped: "zero-variance", std: 0 })
    expect(three).toMatchObject({ dropped: "too-few-episodes", failed: 1 })
    const global = scored({ _tag: "ReinforcePlusPlus", baseline: "batch", ...batch })
    expect(global[1]?.dropped).toBeUndefined()
    expect(global[1]?.advantages[0]).toBeCloseTo(0.25 / (Math.sqrt(3) / 4), 12)
  })

  it("takes the penalty of each episode from its return", () => {
    const penalised = Result.getOrThrow(
      scoreGroup(
        { task, episodes: [solvedAt(1), solvedAt(1, 1)] },
        { ...options, penalty: ({ state }) => state.seed / 4 }
      )
    )
    expect([...penalised.returns]).toEqual([1, 0.75])
    expect(penalised.dropped).toBeUndefined()
    const negative = scoreGroup(
      { task, episodes: [solvedAt(1), solvedAt(0, 1)] },
      {
        discount: 1,
        advantage: { _tag: "MeanNormalised", epsilon: 0 },
        penalty: ({ state }) => state.seed
      }
    )
    expect(Result.getOrThrow(Result.flip(negative)).message).toMatch(
      /Return 1 of the group of task secret 1 is -1/
    )
  })

  it("refuses returns that are not finite", () => {
    const error = refusal({ task, episodes: [solvedAt(1), solvedAt(2)] }, Number.NaN)
    expect(error).toMatchObject({ _tag: "NonFiniteReturn", task: "secret 1" })
  })
})
