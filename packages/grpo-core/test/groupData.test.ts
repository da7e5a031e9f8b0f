import { describe, expect, it } from "@effect/vitest"
import type { Episode, Group } from "@sml/env-pomdp"
import { groupData, GroupMetrics } from "@sml/grpo-core"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"

import { episodeOf, guesses, secretTask } from "./HintWorld.ts"

const options = {
  discount: 0.5,
  advantage: { _tag: "GroupStd", epsilon: 0, std: "population" }
} as const
const dataOf = (groups: ReadonlyArray<Group>) => Result.getOrThrow(groupData(groups, options))
const refusal = (groups: ReadonlyArray<Group>) =>
  Result.getOrThrow(Result.flip(groupData(groups, options)))

/** Two turns: a question of three tokens, told `b`, then an answer of one. */
const asked = (task = secretTask(1, "under")): Episode =>
  episodeOf({ ...task, missing: ["b"] }, [
    {
      context: [0, 0],
      ids: [2, 3, 4],
      logprobs: [-1, -2, -3],
      text: "what is b ?",
      verdict: "none",
      disclosed: ["b"]
    },
    { context: [5], ids: [1], logprobs: [-4], verdict: "correct" }
  ])

/** One turn: an attempt before `b` was told; the horizon ends the dialogue. */
const rash = (task = secretTask(1, "under")): Episode =>
  episodeOf({ ...task, missing: ["b"] }, [{ context: [0, 0], ids: [2], logprobs: [-5] }], {
    horizon: 2
  })

const under: Group = { task: secretTask(1, "under"), episodes: [asked(), rash()] }

describe("groupData", () => {
  it("trains on the student's tokens alone, each with the advantage of its episode", () => {
    const { data, episodes } = dataOf([under])
    expect(data).toEqual([
      {
        tokens: Int32Array.of(0, 0, 2, 3, 4, 5, 1),
        weights: Float32Array.of(0, 1, 1, 1, 0, 1),
        advantages: Float32Array.of(0, 1, 1, 1, 0, 1),
        logprobs: Float32Array.of(0, -1, -2, -3, 0, -4),
        label: "under/0"
      },
      {
        tokens: Int32Array.of(0, 0, 2),
        weights: Float32Array.of(0, 1),
        advantages: Float32Array.of(0, -1),
        logprobs: Float32Array.of(0, -5),
        label: "under/0"
      }
    ])
    expect(episodes).toEqual(under.episodes)
  })

  it("measures the rollouts", () => {
    const { metrics } = dataOf([under])
    expect(Schema.is(GroupMetrics)(metrics)).toBe(true)
    expect(metrics).toEqual({
      reward: 0.5,
      return: 0.25,
      reward_std: 0.25,
      frac_reward_zero_std: 0,
      success_by_turn: [0, 0.5, 0.5, 0.5],
      turns: 1.5,
      attempts: 1,
      questions: 0.5,
      premature_attempts: 0.5,
      "completions/mean_length": 5 / 3,
      entropy: 3,
      "by_group/frac_mixed": 1,
      "by_group/frac_all_good": 0,
      "by_group/frac_all_bad": 0,
      "groups/count": 1,
      "groups/zero_std": 0,
      "groups/too_few_episodes": 0,
      "episodes/count": 2,
      "episodes/failed": 0
    })
  })

  it("drops and counts groups that teach nothing", () => {
    const failing = episodeOf(secretTask(1), [], { failure: "the teacher is out" })
    const mixed = guesses([1, 2])
    const lonely = { ...mixed, episodes: [failing, ...guesses([1]).episodes] }
    const lost = { ...mixed, episodes: [failing, failing] }
    const { data, metrics } = dataOf([mixed, guesses([1, 1]), guesses([2, 3, 4]), lonely, lost])
    expect(data.length).toBe(2)
    expect(metrics).toMatchObject({
      reward: 4 / 8,
      // the two groups that failures broke cannot be compared
      frac_reward_zero_std: 2 / 3,
      reward_std: 0.5 / 3,
      "by_group/frac_mixed": 1 / 4,
      "by_group/frac_all_good": 2 / 4,
      "by_group/frac_all_bad": 1 / 4,
      "groups/count": 5,
      "groups/zero_std": 2,
      "groups/too_few_episodes": 2,
      "episodes/count": 11,
      "episodes/failed": 3
    })
  })

  it("has no data, and no error, when every group is degenerate", () => {
    const { data, metrics } = dataOf([guesses([1, 1]), guesses([2, 2])])
    expect(data).toEqual([])
    expect(metrics.frac_reward_zero_std).toBe(1)
  })

  it("compares an episode whose student never got to speak, but has nothing of it to train on", () => {
    const task = secretTask(1)
    const speechless: Episode = { ...episodeOf(task, []), stop: "context-overflow" }
    const { data, groups } = dataOf([{ task, episodes: [...guesses([1]).episodes, speechless] }])
    expect([...(groups[0]?.advantages ?? [])]).toEqual([1, -1])
    expect(data.map(({ label }) => label)).toEqual(["secret 1/0"])
  })

  it("never trains on a failed episode, whoever failed and whatever was said before", () => {
    const task = secretTask(1)
    const stops = ["student-failed", "teacher-failed", "verifier-failed"] as const
    const outcome = fc.constantFrom("right", "wrong", ...stops)
    fc.assert(
      fc.property(fc.array(outcome, { minLength: 2, maxLength: 8 }), (outcomes) => {
        const episodes = outcomes.map((how, seed): Episode => {
          const verdict = how === "right" ? "correct" : "wrong"
          const whole = episodeOf(task, [{ context: [0], ids: [2], verdict }], { seed })
          const stop = stops.find((reason) => reason === how)
          // a party broke off after a wrong attempt: its reward of 0 says nothing about the student
          return stop === undefined ? whole : { ...whole, stop, failure: "out" }
        })
        const judged = episodes.filter(({ failure }) => failure === undefined)
        fc.pre(judged.length > 0)
        const { data, groups, metrics } = dataOf([{ task, episodes }])
        expect(metrics["episodes/failed"]).toBe(outcomes.length - judged.length)
        const names = new Set(judged.map(({ state }) => state.episode))
        expect(data.every(({ label = "" }) => names.has(label))).toBe(true)
        const wins = judged.filter(({ reward }) => reward === 1).length
        expect(metrics.reward).toBeCloseTo(wins / judged.length, 12)
        // a failure does not count as a wrong answer in the comparison either
        expect(groups[0]?.returns.length).toBe(judged.length)
        expect(data.length).toBe(wins === 0 || wins === judged.length ? 0 : judged.length)
      })
    )
  })

  it("says so when every episode failed, with the first reason", () => {
    const failing = episodeOf(secretTask(1), [], { failure: "the teacher is out" })
    const error = refusal([{ task: secretTask(1), episodes: [failing, failing] }])
    expect(error).toMatchObject({ _tag: "NoEpisodes", failed: 2 })
    expect(error.message).toContain("the teacher is out")
    expect(refusal([])).toMatchObject({ _tag: "NoEpisodes", failed: 0 })
  })

  it("refuses episodes of a student that is no policy", () => {
    const task = secretTask(1)
    const [good] = guesses([1]).episodes
    const { state, ...rest } = episodeOf(task, [], { seed: 8 })
    const history = [...state.history, { role: "student" as const, text: "3" }]
    const untraced = { state: { ...state, history }, ...rest }
    const error = refusal([{ task, episodes: [untraced, ...(good === undefined ? [] : [good])] }])
    expect(error).toMatchObject({ _tag: "MissingTrace", episode: "secret 1/8", turn: 1 })
  })
})
