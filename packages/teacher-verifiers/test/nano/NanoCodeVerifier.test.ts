import { assert, layer } from "@effect/vitest"
import type { Task } from "@sml/env-pomdp"
import { isCorrect, uniformStream } from "@sml/env-pomdp"
import { generateCodeTask } from "@sml/tasks"
import { JavaScriptSandbox } from "@sml/teacher-verifiers/code"
import type { CodeDiagnostics } from "@sml/teacher-verifiers/nano"
import {
  codeAttempt,
  NanoCodeVerifier,
  CodeKnowledge,
  Diagnostics,
  judgeLinearProgram
} from "@sml/teacher-verifiers/nano"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const knowledge: CodeKnowledge = {
  kind: "code",
  reference: "x => x * 9 + 1",
  k: 9,
  m: 1,
  op: "+",
  hiddenInputs: [0, 1, 2, 3, 5, 8, 11],
  entry: "f"
}
const task = (changes: Partial<CodeKnowledge> = {}): Task => ({
  id: "t",
  domain: "code",
  prompt: "write f ( x ) = x * k + m . f ( 1 ) = 1 0 . f ( 3 ) = 2 8 .",
  knowledge: { ...knowledge, ...changes },
  missing: []
})

const diagnose = (text: string, of: Task = task()) =>
  Effect.gen(function* () {
    const verdict = yield* NanoCodeVerifier.check(of, text)
    assert(verdict._tag === "Attempt", text)
    const diagnostics = Schema.decodeUnknownSync(Diagnostics)(verdict.diagnostics)
    assert(diagnostics.kind === "code")
    assert.strictEqual(verdict.correct, diagnostics.category === "pass")
    return diagnostics
  })

const category = (text: string, of?: Task) =>
  Effect.map(diagnose(text, of), (diagnostics: CodeDiagnostics) => diagnostics.category)

