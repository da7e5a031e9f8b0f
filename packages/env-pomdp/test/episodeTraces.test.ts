import { describe, expect, it } from "@effect/vitest"
import { type Episode, episodeTraces, reset, type TokenTrace } from "@sml/env-pomdp"
import * as Result from "effect/Result"

const task = { id: "t", domain: "math", prompt: "?", knowledge: null, missing: [] }
const trace: TokenTrace = { context: [1, 2], ids: [3], logprobs: [-1] }

/** An episode whose student turns have the given traces. */
const episodeOf = (traces: ReadonlyArray<TokenTrace | undefined>): Episode => {
  const state = reset(task, { horizon: 4, seed: 9 })
  const said = traces.map((value) => ({
    role: "student" as const,
    text: "",
    ...(value === undefined ? {} : { trace: value })
  }))
  return { state: { ...state, history: [...state.history, ...said] }, stop: "horizon", reward: 0 }
}

describe("episodeTraces", () => {
  it("gives the traces in order, and none for an episode without a student turn", () => {
    const second = { context: [4], ids: [5, 6], logprobs: [-2, -3] }
    expect(Result.getOrThrow(episodeTraces(episodeOf([trace, second])))).toEqual([trace, second])
    expect(Result.getOrThrow(episodeTraces(episodeOf([])))).toEqual([])
  })

  it("names the episode and the turn without a trace", () => {
    const failure = Result.getOrThrow(Result.flip(episodeTraces(episodeOf([trace, undefined]))))
    expect(failure).toMatchObject({ _tag: "MissingTrace", episode: "t/9", turn: 2 })
    expect(failure.message).toContain("t/9, student turn 2")
  })
})
