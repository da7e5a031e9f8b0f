import { assert, describe, expect, it } from "@effect/vitest"
import {
  type DialogueState,
  isCorrect,
  type Observation,
  replay,
  reset,
  type Revise,
  rollout,
  rolloutGroup,
  type SpeakContext,
  step,
  type StopReason,
  Student,
  StudentError,
  studentTurns,
  Teacher,
  type Utterance,
  Verifier
} from "@sml/env-pomdp"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fc from "fast-check"

import { type Party, partiesOf, type Scenario, scenarios, taskOf, utteranceOf } from "./scenario.ts"

const run = (scenario: Scenario, revise?: Revise, knowledge?: number) =>
  Effect.runSync(
    rollout(taskOf(scenario, knowledge), {
      horizon: scenario.horizon,
      seed: 5,
      ...(revise === undefined ? {} : { revise })
    }).pipe(Effect.provide(partiesOf(scenario)))
  )

/** What must come of a scenario: how many turns were judged, and why it ended. */
const expected = ({ failure, horizon, turns }: Scenario): readonly [number, StopReason] => {
  for (let turn = 0; turn < horizon; turn++) {
    const party = failure?.turn === turn ? failure.party : undefined
    if (party === "student") return [turn, "student-failed"]
    if (party === "overflow") return [turn, "context-overflow"]
    if (party === "verifier") return [turn, "verifier-failed"]
    if (turns[turn] === "right") return [turn + 1, "correct"]
    if (turn + 1 === horizon) return [turn + 1, "horizon"]
    if (party === "teacher") return [turn + 1, "teacher-failed"]
  }
  return [0, "horizon"]
}

describe("rollout", () => {
  it("ends at the first correct attempt, the horizon or the failure of a party", () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const { reward, state, stop } = run(scenario)
        expect([state.verdicts.length, stop]).toEqual(expected(scenario))
        expect(state.verdicts.slice(0, -1).some(isCorrect)).toBe(false)
        expect(state.verdicts.length).toBeLessThanOrEqual(scenario.horizon)
        expect(reward).toBe(state.verdicts.some(isCorrect) ? 1 : 0)
        expect(reward === 1).toBe(stop === "correct")
      })
    )
  })

  it("shows the student a history that only grows, and keeps it", () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const seen: Array<Observation> = []
        const { state } = Effect.runSync(
          rollout(taskOf(scenario), { horizon: scenario.horizon }).pipe(
            Effect.provide(partiesOf(scenario, (observation) => seen.push(observation)))
          )
        )
        const histories = [...seen.map(({ history }) => history), state.history]
        for (const [index, history] of histories.entries()) {
          const next = histories[index + 1] ?? history
          expect(next.slice(0, history.length)).toEqual(history)
        }
        // statement, student, teacher, student, …
        state.history.forEach((turn, index) => {
          expect(turn.role).toBe(index % 2 === 0 ? "teacher" : "student")
        })
      })
    )
  })

  it("gives students of different secrets the same observations while the words are the same", () => {
    fc.assert(
      fc.property(scenarios, fc.integer(), (scenario, knowledge) => {
        const given = (secret: number) => {
          const seen: Array<readonly [Observation, SpeakContext]> = []
          Effect.runSync(
            rollout(taskOf(scenario, secret), { horizon: scenario.horizon, seed: 3 }).pipe(
              Effect.provide(
                partiesOf(scenario, (observation, context) => seen.push([observation, context]))
              )
            )
          )
          return seen
        }
        const seen = given(42)
        expect(given(knowledge)).toEqual(seen)
        for (const [observation] of seen) expect(Object.keys(observation)).toEqual(["history"])
      })
    )
  })

  it("gives every turn its number and a seed of its own", () => {
    const contexts: Array<SpeakContext> = []
    const scenario: Scenario = {
      horizon: 6,
      turns: Array.from({ length: 6 }, () => "wrong" as const),
      missing: [],
      withTrace: false
    }
    for (const seed of [1, 2]) {
      Effect.runSync(
        rollout(taskOf(scenario), { horizon: 6, seed }).pipe(
          Effect.provide(partiesOf(scenario, (_, context) => contexts.push(context)))
        )
      )
    }
    expect(contexts.map(({ turn }) => turn)).toEqual([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5])
    expect(new Set(contexts.map(({ seed }) => seed)).size).toBe(12)
    expect(new Set(contexts.map(({ episode }) => episode))).toEqual(new Set(["task/1", "task/2"]))
  })

  it("is made of steps", () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        fc.pre(scenario.failure === undefined)
        const { state } = run(scenario)
        const stepped = Effect.runSync(
          Effect.gen(function* () {
            let current = reset(taskOf(scenario), { horizon: scenario.horizon, seed: 5 })
            for (let turn = 0; turn < state.verdicts.length; turn++) {
              current = yield* step(current, utteranceOf(scenario, turn))
            }
            return current
          }).pipe(Effect.provide(partiesOf(scenario)))
        )
        expect(stepped).toEqual(state)
      })
    )
  })
})

