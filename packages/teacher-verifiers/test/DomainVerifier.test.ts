import { assert, layer } from "@effect/vitest"
import type { Task } from "@sml/env-pomdp"
import { isCorrect, Verifier } from "@sml/env-pomdp"
import { DomainVerifier } from "@sml/teacher-verifiers"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"

const task = (knowledge: Schema.Json): Task => ({
  id: "task",
  domain: "any",
  prompt: "?",
  knowledge,
  missing: []
})

const check = (knowledge: Schema.Json, text: string) =>
  Effect.flatMap(Verifier, (verifier) => verifier.check(task(knowledge), text))

const program = {
  kind: "program",
  language: "javascript",
  preamble: "",
  tests: { kind: "calls", calls: [{ fn: "f", args: [1], expected: 2 }] }
} as const

layer(
  DomainVerifier.layer({
    checks: {
      riddle: (_task, text) =>
        Effect.succeed({ _tag: "Attempt", correct: text === "a mirror", diagnostics: null })
    }
  })
)("DomainVerifier", (it) => {
  it.effect("chooses by the kind of knowledge", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [Schema.Json, right: string, wrong: string]> = [
        [{ kind: "math-answer", answer: "0.5" }, "\\boxed{\\frac12}", "\\boxed{5}"],
        [program, "f = x => x + 1", "f = x => x"],
        [{ kind: "math", answer: 33, a: 40, b: 7, op: "-" }, "answer: 3 3", "answer: 3 4"],
        [
          {
            kind: "code",
            reference: "x => x * 9 + 1",
            k: 9,
            m: 1,
            op: "+",
            hiddenInputs: [0, 1, 2],
            entry: "f"
          },
          "x => x * 9 + 1",
          "x => x * 9"
        ],
        [{ kind: "riddle" }, "a mirror", "a lamp"]
      ]
      for (const [knowledge, right, wrong] of cases) {
        assert.isTrue(isCorrect(yield* check(knowledge, right)), right)
        assert.isFalse(isCorrect(yield* check(knowledge, wrong)), wrong)
      }
    })
  )

  it.effect("names the kinds that it knows", () =>
    Effect.gen(function* () {
      const unknown = yield* Effect.flip(check({ kind: "smell" }, "rose"))
      assert.strictEqual(
        unknown.message,
        'There is no verifier for knowledge of the kind "smell" of task task; known kinds: math-answer, program, math, code, riddle'
      )
      const none = yield* Effect.flip(check({ kind: "toString" }, "rose"))
      assert.include(none.message, "There is no verifier")
      const unreadable = yield* Effect.flip(check(3, "rose"))
      assert.match(unreadable.message, /^The knowledge of the any task task cannot be read/)
    })
  )
})
