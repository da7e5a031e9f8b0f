import nodeAssert from "node:assert"
import { existsSync, readFileSync } from "node:fs"
import { stripTypeScriptTypes } from "node:module"
import { join } from "node:path"
import { isDeepStrictEqual } from "node:util"
import { runInNewContext } from "node:vm"

import { assert, describe, layer } from "@effect/vitest"
import { JavaScriptSandbox } from "@sml/teacher-verifiers"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import { humanEvalSolutions } from "./humanEvalSolutions.ts"
import { javaScriptMutants } from "./javaScriptMutants.ts"

const folder = join(import.meta.dirname, "../../../../../shared/data/multilingual_code")

const Row = Schema.fromJsonString(
  Schema.Struct({
    task_id: Schema.String,
    entry_point: Schema.String,
    prompt: Schema.String,
    test: Schema.String
  })
)

interface Problem {
  readonly id: string
  readonly entry: string
  readonly test: string
  readonly solution: string
  /** The whole program with another function in the place of the solution. */
  readonly program: (solution: string) => string
}

/** Problems whose published tests no right program can pass, with what is said of one. */
const faulty: ReadonlyMap<string, string> = new Map([
  // 1.33 % 1 must be 0.33 exactly
  ["HumanEval_javascript/2", "fail"],
  // 3.0 is no integer there, but in JavaScript it is 3
  ["HumanEval_javascript/92", "fail"],
  ["HumanEval_typescript/92", "fail"],
  // keys are written with quotes in them: {'"a"': 2}
  ["HumanEval_javascript/111", "fail"],
  // the tests declare a function of the same name as the one they test
  ["HumanEval_javascript/152", "The tests cannot be run: ReferenceError: 'x' is not defined"]
])

const read = (file: string): ReadonlyArray<Problem> => {
  const dict = file.includes("typescript") ? "new Map(entries)" : "Object.fromEntries(entries)"
  return readFileSync(join(folder, file), "utf8")
    .trim()
    .split("\n")
    .map((line, index) => {
      const row = Schema.decodeUnknownSync(Row)(line)
      const solution = [...humanEvalSolutions.values()][index]
      if (solution === undefined) throw new Error(`${row.task_id} has no solution`)
      return {
        id: row.task_id,
        entry: row.entry_point,
        test: row.test,
        solution,
        program: (source) =>
          `const wrapDict = (entries) => ${dict}\n${row.prompt}  return (${source})(...arguments)\n}`
      }
    })
}

/** lodash's isEqual on plain data: zeros are equal whatever their sign. */
const plus = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(plus) : value === 0 ? 0 : value

/** What Node itself makes of a program and its tests. */
const passesInNode = (problem: Problem, program: string, language: string): boolean => {
  const source = `${program}\n;${problem.test}`
  const script =
    language === "typescript"
      ? stripTypeScriptTypes(source).replace(
          /import \* as assert from 'assert'/,
          "const assert = require('assert')"
        )
      : source
  const lodash = { isEqual: (a: unknown, b: unknown) => isDeepStrictEqual(plus(a), plus(b)) }
  try {
    runInNewContext(
      script,
      { require: (name: string) => (name === "lodash" ? lodash : nodeAssert) },
      { timeout: 300 }
    )
    return true
  } catch {
    return false
  }
}

const isWhole = process.env.SML_WHOLE_SETS === "1"
const mutantsEach = 6

const verdictOf = (problem: Problem, code: string, language: "javascript" | "typescript") =>
  Effect.gen(function* () {
    const sandbox = yield* JavaScriptSandbox
    const tests = { kind: "check", source: problem.test, entry: problem.entry } as const
    const found = yield* sandbox.verify({ code, language, preamble: "", tests, seed: 1 })
    return found.verdict
  })

describe.skipIf(!existsSync(folder))("HumanEval, which is read at ../shared", () => {
  layer(JavaScriptSandbox.layer({ testFuel: 2000 }))((it) => {
    for (const [language, file] of [
      ["javascript", "HumanEval_javascript_v1.1.jsonl"],
      ["typescript", "HumanEval_typescript_v1.jsonl"]
    ] as const) {
      it.effect(`every solution passes: ${language}`, () =>
        Effect.gen(function* () {
          const problems = read(file)
          assert.lengthOf(problems, 161)
          const failed = new Map<string, string>()
          for (const problem of problems) {
            const verdict = yield* Effect.catchTag(
              verdictOf(problem, problem.program(problem.solution), language),
              "SandboxError",
              (error) => Effect.succeed(error.message)
            )
            if (verdict !== "pass") failed.set(problem.id, verdict)
          }
          const known = [...faulty].filter(([id]) => id.includes(language))
          assert.deepStrictEqual([...failed], known)
        })
      )

      it.effect(
        `changed solutions fail where they fail in Node: ${language}`,
        () =>
          Effect.gen(function* () {
            const problems = read(file).filter(
              (each, index) => !faulty.has(each.id) && (isWhole || index % 16 === 3)
            )
            let changed = 0
            let fewest = Infinity
            for (const problem of problems) {
              let found = 0
              for (const mutant of javaScriptMutants(problem.solution)) {
                if (found === mutantsEach) break
                const program = problem.program(mutant)
                if (passesInNode(problem, program, language)) continue
                found++
                assert.notStrictEqual(
                  yield* verdictOf(problem, program, language),
                  "pass",
                  `${problem.id}: ${mutant}`
                )
              }
              changed += found
              fewest = Math.min(fewest, found)
            }
            assert.isAtLeast(fewest, 5)
            if (isWhole)
              console.log(`${language}: ${changed} changed solutions of ${problems.length}`)
          }),
        600_000
      )
    }
  })
})