const failingAt = (party: Party): Scenario => ({
  horizon: 4,
  turns: ["wrong", "question", "wrong", "right"],
  missing: [],
  withTrace: true,
  failure: { party, turn: 2 }
})

describe("failures", () => {
  it.each([
    ["student", "student-failed", "The student is gone.", 2, 2, 2],
    ["overflow", "context-overflow", undefined, 2, 2, 2],
    ["verifier", "verifier-failed", "The verifier is gone.", 3, 2, 2],
    ["teacher", "teacher-failed", "The teacher is gone.", 3, 3, 2]
  ] as const)(
    "of the %s are data, and nothing that was said is lost",
    (party, stop, failure, said, judged, answered) => {
      const episode = run(failingAt(party))
      expect(episode).toMatchObject({ stop, reward: 0 })
      expect(episode.failure).toBe(failure)
      expect(studentTurns(episode)).toHaveLength(said)
      expect(episode.state.verdicts).toHaveLength(judged)
      expect(episode.state.replies).toHaveLength(answered)
    }
  )

  it("of a program are not swallowed", () => {
    const broken = Layer.mergeAll(
      Student.layerScripted(["1"]),
      Layer.succeed(Verifier, { check: () => Effect.die(new Error("a bug")) }),
      Layer.succeed(Teacher, { reply: () => Effect.succeed({ text: "", disclosed: [] }) })
    )
    const program = rollout(taskOf(failingAt("student")), { horizon: 1 }).pipe(
      Effect.provide(broken)
    )
    expect(() => Effect.runSync(program)).toThrow("a bug")
  })
})

describe("replay", () => {
  it("of the recorded utterances gives the same episode, failures included", () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const episode = run(scenario)
        const again = Effect.runSync(replay(episode).pipe(Effect.provide(partiesOf(scenario))))
        // an overflow's own words are not part of an episode
        expect(again).toEqual(episode)
      })
    )
  })

  it("stops where the recording ends although the dialogue could go on", () => {
    const recorded: Scenario = {
      horizon: 4,
      turns: ["wrong", "wrong", "right", "right"],
      missing: [],
      withTrace: false,
      failure: { party: "teacher", turn: 1 }
    }
    const { failure: _failure, ...sound } = recorded
    const again = Effect.runSync(replay(run(recorded)).pipe(Effect.provide(partiesOf(sound))))
    expect(again).toMatchObject({ stop: "student-failed", reward: 0 })
    expect(again.failure).toContain("ends after 2 student turns")
  })
})

