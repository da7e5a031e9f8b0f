import { assert, describe, it as test, layer } from "@effect/vitest"
import type { Task } from "@sml/env-pomdp"
import { Verifier } from "@sml/env-pomdp"
import type { ProgramDiagnostics, ProgramKnowledge } from "@sml/teacher-verifiers"
import { CodeVerifier } from "@sml/teacher-verifiers"
import * as Effect from "effect/Effect"

import { pythonWorks, unlessPython } from "./pythonStatus.ts"

const double = (language: ProgramKnowledge["language"]): Task => ({
  id: `double-${language}`,
  domain: "code",
  prompt: `Write a ${language} function double.`,
  knowledge: {
    kind: "program",
    language,
    preamble: "",
    tests: {
      kind: "calls",
      calls: [
        { fn: "double", args: [4], expected: 8 },
        { fn: "double", args: ["ab"], expected: "abab" }
      ]
    }
  },
  missing: []
})

const check = (task: Task, text: string) =>
  Effect.flatMap(Verifier, (verifier) => verifier.check(task, text))

/** The verdict, and that of the program if there was one. */
const verdict = (task: Task, text: string) =>
  Effect.map(check(task, text), (each) => {
    if (each._tag === "NoAttempt") return each.reason
    const diagnostics: Partial<ProgramDiagnostics> | null = isObject(each.diagnostics)
      ? each.diagnostics
      : null
    return `${each.correct ? "correct" : "wrong"} ${diagnostics?.verdict}`
  })

const isObject = (value: unknown): value is Partial<ProgramDiagnostics> =>
  typeof value === "object" && value !== null

layer(CodeVerifier.layer())("CodeVerifier", (it) => {
  it.effect("judges JavaScript and TypeScript", () =>
    Effect.gen(function* () {
      const right =
        "```js\nconst double = (x) => typeof x === 'string' ? x + x : x * 2\n```\nIs it right?"
      assert.strictEqual(yield* verdict(double("javascript"), right), "correct pass")
      assert.strictEqual(yield* verdict(double("typescript"), right), "correct pass")
      const wrong = "function double(x) { return x * 2 }"
      assert.strictEqual(yield* verdict(double("javascript"), wrong), "wrong fail")
      assert.strictEqual(
        yield* verdict(double("javascript"), "What is double?"),
        "no javascript program"
      )
      assert.strictEqual(
        yield* verdict(double("javascript"), "```python\ndef double(x): return x * 2\n```"),
        "no javascript program"
      )
    })
  )

  it.effect("does not judge what it can not read", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(check({ ...double("python"), knowledge: {} }, "print(1)"))
      assert.match(error.message, /^The knowledge of the code task double-python cannot be read/)
    })
  )

  describe.skipIf(!pythonWorks)(`of Python${unlessPython}`, () => {
    it.effect("judges Python", () =>
      Effect.gen(function* () {
        const task = double("python")
        const right = "```python\ndef double(x):\n    return x * 2\n```"
        assert.strictEqual(yield* verdict(task, right), "correct pass")
        assert.strictEqual(yield* verdict(task, "def double(x):\n    return x + 4"), "wrong error")
        assert.strictEqual(yield* verdict(task, "```\ndef double(x): 1 +\n```"), "wrong error")
        assert.strictEqual(yield* verdict(task, "I do not know."), "no python program")
      })
    )
  })
})

describe("CodeVerifier where it can not run", () => {
  test("refuses limits out of range", async () => {
    const error = await Effect.runPromise(
      Effect.flip(
        Effect.provide(Effect.service(Verifier), CodeVerifier.layer({ python: { files: 0 } }))
      )
    )
    assert.match(error.message, /^The options of the Python sandbox cannot be used/)
  })
})
