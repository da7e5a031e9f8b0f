import type { Episode } from "@sml/env-pomdp"
import { leakDrafts, leakRate, summarise } from "@sml/eval-harness"
import { describe, expect, it } from "vitest"

import { episodeOf } from "./episodeOf.ts"

const counted = (episode: Episode, counts: ReadonlyArray<number>): Episode => ({
  ...episode,
  state: {
    ...episode.state,
    replies: episode.state.replies.map((reply, index) => {
      const leakAttempts = counts[index]
      return leakAttempts === undefined ? reply : { ...reply, leakAttempts }
    })
  }
})

describe("leaks", () => {
  it("are counted by the guard of the teacher", () => {
    const summary = summarise([counted(episodeOf("xxo"), [0, 3]), episodeOf("xo", { id: "b" })], {
      metrics: [leakRate(), leakDrafts]
    })
    expect(summary["leak-rate"]).toMatchObject({ value: 1 / 2, n: 2 })
    expect(summary["leak-drafts"]).toMatchObject({ value: 3 / 2, n: 2 })
  })

  it("or by a predicate on the words that reached the student", () => {
    const episode = episodeOf("xxo", { replies: ["it is 42", "again"] })
    expect(leakRate(({ text }) => text.includes("42")).measure(episode)).toEqual({
      numerator: 1,
      denominator: 2
    })
  })
})
