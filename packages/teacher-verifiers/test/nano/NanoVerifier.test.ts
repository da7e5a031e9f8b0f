import { assert, describe, it as test, layer } from "@effect/vitest"
import type { Task } from "@sml/env-pomdp"
import { isCorrect, Verifier } from "@sml/env-pomdp"
import { NanoVerifier } from "@sml/teacher-verifiers/nano"
import * as Effect from "effect/Effect"

const task = (domain: string): Task => ({
  id: "t",
  domain,
  prompt: "?",
  knowledge: { answer: 33, reference: "x => 33", hiddenInputs: [1], entry: "f" },
  missing: []
})

layer(NanoVerifier.layer())("NanoVerifier", (it) => {
  it.effect("judges by the task's domain", () =>
    Effect.gen(function* () {
      const { check } = yield* Verifier
      assert.isTrue(isCorrect(yield* check(task("math"), "answer: 3 3")))
      assert.isTrue(isCorrect(yield* check(task("code"), "x => 33")))
      assert.strictEqual((yield* check(task("math"), "x => 33"))._tag, "NoAttempt")
      assert.strictEqual((yield* check(task("code"), "answer: 3 3"))._tag, "NoAttempt")
    })
  )

  it.effect("names an unknown domain and the known ones", () =>
    Effect.gen(function* () {
      const { check } = yield* Verifier
      for (const domain of ["poetry", "toString"]) {
        const error = yield* Effect.flip(check(task(domain), "answer: 3 3"))
        assert.strictEqual(error._tag, "VerifierError")
        assert.strictEqual(
          error.message,
          `There is no verifier for the domain "${domain}" of task t; known domains: math, code`
        )
      }
    })
  )
})

describe("NanoVerifier.dispatch", () => {
  test.effect("takes checks for other domains", () =>
    Effect.gen(function* () {
      const check = NanoVerifier.dispatch({
        echo: (_task, text) =>
          Effect.succeed({ _tag: "Attempt", correct: text === "echo", diagnostics: null })
      })
      assert.isTrue(isCorrect(yield* check(task("echo"), "echo")))
    })
  )
})