describe("revise", () => {
  const scenario: Scenario = {
    horizon: 3,
    turns: ["wrong", "wrong", "right"],
    missing: ["b"],
    withTrace: true
  }

  it("replaces a turn before it becomes public, and the replacement is judged and answered", () => {
    const asked: Array<readonly [DialogueState, Utterance]> = []
    const revise: Revise = (state, utterance) =>
      Effect.sync(() => {
        asked.push([state, utterance])
        return state.verdicts.length === 0 ? { text: "what is b ?" } : undefined
      })
    const { reward, state } = run(scenario, revise)
    expect(state.history.map(({ text }) => text)).toEqual([
      "a = 4 0 . c = a + b . find c .",
      "what is b ?",
      "b is 2 .",
      "answer: 4 1",
      "wrong 1 .",
      "answer: 4 2"
    ])
    expect(state.verdicts.map(({ _tag }) => _tag)).toEqual(["NoAttempt", "Attempt", "Attempt"])
    // a replacement has no trace of the turn that it replaced
    expect(state.history[1]).not.toHaveProperty("trace")
    expect(reward).toBe(1)
    // it is shown the state before each turn, and what was going to be said
    expect(asked.map(([before]) => before.history.length)).toEqual([1, 3, 5])
    expect(asked.map(([, { text }]) => text)).toEqual(["answer: 4 1", "answer: 4 1", "answer: 4 2"])
  })

  it("changes nothing when it keeps every turn", () => {
    fc.assert(
      fc.property(scenarios, (each) => {
        expect(run(each, () => Effect.succeed(undefined))).toEqual(run(each))
      })
    )
  })

  it("can end the dialogue by a replacement that is right", () => {
    const { reward, state, stop } = run(scenario, () => Effect.succeed({ text: "answer: 4 2" }))
    expect([reward, stop, state.verdicts.length]).toEqual([1, "correct", 1])
  })

  it("that fails ends the episode as a failure of the student", () => {
    const failure = new StudentError({ reason: "no question came" })
    expect(run(scenario, () => Effect.fail(failure))).toMatchObject({
      stop: "student-failed",
      reward: 0,
      failure: "no question came"
    })
  })

  it("whose replacement cannot be judged keeps the replacement", () => {
    const episode = run(scenario, () => Effect.succeed({ text: "answer: !" }))
    expect(episode.stop).toBe("verifier-failed")
    expect(studentTurns(episode)).toEqual([{ role: "student", text: "answer: !" }])
  })
})

describe("rolloutGroup", () => {
  const scenario: Scenario = {
    horizon: 2,
    turns: ["wrong", "right"],
    missing: [],
    withTrace: false
  }
  const group = (size: number, seed?: number) =>
    rolloutGroup(taskOf(scenario), {
      horizon: 2,
      size,
      ...(seed === undefined ? {} : { seed })
    }).pipe(Effect.provide(partiesOf(scenario)))

  it.effect("plays independent dialogues about one task, each with its own seed and name", () =>
    Effect.gen(function* () {
      const { episodes, task } = yield* group(8, 3)
      assert.strictEqual(episodes.length, 8)
      for (const { state } of episodes) assert.deepStrictEqual(state.task, task)
      assert.strictEqual(new Set(episodes.map(({ state }) => state.seed)).size, 8)
      assert.strictEqual(new Set(episodes.map(({ state }) => state.episode)).size, 8)
    })
  )

  it.effect("is a function of the seed, and different seeds share no dialogue", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* group(4), yield* group(4, 0))
      const [one, other] = [yield* group(8, 1), yield* group(8, 2)]
      const seeds = [...one.episodes, ...other.episodes].map(({ state }) => state.seed)
      assert.strictEqual(new Set(seeds).size, 16)
      // a longer group begins with the shorter one
      assert.deepStrictEqual((yield* group(3, 1)).episodes, one.episodes.slice(0, 3))
      assert.deepStrictEqual((yield* group(0)).episodes, [])
    })
  )

  it.effect("runs its dialogues at the same time, and one that fails does not end the others", () =>
    Effect.gen(function* () {
      let speaking = 0
      let most = 0
      const fragile = Layer.succeed(Student, {
        speak: (_observation, { episode }) =>
          Effect.gen(function* () {
            most = Math.max(most, ++speaking)
            yield* Effect.yieldNow
            speaking--
            return episode.endsWith("/1")
              ? yield* new StudentError({ reason: "The student is gone." })
              : { text: "answer: 4 2" }
          })
      })
      const { episodes } = yield* rolloutGroup(taskOf(scenario), { horizon: 2, size: 5 }).pipe(
        Effect.provide(Layer.merge(partiesOf(scenario), fragile))
      )
      assert.strictEqual(most, 5)
      assert.deepStrictEqual(
        episodes.map(({ stop }) => stop),
        ["correct", "student-failed", "correct", "correct", "correct"]
      )
    })
  )
})
