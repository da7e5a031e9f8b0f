import { AnswerChecker, AnswerCheckerError, judgeAnswer } from "@sml/teacher-verifiers/math"
import type { AnswerCase, AnswerCheckerOptions } from "@sml/teacher-verifiers/math"
import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"

const judgeAll = (cases: ReadonlyArray<AnswerCase>, options: AnswerCheckerOptions = {}) =>
  Effect.runPromise(
    Effect.gen(function* () {
      const checker = yield* AnswerChecker
      return yield* checker.judgeAll(cases)
    }).pipe(Effect.provide(AnswerChecker.layer(options)))
  )

describe("AnswerChecker", () => {
  it("judges as judgeAnswer does, in order, over several messages", async () => {
    const cases = Array.from({ length: 600 }, (_, i) => ({
      gold: String(i),
      text: i % 3 === 0 ? "what?" : `The answer is ${i - (i % 2)}.`
    }))
    assert.deepEqual(
      await judgeAll(cases),
      cases.map(({ gold, text }) => judgeAnswer(gold, text))
    )
  })

  it("kills its thread at a slow case and goes on with the others", async () => {
    const slow = `\\boxed{${Array.from({ length: 1500 }, (_, i) => `x_{${i}}`).join(", ")}}`
    const other = slow.replaceAll("x_", "y_")
    const cases = [
      { gold: "5", text: "#### 5" },
      { gold: other, text: slow },
      { gold: "6", text: "#### 6" }
    ]
    const [first, second, third] = await judgeAll(cases, { timeMillis: 10 })
    assert(first?._tag === "attempt" && third?._tag === "attempt" && second?._tag === "attempt")
    assert.strictEqual(second.comparison._tag, "undecided")
    assert.strictEqual(third.answer, "6")
  })

  it("refuses options it does not know", async () => {
    const failure = await Effect.runPromise(
      Effect.flip(
        Effect.scoped(Effect.provide(Effect.void, AnswerChecker.layer({ timeMillis: 1 })))
      )
    )
    assert.instanceOf(failure, AnswerCheckerError)
    assert.include(failure.message, "options")
  })
})
