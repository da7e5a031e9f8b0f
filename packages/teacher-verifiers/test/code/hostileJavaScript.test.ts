import { assert, layer } from "@effect/vitest"
import type { ProgramTests } from "@sml/teacher-verifiers"
import { JavaScriptSandbox } from "@sml/teacher-verifiers"
import * as Effect from "effect/Effect"

import { hostileJavaScript } from "./hostile/javaScriptPrograms.ts"

const calls: ProgramTests = {
  kind: "calls",
  calls: [
    { fn: "f", args: [3], expected: 10 },
    { fn: "f", args: [7], expected: 50 }
  ]
}

const check: ProgramTests = {
  kind: "check",
  entry: "f",
  source: `const assert = require("node:assert")
function check(candidate) {
  assert.deepStrictEqual(candidate(3), 10)
  assert.deepStrictEqual(candidate(7), 50)
}`
}

const verdictOf = (code: string, tests: ProgramTests, language: "javascript" | "typescript") =>
  Effect.gen(function* () {
    const sandbox = yield* JavaScriptSandbox
    return yield* sandbox.verify({ code, language, preamble: "", tests, seed: 7 })
  })

// the built-ins that QuickJS can not interrupt take all of testTimeMillis
layer(JavaScriptSandbox.layer({ testFuel: 500, testTimeMillis: 1500 }))(
  "hostile programs",
  (it) => {
    for (const [name, { code, verdict }] of Object.entries(hostileJavaScript)) {
      it.effect(`${verdict}: ${name}`, () =>
        Effect.gen(function* () {
          const { tests, ...whole } = yield* verdictOf(code, calls, "javascript")
          assert.strictEqual(whole.verdict, verdict, JSON.stringify(tests))
          assert.lengthOf(tests, 2)
          for (const { error } of tests) {
            assert(error === null || error.message.length <= 500)
            assert(error === null || error.line === null || error.line <= code.split("\n").length)
          }
        })
      )
    }

    it.effect("no test that is a source is passed by what fails calls", () =>
      Effect.gen(function* () {
        for (const [name, { code, verdict }] of Object.entries(hostileJavaScript)) {
          if (verdict === "timeout") continue
          const found = yield* verdictOf(code, check, "javascript")
          // to a test that does not wait, a promise is a value
          const isPromise = code.includes("Promise.reject")
          assert.strictEqual(found.verdict, isPromise ? "fail" : verdict, name)
        }
      })
    )

    it.effect("a program that was killed leaves nothing to the next", () =>
      Effect.gen(function* () {
        const good = "function f(x: number): number { return x * x + 1 }"
        for (const bad of [
          "[".repeat(5000),
          "Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)"
        ]) {
          yield* verdictOf(bad, calls, "typescript")
          assert.strictEqual((yield* verdictOf(good, calls, "typescript")).verdict, "pass")
        }
      })
    )
  }
)
