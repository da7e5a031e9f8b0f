/** `sml eval`. */
import { renderEvaluationTable, renderSummary } from "@sml/eval-harness"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

import { fetchStudent } from "./fetchModel.ts"
import { flagName } from "./flagName.ts"
import { Progress } from "./Progress.ts"
import { Reported, reported } from "./reported.ts"
import { resolveOptions } from "./resolveOptions.ts"
import { checkResultsFile, writeResultsFile } from "./resultsFile.ts"
import { runEvaluation } from "./runEvaluation.ts"
import { runSuite, underBound } from "./runSuite.ts"
import type { SuiteFlags } from "./suiteFlags.ts"
import { readBound, readSuiteRun, suiteFlags } from "./suiteFlags.ts"
import { SuiteError } from "./suites.ts"
import { tell } from "./tell.ts"
import { configFlag, evalFlags } from "./trainFlags.ts"

/** The given ones among flags, by name. */
const given = (flags: Readonly<Record<string, Option.Option<unknown>>>): ReadonlyArray<string> =>
  Object.entries(flags).flatMap(([name, value]) => (Option.isSome(value) ? [name] : []))

const refuse = Effect.fnUntraced(function* (names: ReadonlyArray<string>, why: string) {
  const [name] = names
  if (name === undefined) return
  yield* new SuiteError({ reason: `--${flagName(name)} ${why}.` })
})

/** Measures any model on a suite. */
const evaluateSuite = Effect.fnUntraced(function* (
  suite: string,
  flags: SuiteFlags,
  common: Parameters<typeof readSuiteRun>[2],
  json: string | undefined
) {
  const bound = Option.isSome(flags.failUnder) ? yield* readBound(flags.failUnder.value) : undefined
  const file = json === undefined ? undefined : yield* checkResultsFile(json)
  const { asked, evaluation, files } = yield* runSuite(
    yield* readSuiteRun(suite, flags, common)
  ).pipe(Effect.provide(Progress.layer))
  if (file !== undefined) yield* writeResultsFile(file, evaluation)
  yield* Console.log(`\n${renderEvaluationTable(evaluation)}\n`)
  yield* Console.log(
    [
      `report:      ${files.report}`,
      `results:     ${file ?? files.results}`,
      `transcripts: ${files.transcripts}`,
      ...(files.answers === undefined
        ? []
        : [
            `answers:     ${files.answers} (${asked.misses} requests now, ${asked.hits} answers from earlier)`
          ])
    ].join("\n")
  )
  const { dialogues, failures } = evaluation
  const [failure] = failures
  if (failure !== undefined && failures.length === dialogues) {
    yield* tell("failure", `Not one dialogue could be played: ${failure.reason}`)
    return yield* new Reported({ exitCode: 1 })
  }
  const under = bound === undefined ? undefined : underBound(evaluation, bound.metric, bound.least)
  if (under === undefined) return undefined
  yield* tell("failure", under)
  return yield* new Reported({ exitCode: 1 })
})

/** Measures a student on held-out tasks and prints the table. */
export const evalCommand = Command.make(
  "eval",
  { config: configFlag, ordinary: evalFlags, suites: suiteFlags },
  Effect.fn("sml.eval")(function* ({ config, ordinary, suites }) {
    if (Option.isSome(suites.suite)) {
      const { json, maxTokens, seed, temperature, threads, ...others } = ordinary
      yield* refuse(
        given({ config, ...others }),
        `is not for suites; "sml eval --help" says which options are`
      )
      const common = { maxTokens, seed, temperature, threads }
      yield* evaluateSuite(suites.suite.value, suites, common, Option.getOrUndefined(json))
      return
    }
    yield* refuse(given(suites), "needs --suite; give one, or leave it out")
    const { layers, options: asked } = yield* resolveOptions(config, ordinary)
    const json = asked.json === undefined ? undefined : yield* checkResultsFile(asked.json)
    const options = yield* fetchStudent(asked)
    const { results, run } = yield* runEvaluation(options, layers).pipe(
      Effect.provide(Progress.layer)
    )
    if (json !== undefined) yield* writeResultsFile(json, results)
    yield* Console.log(`\n${renderSummary(results.results)}\n`)
    yield* Console.log(
      [`report:  ${run.paths.report}`, ...(json === undefined ? [] : [`results: ${json}`])].join(
        "\n"
      )
    )
  }, reported)
).pipe(
  Command.withDescription(
    "Measure how well a student uses feedback: the embedded student or a trained one on held-out math and code tasks, with informative and with content-free feedback; or, with --suite, any model on public data sets and generated tasks."
  ),
  Command.withShortDescription("measure a student on held-out tasks"),
  Command.withExamples([
    { command: "sml eval", description: "the embedded student" },
    {
      command: "sml eval --checkpoint .sml/runs/<id>/final",
      description: "what a run has trained"
    },
    {
      command:
        "sml eval --suite gsm8k --data test.jsonl --model http://localhost:11434/v1 --limit 50",
      description: "a model behind a server, on a public data set"
    }
  ])
)
