import { Student } from "@sml/env-pomdp"
import { passesFeedback, passesTold, probeFeedback, probeTold } from "@sml/nano-student"
import { TaskSource } from "@sml/tasks"
import { NanoMathVerifier } from "@sml/teacher-verifiers/nano"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { assert, describe, it } from "vitest"

/** Computes `c` when it was told `b`; else says 10, and moves as the hints say. */
const listener = Layer.succeed(
  Student,
  Student.of({
    speak: ({ history }) => {
      const statement = history[0]?.text ?? ""
      const a = Number(/^a = ([\d ]+) \./.exec(statement)?.[1]?.replaceAll(" ", ""))
      const sign = statement.includes("c = a + b") ? 1 : -1
      const told = /^b is (\d) \.$/.exec(history.at(-1)?.text ?? "")?.[1]
      if (told !== undefined) return Effect.succeed({ text: `answer: ${a + sign * Number(told)}` })
      let value = 10
      for (const { role, text } of history) {
        if (role === "teacher" && text.includes("first digit is too low")) value += 10
        if (role === "teacher" && text.includes("second digit is too low")) value += 1
      }
      return Effect.succeed({ text: `answer: ${value}` })
    }
  })
)

const probe = Effect.all({
  told: probeTold({ domain: "math", count: 60 }),
  feedback: probeFeedback({ domain: "math", count: 60 })
}).pipe(Effect.provide(Layer.mergeAll(listener, NanoMathVerifier.layer, TaskSource.layerNano())))

describe("the gates", () => {
  it("are passed by a student that uses what it is told and reads hints", async () => {
    const { feedback, told } = await Effect.runPromise(probe)
    assert.equal(told.n, 60)
    assert.equal(told.told, 1)
    assert.isBelow(told.direct, 0.1)
    assert.isAbove(feedback.informative, feedback.contentFree)
    assert.isTrue(passesTold(told))
    assert.isTrue(passesFeedback(feedback))
  })

  it("have the thresholds that are documented", () => {
    assert.isTrue(passesTold({ direct: 0.2, told: 0.31, n: 1 }))
    assert.isFalse(passesTold({ direct: 0.2, told: 0.29, n: 1 }))
    assert.isFalse(passesTold({ direct: 0, told: 0, n: 1 }))
    assert.isTrue(passesFeedback({ informative: 0.4, contentFree: 0.34, n: 1 }))
    assert.isFalse(passesFeedback({ informative: 0.4, contentFree: 0.36, n: 1 }))
  })
})
