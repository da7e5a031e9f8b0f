import type { Episode, TokenTrace, Usage } from "@sml/env-pomdp"
import {
  cost,
  episodeUsage,
  inputTokens,
  outputTokens,
  summarise,
  tokensPerSuccess
} from "@sml/eval-harness"
import { describe, expect, it } from "vitest"

import { episodeOf } from "./episodeOf.ts"

const withTurns = (
  turns: string,
  extra: ReadonlyArray<{ readonly usage?: Usage; readonly trace?: TokenTrace }>,
  id = "task"
): Episode => {
  const episode = episodeOf(turns, { id })
  let index = 0
  return {
    ...episode,
    state: {
      ...episode.state,
      history: episode.state.history.map((turn) =>
        turn.role === "student" ? Object.assign({}, turn, extra[index++]) : turn
      )
    }
  }
}

const trace = (context: number, ids: number): TokenTrace => ({
  context: Array.from({ length: context }, () => 1),
  ids: Array.from({ length: ids }, () => 2),
  logprobs: Array.from({ length: ids }, () => -1)
})

describe("usage", () => {
  const counted = withTurns("xo", [
    { usage: { inputTokens: 10, outputTokens: 3, cost: 0.5 } },
    { usage: { inputTokens: 20, outputTokens: 4, cost: 0.25 } }
  ])

  it("is the sum of what the server counted", () => {
    expect(episodeUsage(counted)).toEqual({ inputTokens: 30, outputTokens: 7, cost: 0.75 })
    expect(episodeUsage(counted, { input: 1e6, output: 2e6 })?.cost).toBe(44)
  })

  it("is read from token traces: each turn reads the whole stream", () => {
    const traced = withTurns("xo", [{ trace: trace(5, 2) }, { trace: trace(3, 4) }])
    expect(episodeUsage(traced)).toEqual({ inputTokens: 5 + (5 + 2 + 3), outputTokens: 6 })
  })

  it("is unknown where a turn tells nothing, and such a dialogue is not counted", () => {
    const unknown = withTurns("xo", [{ usage: { inputTokens: 1, outputTokens: 1 } }], "other")
    expect(episodeUsage(unknown)).toBeUndefined()
    const summary = summarise([counted, unknown], {
      metrics: [inputTokens, outputTokens, tokensPerSuccess, cost()]
    })
    expect(summary["input-tokens"]).toEqual({ value: 30, low: 30, high: 30, n: 1 })
    expect(summary["output-tokens"]).toMatchObject({ value: 7, n: 1 })
    expect(summary["cost"]).toMatchObject({ value: 0.75, n: 1 })
  })

  it("per success counts the tokens of failures too", () => {
    const usage = { inputTokens: 1, outputTokens: 10 }
    const summary = summarise(
      [withTurns("o", [{ usage }], "a"), withTurns("x", [{ usage }], "b")],
      { metrics: [tokensPerSuccess] }
    )
    expect(summary["tokens-per-success"]).toMatchObject({ value: 20, n: 1 })
  })
})
