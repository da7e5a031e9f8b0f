/** Programs verified a second, in their sandboxes. */
import { JavaScriptSandbox, type ProgramTests, PythonSandbox } from "@sml/teacher-verifiers/code"
import * as Effect from "effect/Effect"

import type { Bench, Setting } from "./Bench.ts"
import { BenchError } from "./BenchError.ts"
import type { Row } from "./Row.ts"
import { rateGoal } from "./Row.ts"
import { type Cells, sideBySide } from "./sideBySide.ts"

/** A right program and a wrong one, each with another constant, so that nothing is remembered. */
const python = (at: number) =>
  at % 2 === 0
    ? `def f(values):\n    return [value * ${at} + 1 for value in sorted(values)]`
    : `def f(values):\n    return [value * ${at} + 1 for value in values]`

const javaScript = (at: number) =>
  at % 2 === 0
    ? `const f = (values) => values.toSorted((a, b) => a - b).map((value) => value * ${at} + 1)`
    : `const f = (values) => values.map((value) => value * ${at} + 1)`

const callOf = (at: number, values: ReadonlyArray<number>) => ({
  fn: "f",
  args: [values],
  expected: values.toSorted((a, b) => a - b).map((value) => value * at + 1)
})

const testsOf = (at: number): ProgramTests => ({
  kind: "calls",
  calls: [callOf(at, [3, 1, 2]), callOf(at, []), callOf(at, [5, 4])]
})

type Verified = { readonly verdict: string }

/** Programs a second, several at a time; fails on a wrong verdict. */
const rate = <E extends { readonly message: string }>(
  count: number,
  first: number,
  verify: (at: number) => Effect.Effect<Verified, E>
): Effect.Effect<number, BenchError> =>
  Effect.gen(function* () {
    const start = performance.now()
    const verdicts = yield* Effect.forEach(
      Array.from({ length: count }, (_, at) => first + at),
      (at) => Effect.map(verify(at), ({ verdict }) => ({ at, verdict })),
      { concurrency: 64 }
    ).pipe(Effect.mapError(({ message }) => new BenchError({ reason: message })))
    const seconds = (performance.now() - start) / 1000
    const wrong = verdicts.find(({ at, verdict }) => verdict !== (at % 2 === 0 ? "pass" : "fail"))
    if (wrong !== undefined) {
      return yield* new BenchError({
        reason: `Program ${wrong.at} was judged ${wrong.verdict}; a rate of wrong verdicts means nothing.`
      })
    }
    return count / seconds
  })

/** There is no peer that does the same work. */
const alone = (ours: Effect.Effect<number, BenchError>, { quick }: Setting) =>
  sideBySide({
    ours,
    candidates: [],
    theirs: () => Effect.succeed(0),
    repetitions: quick ? 1 : 5
  })

const row = (bench: string, title: string, cells: Cells, goal?: number): Row => ({
  bench,
  title,
  unit: "a second",
  goals: goal === undefined ? [] : [rateGoal({ title, ...cells }, goal)],
  ...cells
})

const measurePython = Effect.fn("bench.verifyPython")(function* (setting: Setting) {
  const count = setting.quick ? 4 : 200
  const rows: Array<Row> = []
  for (const fork of [true, false]) {
    let first = 0
    const measured = yield* Effect.gen(function* () {
      const sandbox = yield* PythonSandbox
      const repetition = Effect.suspend(() => {
        first += count
        return rate(count, first, (at) =>
          sandbox.verify({
            code: python(at),
            language: "python",
            preamble: "",
            tests: testsOf(at),
            seed: at
          })
        )
      })
      // processes that wait are started with the first
      yield* Effect.ignore(repetition)
      return yield* alone(repetition, setting)
    }).pipe(
      Effect.provide(PythonSandbox.layer({ fork, parallel: setting.threads })),
      Effect.mapError(({ message }) => new BenchError({ reason: message }))
    )
    rows.push(
      row(
        "verify/python",
        fork
          ? "Python under bubblewrap, forked from one that waits"
          : "Python under bubblewrap, each a bubblewrap of its own",
        measured,
        fork ? 60 : undefined
      )
    )
  }
  return rows
})

const measureJavaScript = Effect.fn("bench.verifyJavaScript")(function* (setting: Setting) {
  const count = setting.quick ? 4 : 1000
  const rows: Array<Row> = []
  for (const language of ["javascript", "typescript"] as const) {
    let first = 0
    const measured = yield* Effect.gen(function* () {
      const sandbox = yield* JavaScriptSandbox
      const repetition = Effect.suspend(() => {
        first += count
        return rate(count, first, (at) =>
          sandbox.verify({
            code: javaScript(at),
            language,
            preamble: "",
            tests: testsOf(at),
            seed: at
          })
        )
      })
      // the threads start with the first
      yield* Effect.ignore(repetition)
      return yield* alone(repetition, setting)
    }).pipe(
      Effect.provide(JavaScriptSandbox.layer()),
      Effect.mapError(({ message }) => new BenchError({ reason: message }))
    )
    rows.push(
      row(
        "verify/javascript",
        language === "javascript" ? "JavaScript under QuickJS" : "TypeScript under QuickJS",
        measured,
        language === "javascript" ? 500 : undefined
      )
    )
  }
  return rows
})

/** Small programs with three calls each, half of them wrong. */
export const verifyCodeBenches: ReadonlyArray<Bench> = [
  { name: "verify/python", seconds: 30, run: measurePython },
  { name: "verify/javascript", seconds: 20, run: measureJavaScript }
]
