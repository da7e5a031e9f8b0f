/**
 * Reference solutions of public data sets pass, changed ones fail. A sample by default; all of them, some
 * minutes, with `SML_WHOLE_SETS=1 pnpm vitest run test/code/pythonDatasets.test.ts`.
 */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"

import { assert, describe, it } from "@effect/vitest"
import type { ProgramDiagnostics, ProgramTests } from "@sml/teacher-verifiers"
import { PythonSandbox } from "@sml/teacher-verifiers"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import { pythonMutants } from "./pythonMutants.ts"
import { pythonWorks, unlessPython } from "./pythonStatus.ts"

const shared = join(import.meta.dirname, "../../../../../shared/data")
const files = {
  humanEval: join(shared, "humaneval/HumanEval.jsonl.gz"),
  mbpp: join(shared, "mbpp/sanitized-mbpp.json")
}
const canRun = pythonWorks && Object.values(files).every((file) => existsSync(file))
const unlessData = existsSync(files.mbpp) ? unlessPython : " (skipped without ../shared)"
const isWhole = process.env.SML_WHOLE_SETS === "1"

interface Problem {
  readonly id: string
  readonly code: string
  readonly preamble: string
  readonly tests: ProgramTests
  /** Functions whose values are compared to find mutants without an effect. */
  readonly entries: ReadonlyArray<string>
}

const HumanEval = Schema.Struct({
  task_id: Schema.String,
  prompt: Schema.String,
  canonical_solution: Schema.String,
  test: Schema.NonEmptyString,
  entry_point: Schema.NonEmptyString
})

const Mbpp = Schema.Struct({
  task_id: Schema.Int,
  code: Schema.String,
  test_imports: Schema.Array(Schema.String),
  test_list: Schema.NonEmptyArray(Schema.NonEmptyString)
})

const readHumanEval = (): ReadonlyArray<Problem> =>
  gunzipSync(readFileSync(files.humanEval))
    .toString("utf8")
    .trim()
    .split("\n")
    .map((line) => Schema.decodeUnknownSync(Schema.fromJsonString(HumanEval))(line))
    .map(({ canonical_solution, entry_point, prompt, task_id, test }) => ({
      id: task_id,
      code: canonical_solution,
      preamble: prompt,
      tests: { kind: "check", source: test, entry: entry_point },
      entries: [entry_point]
    }))

const readMbpp = (): ReadonlyArray<Problem> =>
  Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Array(Mbpp)))(
    readFileSync(files.mbpp, "utf8")
  ).map(({ code, task_id, test_imports, test_list }) => ({
    id: `MBPP/${task_id}`,
    code,
    preamble: "",
    tests: { kind: "asserts", setup: test_imports.join("\n"), asserts: test_list },
    entries: Array.from(code.matchAll(/^def (\w+)/gm))
      .map((match) => match[1] ?? "")
      .filter((name) => new RegExp(`\\b${name}\\(`).test(test_list.join()))
  }))

/** All problems, or every `step`-th. */
const sample = (problems: ReadonlyArray<Problem>, step: number): ReadonlyArray<Problem> =>
  isWhole ? problems : problems.filter((_, index) => index % step === 0)

const verify = ({ preamble, tests }: Problem, code: string) =>
  Effect.flatMap(PythonSandbox, (sandbox) =>
    sandbox.verify({ code, language: "python", preamble, tests, seed: 1 })
  )

/**
 * The program, printing what the functions that the tests call give, by which a mutant without an effect is
 * told. Values that Python holds equal are printed alike: `assert f(x) == False` holds for 0.
 */
const watched = (code: string, entries: ReadonlyArray<string>): string =>
  `${code}

def _watch(inner, depth=[0]):
    def outer(*args, **keywords):
        depth[0] += 1
        try:
            value = inner(*args, **keywords)
        finally:
            depth[0] -= 1
        if depth[0] == 0:
            import sys
            sys.__stdout__.write(repr(int(value) if value is True or value is False else value)[:200] + '\\n')
        return value
    return outer
${entries.map((entry) => `${entry} = _watch(${entry})\n`).join("")}`

const run = <A, E>(effect: Effect.Effect<A, E, PythonSandbox>, cpuSeconds: number) =>
  Effect.runPromise(
    Effect.provide(effect, PythonSandbox.layer({ cpuSeconds, timeMillis: 3000 * cpuSeconds }))
  )

const failures = (problem: Problem) =>
  Effect.map(verify(problem, problem.code), (diagnostics) =>
    diagnostics.verdict === "pass" ? [] : [{ id: problem.id, diagnostics }]
  )

/** `killed`: fails; `same`: passes and gives the same values; `missed`: passes and gives others. */
const judgeMutants = Effect.fnUntraced(function* (problem: Problem) {
  const mutants = pythonMutants(problem.code, 6, 1)
  const reference = yield* verify(problem, watched(problem.code, problem.entries))
  return yield* Effect.forEach(mutants, (mutant) =>
    Effect.gen(function* () {
      const { verdict } = yield* verify(problem, mutant.code)
      const isPassed = verdict === "pass"
      const values: ProgramDiagnostics | undefined = isPassed
        ? yield* verify(problem, watched(mutant.code, problem.entries))
        : undefined
      const fate =
        values === undefined ? "killed" : values.stdout === reference.stdout ? "same" : "missed"
      return { ...mutant, id: problem.id, verdict, fate }
    })
  )
})

describe.skipIf(!canRun)(`reference solutions${unlessData}`, () => {
  it("of HumanEval pass", async () => {
    const problems = sample(readHumanEval(), 8)
    assert.isAtLeast(problems.length, isWhole ? 164 : 20)
    const failed = await run(Effect.forEach(problems, failures, { concurrency: 4 }), 5)
    assert.deepStrictEqual(failed.flat(), [])
  }, 600_000)

  it("of sanitized MBPP pass", async () => {
    const problems = sample(readMbpp(), 16)
    assert.isAtLeast(problems.length, isWhole ? 427 : 26)
    const failed = await run(Effect.forEach(problems, failures, { concurrency: 4 }), 5)
    assert.deepStrictEqual(failed.flat(), [])
  }, 600_000)

  it("fail when they are changed, unless the change has no effect", async () => {
    const problems = [...sample(readHumanEval(), 24), ...sample(readMbpp(), 48)]
    const mutants = (
      await run(Effect.forEach(problems, judgeMutants, { concurrency: 4 }), 1)
    ).flat()
    const counts = Object.groupBy(mutants, ({ fate }) => fate)
    const verdicts = Object.groupBy(mutants, ({ verdict }) => verdict)
    if (isWhole) {
      process.stdout.write(
        `${mutants.length} mutants of ${problems.length} problems: ${JSON.stringify(
          [counts, verdicts].map((groups) =>
            Object.entries(groups).map(([name, all]) => [name, all?.length])
          )
        )}\n${JSON.stringify(
          counts.missed?.map(({ code, id }) => ({ id, code })),
          undefined,
          1
        )}\n`
      )
    }
    assert.isAtLeast(mutants.length, 5 * problems.length * 0.95)
    assert.isAtLeast(counts.killed?.length ?? 0, mutants.length * 0.75)
    // tests that compare with a tolerance, or look at a part of the value, let a few through
    assert.isAtMost(counts.missed?.length ?? 0, mutants.length * 0.003)
  }, 3_600_000)
})
