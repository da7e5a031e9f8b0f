/** Measures a model on a suite: `sml eval --suite`. */
import { isFailed } from "@sml/env-pomdp"
import {
  type Evaluation,
  EvaluationStore,
  protocolNamed,
  type ProtocolOptions,
  type ProtocolProgress,
  ResponseCache,
  runProtocol
} from "@sml/eval-harness"
import { fromPlatformError } from "@sml/run-store"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"

import { holdFolder } from "./holdFolder.ts"
import { Progress } from "./Progress.ts"
import type { AnswerSettings } from "./suiteParties.ts"
import {
  isAddress,
  modelTeacher,
  openModel,
  scriptedTeachers,
  studentOf,
  suiteVerifier,
  systemPromptFor
} from "./suiteParties.ts"
import type { ProtocolName, SuiteSource } from "./suites.ts"
import { SuiteError, suiteTasks } from "./suites.ts"

/**
 * - `model`: a folder, a GGUF file or a server's address; `modelName`: which of a server's models.
 * - `teacher`: `scripted`, `self` (the student's model with privileged information), a folder, a file or
 *   an address.
 * - `system`: what the student is told before the task, instead of what its domain is told.
 * - `protocol`: instead of the suite's own; `options`: its turns, repeats and levels.
 * - `cache`: folder of what servers have answered, which evaluations may share; without one it is `out`.
 * - `out`: folder of the transcripts, the results and the report; what is there already is not played
 *   again.
 */
export interface SuiteRun extends AnswerSettings, SuiteSource {
  readonly model: string
  readonly modelName: string | undefined
  readonly teacher: string
  readonly system: string | undefined
  readonly protocol: ProtocolName | undefined
  readonly options: ProtocolOptions
  readonly cache: string | undefined
  readonly out: string
}

/** Where everything of an evaluation lies. */
export interface SuiteFiles {
  readonly report: string
  readonly results: string
  readonly transcripts: string
  /** Absent where no server was asked. */
  readonly answers: string | undefined
}

/** Makes a folder and keeps others from writing it, until the scope closes; `flag` names another one. */
const holdOut = Effect.fnUntraced(function* (folder: string, flag: string) {
  const fs = yield* FileSystem.FileSystem
  yield* fs
    .makeDirectory(folder, { recursive: true })
    .pipe(Effect.mapError(fromPlatformError("make the folder", folder)))
  yield* holdFolder(
    folder,
    (pid) =>
      new SuiteError({
        reason: `Process ${pid} is writing ${folder}; wait for its end, or give another folder with ${flag}.`
      })
  )
})

/** What is shown of the dialogues as they end, and how many have ended. */
const showDialogues = Effect.fnUntraced(function* (title: string) {
  const progress = yield* Progress
  let kept: number | undefined
  let played = 0
  let failed = 0
  let start = 0
  const begin = Effect.fnUntraced(function* (done: number, total: number) {
    kept = done
    start = yield* Clock.currentTimeMillis
    // what an earlier run had played says nothing about the speed of this one
    const part = { name: "dialogues", kind: "dialogues", total: total - done, guess: 1 } as const
    yield* progress.emit({ _tag: "Plan", title, parts: [part] })
    if (done > 0) {
      const text = `${done} of ${total} dialogues are kept from an earlier run`
      yield* progress.emit({ _tag: "Note", text })
    }
    if (total > done) yield* progress.emit({ _tag: "Begin", name: part.name })
  })
  const onProgress = Effect.fnUntraced(function* ({ done, record, total }: ProtocolProgress) {
    if (record === undefined || kept === undefined) {
      yield* begin(done, total)
      return
    }
    played = done - kept
    if (isFailed(record.episode)) failed++
    const seconds = ((yield* Clock.currentTimeMillis) - start) / 1000
    const rate = `${(played / Math.max(seconds, 0.001)).toFixed(1)} dialogues/s`
    yield* progress.emit({ _tag: "Advance", done: played })
    const text = failed === 0 ? rate : `${rate}  ${failed} failed`
    yield* progress.emit({ _tag: "Detail", text })
    yield* progress.emit({ _tag: "Dialogue", turns: record.episode.state.history })
  })
  return { onProgress, ended: () => (kept ?? 0) + played }
})

