import { describe, expect, it } from "@effect/vitest"
import {
  discountedReturn,
  Episode,
  Group,
  isFailed,
  rollout,
  rolloutGroup,
  type StopReason,
  studentTurns,
  successTurn
} from "@sml/env-pomdp"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"

import { partiesOf, type Scenario, scenarios, taskOf, utteranceOf } from "./scenario.ts"

const run = (scenario: Scenario): Episode =>
  Effect.runSync(
    rollout(taskOf(scenario), { horizon: scenario.horizon }).pipe(
      Effect.provide(partiesOf(scenario))
    )
  )

const throughJson = <A, I>(schema: Schema.Codec<A, I>, value: A): A =>
  Schema.decodeUnknownSync(schema)(JSON.parse(JSON.stringify(Schema.encodeSync(schema)(value))))

describe("Episode", () => {
  it("goes through JSON unchanged, traces and failures included", () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const episode = run(scenario)
        expect(throughJson(Episode, episode)).toEqual(episode)
      })
    )
  })

  it("refuses another reward and another stop reason", () => {
    const episode = Schema.encodeSync(Episode)(
      run({ horizon: 1, turns: ["wrong"], missing: [], withTrace: false })
    )
    for (const bad of [{ reward: 0.5 }, { reward: 2 }, { stop: "bored" }, { state: {} }]) {
      expect(Schema.decodeUnknownResult(Episode)({ ...episode, ...bad })).toMatchObject({
        _tag: "Failure"
      })
    }
  })
})

describe("Group", () => {
  it("goes through JSON", () => {
    const scenario: Scenario = {
      horizon: 2,
      turns: ["wrong", "right"],
      missing: [],
      withTrace: true
    }
    const group = Effect.runSync(
      rolloutGroup(taskOf(scenario), { horizon: 2, size: 3 }).pipe(
        Effect.provide(partiesOf(scenario))
      )
    )
    expect(throughJson(Group, group)).toEqual(group)
  })
})

describe("what can be read off an episode", () => {
  it("is the student's turns, in order", () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const episode = run(scenario)
        const said = studentTurns(episode)
        said.forEach((turn, index) => {
          expect(turn).toEqual({ role: "student", ...utteranceOf(scenario, index) })
        })
        expect(said.length).toBe(Math.ceil((episode.state.history.length - 1) / 2))
      })
    )
  })

  it("is the turn of the first success, exactly when the reward is 1", () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const episode = run(scenario)
        const first = scenario.turns.indexOf("right") + 1
        expect(successTurn(episode)).toBe(episode.reward === 1 ? first : undefined)
      })
    )
  })

  it("is whether a party failed: not when the dialogue ended by itself or outgrew the student", () => {
    const failures: ReadonlySet<StopReason> = new Set([
      "student-failed",
      "teacher-failed",
      "verifier-failed"
    ])
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const episode = run(scenario)
        expect(isFailed(episode)).toBe(failures.has(episode.stop))
      })
    )
  })
})

describe("discountedReturn", () => {
  it("is γ^(t−1) for a success at turn t, and 0 without one", () => {
    fc.assert(
      fc.property(
        scenarios,
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (scenario, discount) => {
          const episode = run(scenario)
          const turn = successTurn(episode)
          expect(discountedReturn(episode, discount)).toBe(
            turn === undefined ? 0 : discount ** (turn - 1)
          )
          expect(discountedReturn(episode, 1)).toBe(episode.reward)
        }
      )
    )
  })

  it("pays the more the earlier", () => {
    const returns = [1, 2, 3, 4].map((turn) =>
      discountedReturn(
        run({
          horizon: 4,
          turns: [1, 2, 3, 4].map((each) => (each === turn ? "right" : "wrong")),
          missing: [],
          withTrace: false
        }),
        0.7
      )
    )
    expect(returns.map((value) => value.toFixed(3))).toEqual(["1.000", "0.700", "0.490", "0.343"])
  })
})
