import { describe, expect, it } from "@effect/vitest"
import { Dialogue, Utterance } from "@sml/env-pomdp"
import * as Schema from "effect/Schema"

describe("Dialogue", () => {
  const dialogue: Dialogue = [
    { role: "teacher", text: "1 + 1 ?" },
    { role: "student", text: "2", trace: { context: [1], ids: [2], logprobs: [-0.1] } },
    { role: "student", text: "3", usage: { inputTokens: 12, outputTokens: 1, cost: 0.5 } },
    { role: "student", text: "4" }
  ]

  it("goes through JSON", () => {
    const json: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(Dialogue)(dialogue)))
    expect(Schema.decodeUnknownSync(Dialogue)(json)).toEqual(dialogue)
  })

  it.each([
    [{ role: "judge", text: "?" }],
    [{ role: "student" }],
    [{ role: "student", text: "2", trace: { context: [0.5], ids: [], logprobs: [] } }],
    [{ role: "student", text: "2", usage: { inputTokens: 1.5, outputTokens: 1 } }],
    [{ role: "student", text: "2", trace: { context: [], ids: [1], logprobs: [Number.NaN] } }]
  ])("refuses %j", (turn) => {
    expect(Schema.decodeUnknownResult(Dialogue)([turn])).toMatchObject({ _tag: "Failure" })
  })

  it("keeps an utterance without a trace apart from one with an undefined trace", () => {
    expect(Schema.decodeUnknownSync(Utterance)({ text: "2" })).toEqual({ text: "2" })
    // @ts-expect-error a missing trace is left out, not undefined
    const bad: Utterance = { text: "2", trace: undefined }
    expect(bad.text).toBe("2")
  })
})
