import { describe, expect, it } from "@effect/vitest"
import { isCorrect, Verdict } from "@sml/env-pomdp"
import * as Schema from "effect/Schema"

describe("Verdict", () => {
  it("is correct only as a correct attempt", () => {
    expect(isCorrect({ _tag: "NoAttempt" })).toBe(false)
    expect(isCorrect({ _tag: "Attempt", correct: false, diagnostics: null })).toBe(false)
    expect(isCorrect({ _tag: "Attempt", correct: true, diagnostics: null })).toBe(true)
  })

  it("cannot be correct without an attempt", () => {
    // @ts-expect-error only an attempt can be correct
    const bad: Verdict = { _tag: "NoAttempt", correct: true }
    expect(isCorrect(bad)).toBe(false)
    const maybe = Schema.decodeUnknownResult(Verdict)({ _tag: "Attempt" })
    expect(maybe).toMatchObject({ _tag: "Failure" })
  })
})