/** Plays the suite, writes the report and the results, and gives the numbers. */
export const runSuite = Effect.fn("sml.runSuite")(function* (run: SuiteRun) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { protocol: usual, tasks } = yield* suiteTasks(run)
  const protocol = yield* Effect.fromResult(protocolNamed(run.protocol ?? usual, run.options))
  const progress = yield* Progress
  yield* holdOut(run.out, "--out")
  const cacheFolder = run.cache ?? run.out
  if (cacheFolder !== run.out) yield* holdOut(cacheFolder, "--cache")
  const asksServer = [run.model, run.teacher].some(isAddress)
  const cache = yield* Layer.build(
    asksServer ? ResponseCache.layerFolder(cacheFolder) : ResponseCache.layerMemory
  )
  const open = (source: string, name?: string) =>
    Effect.provideContext(openModel(source, name, run), cache)
  const model = yield* open(run.model, run.modelName)
  const teachers =
    run.teacher === "scripted"
      ? scriptedTeachers
      : modelTeacher(run.teacher === "self" ? model : yield* open(run.teacher))

  const system = run.system ?? systemPromptFor(tasks)
  const { maxTokens, temperature } = run

  const { ended, onProgress } = yield* showDialogues(
    `sml eval: ${run.suite}, protocol ${protocol.name}, ${model.name}`
  )
  const { evaluation, records } = yield* runProtocol(protocol, {
    tasks,
    seed: run.seed,
    // transcripts of other settings are no part of this evaluation
    model: { name: model.name, temperature, maxTokens, system },
    teacher: run.teacher,
    concurrency: run.concurrency,
    onProgress
  }).pipe(
    Effect.provide(
      Layer.mergeAll(
        studentOf(model, system),
        teachers,
        EvaluationStore.layerFolder({ folder: run.out })
      )
    ),
    Effect.catchTag("EvaluationStoreError", (error) =>
      Effect.fail(
        error.differences === undefined
          ? error
          : new SuiteError({
              reason: `${run.out} holds another evaluation (${error.differences.join("; ")}); give --out with another folder, or the same options to go on with it.`
            })
      )
    ),
    Effect.provide(suiteVerifier),
    Effect.onInterrupt(() =>
      progress.farewell(
        `interrupted; ${ended()} dialogues are kept in ${run.out}, and the same command goes on from there`
      )
    )
  )
  const files: SuiteFiles = {
    report: path.join(run.out, "report.html"),
    results: path.join(run.out, "results.json"),
    transcripts: path.join(run.out, "transcripts.jsonl"),
    answers: asksServer ? path.join(cacheFolder, "responses.jsonl") : undefined
  }
  const write = (file: string, text: string) =>
    fs.writeFileString(file, text).pipe(Effect.mapError(fromPlatformError("write", file)))
  yield* write(files.results, `${JSON.stringify(evaluation, null, 2)}\n`)
  // the plotting library is large, and nothing else needs it
  const { renderEvaluation } = yield* Effect.promise(
    () => import("@sml/eval-harness/renderEvaluation")
  )
  yield* write(
    files.report,
    renderEvaluation(evaluation, records, {
      title: `${run.suite}: ${protocol.name}`,
      facts: {
        suite: run.suite,
        model: model.name,
        temperature: `${temperature}`,
        "tokens of an answer": `at most ${maxTokens}`,
        "told first": system
      }
    })
  )
  const asked = yield* Effect.flatMap(ResponseCache, ({ counts }) => counts).pipe(
    Effect.provideContext(cache)
  )
  return { evaluation, files, asked }
}, Effect.scoped)

/** `4` of `hint/success@4`. */
const successTurn = (name: string): number => Number(/(?:^|\/)success@(\d+)$/.exec(name)?.[1] ?? 0)

/** The names among `known` that a bound is about: as it is, or at every level. */
const boundNames = (known: ReadonlyArray<string>, metric: string | undefined) => {
  if (metric !== undefined) {
    return known.filter((name) => name === metric || name.endsWith(`/${metric}`))
  }
  const last = Math.max(1, ...known.map(successTurn))
  return known.filter((name) => successTurn(name) === last)
}

/** The first number that lies under its bound, in words; `undefined` when all hold. */
export const underBound = (
  { results }: Pick<Evaluation, "results">,
  metric: string | undefined,
  least: number
): string | undefined => {
  const known = [...new Set(Object.values(results).flatMap((summary) => Object.keys(summary)))]
  const names = boundNames(known, metric)
  if (names.length === 0) {
    return `There is no number ${metric ?? "success"} to hold against --fail-under; there are ${known.slice(0, 40).join(", ")}.`
  }
  for (const [domain, summary] of Object.entries(results)) {
    for (const name of names) {
      const estimate = summary[name]
      if (estimate !== undefined && estimate.value < least) {
        return `${domain} ${name} is ${estimate.value.toFixed(4)} (n = ${estimate.n}), under ${least}.`
      }
    }
  }
  return undefined
}
