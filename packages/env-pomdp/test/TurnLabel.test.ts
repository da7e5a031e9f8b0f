import { describe, expect, it } from "@effect/vitest"
import {
  labelTurn,
  labelTurns,
  prematureAttempts,
  rollout,
  studentTurns,
  type TurnLabel
} from "@sml/env-pomdp"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"

import { type Kind, partiesOf, type Scenario, scenarios, taskOf } from "./scenario.ts"

const labelOf: Readonly<Record<Kind, TurnLabel>> = {
  right: "attempt",
  wrong: "attempt",
  question: "question",
  other: "other"
}

const run = (scenario: Scenario) =>
  Effect.runSync(
    rollout(taskOf(scenario), { horizon: scenario.horizon }).pipe(
      Effect.provide(partiesOf(scenario))
    )
  )

const plain = (turns: ReadonlyArray<Kind>, missing: ReadonlyArray<string>) =>
  prematureAttempts(run({ horizon: turns.length, turns, missing, withTrace: false }))

describe("labelTurn", () => {
  it("calls an utterance with an answer an attempt, even when it also asks", () => {
    const attempt = { _tag: "Attempt", correct: false, diagnostics: null } as const
    expect(labelTurn("answer: 4 , or is it 5 ?", attempt)).toBe("attempt")
    expect(labelTurn("is it 5 ?", { _tag: "NoAttempt" })).toBe("question")
    expect(labelTurn("", { _tag: "NoAttempt" })).toBe("other")
  })
})

describe("labelTurns", () => {
  it("labels every judged turn, and nothing else", () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const episode = run(scenario)
        const labels = labelTurns(episode)
        expect(labels).toEqual(scenario.turns.slice(0, labels.length).map((kind) => labelOf[kind]))
        const unjudged = episode.stop === "verifier-failed" ? 1 : 0
        expect(labels.length).toBe(studentTurns(episode).length - unjudged)
      })
    )
  })
})

describe("prematureAttempts", () => {
  it("are the attempts made before everything that is missing was told", () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const episode = run(scenario)
        // the teacher tells the first missing piece when asked, and never a second one
        const asked = scenario.turns.indexOf("question")
        const isOpen = (turn: number) =>
          scenario.missing.length > 1 ||
          (scenario.missing.length === 1 && (asked < 0 || turn <= asked))
        expect(prematureAttempts(episode)).toEqual(
          labelTurns(episode).map((label, turn) => label === "attempt" && isOpen(turn))
        )
      })
    )
  })

  it("never happen on a fully specified task, and not after the answer to the right question", () => {
    expect(plain(["wrong", "wrong"], [])).toEqual([false, false])
    expect(plain(["wrong", "question", "wrong"], ["b"])).toEqual([true, false, false])
    expect(plain(["question", "right"], ["b"])).toEqual([false, false])
    // a lucky guess is premature all the same
    expect(plain(["right"], ["b"])).toEqual([true])
  })
})
