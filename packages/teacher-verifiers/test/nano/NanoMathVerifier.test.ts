import { assert, describe, it } from "@effect/vitest"
import type { Task } from "@sml/env-pomdp"
import { isCorrect, uniformStream } from "@sml/env-pomdp"
import { generateMathTask, MathKnowledge } from "@sml/tasks"
import { extractMathAnswer, mathAttempt, NanoMathVerifier } from "@sml/teacher-verifiers/nano"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"

const task = (knowledge: Task["knowledge"]): Task => ({
  id: "t",
  domain: "math",
  prompt: "find c .",
  knowledge,
  missing: []
})

describe("extractMathAnswer", () => {
  it("takes what a marker points at, the last one", () => {
    for (const [text, answer] of [
      ["answer: 3 3", "3 3"],
      ["Answer: 33.", "33"],
      ["#### 33", "33"],
      ["#### 33\nthat is all 7", "33"],
      ["\\boxed{33}", "33"],
      ["$\\boxed{\\frac{7}{2}}$", "\\frac{7}{2}"],
      ["\\boxed {1} no, \\boxed{2}", "2"],
      ["answer: 1\nanswer: 2", "2"],
      ["#### 4\nanswer: $5$", "5"],
      ["answer: what ?", "what ?"]
    ]) {
      assert.strictEqual(extractMathAnswer(text ?? ""), answer, text)
    }
  })

  it("never guesses", () => {
    for (const text of [
      "",
      "33",
      "it is 33",
      "what is b ?",
      "answer 33",
      "answer:",
      "answer: .",
      "####",
      "\\boxed",
      "\\boxed{33",
      "\\boxed 33",
      "answer:\n33",
      `${"x".repeat(30_000)} answer: 33`
    ]) {
      assert.strictEqual(extractMathAnswer(text), undefined, text.slice(0, 40))
    }
  })
})

describe("NanoMathVerifier.judge", () => {
  it("accepts the answer in every written form, and no other number", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -99_999, max: 99_999 }),
        fc.integer({ min: -99_999, max: 99_999 }),
        fc.constantFrom(
          (text: string) => `answer: ${text}`,
          (text: string) => `#### ${text}`,
          (text: string) => `we find \\boxed{${text}} .`,
          (text: string) => mathAttempt(Number(text))
        ),
        (answer, other, write) => {
          assert(isCorrect(NanoMathVerifier.judge(answer, write(String(answer)))))
          const verdict = NanoMathVerifier.judge(answer, write(String(other)))
          assert.deepStrictEqual(verdict, {
            _tag: "Attempt",
            correct: other === answer,
            diagnostics: {
              kind: "math",
              answer: String(other),
              comparison: other < answer ? "low" : other > answer ? "high" : "equal"
            }
          })
        }
      )
    )
  })

  it("calls an unreadable answer a wrong attempt, and no answer no attempt", () => {
    const verdict = NanoMathVerifier.judge(33, "answer: 3 3 or 3 4")
    assert.deepStrictEqual(verdict, {
      _tag: "Attempt",
      correct: false,
      diagnostics: { kind: "math", answer: null, comparison: "unreadable" }
    })
    assert.strictEqual(NanoMathVerifier.judge(33, "c is 3 3 .")._tag, "NoAttempt")
  })
})

describe("NanoMathVerifier.check", () => {
  it.effect("accepts the reference answer of every generated task", () =>
    Effect.gen(function* () {
      const random = uniformStream(1)
      for (let index = 0; index < 500; index++) {
        const generated = generateMathTask(random, { underspecified: index % 2 === 0 })
        const { answer } = Schema.decodeUnknownSync(MathKnowledge)(generated.knowledge)
        const right = yield* NanoMathVerifier.check(generated, mathAttempt(answer))
        const wrong = yield* NanoMathVerifier.check(generated, mathAttempt(answer + 1))
        assert.deepStrictEqual([isCorrect(right), isCorrect(wrong)], [true, false])
      }
    })
  )

  it.effect("reads rational reference answers", () =>
    Effect.gen(function* () {
      const verdict = yield* NanoMathVerifier.check(task({ answer: "7/2" }), "#### 3.5")
      assert.deepStrictEqual(verdict, {
        _tag: "Attempt",
        correct: true,
        diagnostics: { kind: "math", answer: "7/2", comparison: "equal" }
      })
    })
  )

  it.effect("names the task whose knowledge is of no use", () =>
    Effect.gen(function* () {
      for (const knowledge of [null, {}, { answer: "blue" }, { answer: 0.5 }]) {
        const error = yield* Effect.flip(NanoMathVerifier.check(task(knowledge), "answer: 1"))
        assert.strictEqual(error._tag, "VerifierError")
        assert.match(error.message, /task t /)
      }
    })
  )
})