layer(JavaScriptSandbox.layer({ timeMillis: 20_000 }))("NanoCodeVerifier", (it) => {
  it.effect(
    "accepts the reference answer of every generated task, and no other program of its kind",
    () =>
      Effect.gen(function* () {
        const random = uniformStream(1)
        for (let index = 0; index < 60; index++) {
          const generated = generateCodeTask(random, { underspecified: index % 2 === 0 })
          const { k, m, op, reference } = Schema.decodeUnknownSync(CodeKnowledge)(
            generated.knowledge
          )
          assert.strictEqual(yield* category(reference, generated), "pass")
          for (const mutant of [
            codeAttempt({ k: k + 1, op, m }),
            codeAttempt({ k, op, m: m + 1 }),
            codeAttempt({ k, op: op === "+" ? "-" : "+", m: m === 0 ? 1 : m }),
            `x => ${k} ${op} ${m}`
          ]) {
            assert.strictEqual(
              yield* category(mutant, generated),
              "fail",
              `${reference} / ${mutant}`
            )
          }
        }
      })
  )

  it.effect("judges linear programs as the arithmetic does, in every field", () =>
    Effect.gen(function* () {
      for (const op of ["+", "-"] as const) {
        for (const k of [0, 1, 5, 9, 123_456]) {
          for (const m of [0, 1, 7, 999_999]) {
            const program = { k, op, m }
            assert.deepStrictEqual(
              yield* NanoCodeVerifier.check(task(), codeAttempt(program)),
              judgeLinearProgram(knowledge, program)
            )
          }
        }
      }
    })
  )

  it.effect("accepts any program with the right values", () =>
    Effect.gen(function* () {
      for (const program of [
        "x => 1 + 9 * x",
        "(x) => { let sum = 1; for (let i = 0; i < x; i++) sum += 9; return sum }",
        "answer: x => x * 10 - x + 1 .",
        "```js\nfunction f(x) {\n  return x ? f(x - 1) + 9 : 1\n}\n```",
        "```\nconst nine = 9\nconst f = x => x * nine + 1\n```",
        "x => [1, 10, 19, 28, 0, 46, 0, 0, 73, 0, 0, 100][x]"
      ]) {
        assert.strictEqual(yield* category(program), "pass", program)
      }
    })
  )

  it.effect("compares types and values exactly", () =>
    Effect.gen(function* () {
      for (const program of [
        "x => String(x * 9 + 1)",
        "x => BigInt(x * 9 + 1)",
        "x => x * 9 + 1.0000000001",
        "x => { if (x < 11) return x * 9 + 1 }"
      ]) {
        assert.strictEqual(yield* category(program), "fail", program)
      }
      const zero = task({ reference: "x => x * 0" })
      assert.strictEqual(yield* category("x => -0", zero), "pass")
      const nothing = task({ reference: "x => NaN" })
      assert.strictEqual(yield* category("x => x / 0 - x / 0", nothing), "pass")
      assert.strictEqual(yield* category("x => 'NaN'", nothing), "fail")
    })
  )

  it.effect("says of every input what happened, the first failing hidden one first", () =>
    Effect.gen(function* () {
      const {
        category: overall,
        linear,
        results
      } = yield* diagnose(
        "x => { if (x === 4) return 0; if (x === 5) throw Error('five'); return x * 9 + 1 }"
      )
      assert.strictEqual(overall, "error")
      assert.strictEqual(linear, null)
      assert.deepStrictEqual(
        results.map((result) => [result.input, result.category]),
        [0, 1, 2, 3, 4, 5, 6, 8, 11].map((input) => [
          input,
          input === 4 ? "fail" : input === 5 ? "error" : "pass"
        ])
      )
      assert.deepStrictEqual(results[4], {
        input: 4,
        category: "fail",
        expected: { type: "number", text: "37" },
        got: { type: "number", text: "0" },
        message: null
      })
      assert.strictEqual(results[5]?.message, "Error: five")
      // 4 is no hidden input: being wrong there alone is for hints only
      const wrongAtFour = "x => x === 4 ? 0 : x * 9 + 1"
      assert.strictEqual(yield* category(wrongAtFour), "pass")
    })
  )

  it.effect("reports each kind of failure as what it is", () =>
    Effect.gen(function* () {
      for (const [text, expected] of [
        ["x => x * 9 +", "error"],
        ["x => y", "error"],
        ["x => { for (;;); }", "timeout"],
        ["x => 'a'.repeat(1e9)", "memory"],
        ["async x => x * 9 + 1", "unsupported"],
        ["```\nconst g = 1\n```", "error"]
      ] as const) {
        assert.strictEqual(yield* category(text), expected, text)
      }
      assert.strictEqual((yield* NanoCodeVerifier.check(task(), "what is k ?"))._tag, "NoAttempt")
    })
  )

  it.effect("keeps the expected values out of the program's reach", () =>
    Effect.gen(function* () {
      // whatever a program can enumerate is the same for tasks with different answers
      const spy =
        "x => Object.getOwnPropertyNames(globalThis).join() + new Error().stack + [].concat(arguments)"
      const declared = `\`\`\`js\nfunction f(x) { return (${spy.replace("x => ", "")}) }\n\`\`\``
      const seen = (of: Task) =>
        Effect.map(diagnose(declared, of), ({ results }) =>
          results.map((result) => result.got?.text)
        )
      const one = yield* seen(task())
      assert.deepStrictEqual(yield* seen(task({ reference: "x => x * 3 + 5", k: 3, m: 5 })), one)
      assert.isTrue(one.every((text) => text?.includes("globalThis")))
    })
  )

  it.effect("runs at least 1,000 programs of the nano language a second", () =>
    Effect.gen(function* () {
      const attempts = Array.from({ length: 5000 }, (_, index) =>
        codeAttempt({ k: (index % 9) + 1, op: index % 2 === 0 ? "+" : "-", m: index % 10 })
      )
      const start = performance.now()
      const verdicts = yield* Effect.forEach(
        attempts,
        (text) => NanoCodeVerifier.check(task(), text),
        {
          concurrency: "unbounded"
        }
      )
      const perSecond = (1000 * attempts.length) / (performance.now() - start)
      assert.isAbove(perSecond, 1000)
      assert.strictEqual(
        verdicts.filter(isCorrect).length,
        attempts.filter((text) => text === knowledge.reference).length
      )
    })
  )

  it.effect("blames the task, not the student, when the task is of no use", () =>
    Effect.gen(function* () {
      for (const [changes, pattern] of [
        [{ reference: "x => { throw 1 }" }, /reference program of task t does not run/],
        [{ hiddenInputs: [] }, /task t cannot be read/],
        [{ entry: "f()" }, /entry that is a name/]
      ] as const) {
        const error = yield* Effect.flip(NanoCodeVerifier.check(task(changes), "x => 1"))
        assert.strictEqual(error._tag, "VerifierError")
        assert.match(error.message, pattern)
      }
    })
  )
})
