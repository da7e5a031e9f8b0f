/** Making the student of a cell: offline learning, online learning, or both. */
import type { Task } from "@sml/env-pomdp"
import { mixSeed, StudentError } from "@sml/env-pomdp"
import { train } from "@sml/grpo-core"
import { ChatTokenizer } from "@sml/language-model"
import { collect, fineTune, selectSuccesses } from "@sml/offline-sft"
import { adamW, Learner } from "@sml/policy"
import { primingDialogues, ScriptedQuestionWriter } from "@sml/q-priming"
import { TaskSource } from "@sml/tasks"
import { decodeKnowledge, leaks, NanoTeacher } from "@sml/teacher-verifiers/nano"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"

import type { Cell, CellSettings, CurvePoint, Domain } from "./Cell.ts"
import { methods } from "./methods.ts"

/** Keep the random streams of training apart from each other and from those of measuring. */
const offlineStream = 0x0ff1
const onlineStream = 0x0171
const taskStream = 0x7a57

/** Says how far the work is, between 0 and 1, and at what. */
export type ReportWork = (share: number, doing: string) => Effect.Effect<void>

/** Dialogues that run at the same time. */
const dialoguesAtOnce = 256

/** What a student learns from in the whole of an offline method. */
const offlineTasks = Effect.fnUntraced(function* (
  domain: Domain,
  { seed }: Cell,
  settings: CellSettings
) {
  const source = yield* TaskSource
  return yield* source.take({
    domain,
    split: "train",
    seed: mixSeed(seed, offlineStream, taskStream),
    count: settings.sftTasks
  })
})

const tellsAnswer = (task: Task, question: string): boolean =>
  Result.match(decodeKnowledge(task), {
    onFailure: () => true,
    onSuccess: (knowledge) => leaks(knowledge, question)
  })

/** Successful dialogues with injected questions, and counts. */
const primed = Effect.fnUntraced(function* (
  tasks: ReadonlyArray<Task>,
  cell: Cell,
  settings: CellSettings
) {
  const chat = yield* ChatTokenizer
  const encode = (text: string) =>
    Effect.mapError(
      Effect.fromResult(chat.utterance(text)),
      ({ message }) => new StudentError({ reason: message })
    )
  const { counts, dialogues } = yield* primingDialogues(
    tasks,
    {
      samplesPerTask: settings.sftSamples,
      horizon: settings.horizon,
      seed: mixSeed(cell.seed, offlineStream),
      concurrency: Math.max(1, Math.floor(dialoguesAtOnce / settings.sftSamples))
    },
    { encode, isLeak: tellsAnswer }
  ).pipe(Effect.provide(ScriptedQuestionWriter.layer()))
  return {
    dialogues,
    counts: {
      dialogues: counts.episodes,
      kept: dialogues.length,
      "turns replaced": counts.injections.replaced,
      "questions refused": counts.injections.refused
    }
  }
})

/** Successful dialogues, and counts. */
const successes = Effect.fnUntraced(function* (
  tasks: ReadonlyArray<Task>,
  cell: Cell,
  settings: CellSettings
) {
  const { singleTurn } = methods[cell.method]
  const samplesPerTask =
    singleTurn === true ? settings.sftSamples * settings.horizon : settings.sftSamples
  const episodes = yield* collect(tasks, {
    samplesPerTask,
    horizon: singleTurn === true ? 1 : settings.horizon,
    seed: mixSeed(cell.seed, offlineStream),
    concurrency: Math.max(1, Math.floor(dialoguesAtOnce / samplesPerTask))
  })
  const { counts, kept } = selectSuccesses(episodes, { dedup: true })
  return { dialogues: kept, counts: { dialogues: counts.episodes, kept: counts.kept } }
})

const learnOffline = Effect.fnUntraced(function* (
  domain: Domain,
  cell: Cell,
  settings: CellSettings,
  report: ReportWork
) {
  const tasks = yield* offlineTasks(domain, cell, settings)
  yield* report(0, "dialogues to imitate")
  const { counts, dialogues } = yield* methods[cell.method].primed === true
    ? primed(tasks, cell, settings)
    : successes(tasks, cell, settings)
  const curve: Array<CurvePoint> = []
  yield* fineTune(dialogues, {
    epochs: settings.epochs,
    optimiser: adamW({ learningRate: settings.learningRate }),
    seed: mixSeed(cell.seed, offlineStream)
  }).pipe(
    Stream.runForEach(({ loss, step, steps }) => {
      curve.push({ sft_step: step + 1, loss })
      return report(0.4 + (0.6 * (step + 1)) / steps, `imitating, step ${step + 1}/${steps}`)
    })
  )
  return { counts, curve }
})

const learnOnline = Effect.fnUntraced(function* (
  domain: Domain,
  cell: Cell,
  settings: CellSettings,
  report: ReportWork
) {
  const source = yield* TaskSource
  const { discount, singleTurn } = methods[cell.method]
  const curve: Array<CurvePoint> = []
  yield* train(
    ({ count, seed }) =>
      source.take({
        domain,
        split: "train",
        seed: mixSeed(seed, taskStream),
        count: count ?? settings.tasks
      }),
    {
      steps: settings.steps,
      groupSize: singleTurn === true ? settings.singleTurnGroup : settings.group,
      horizon: singleTurn === true ? 1 : settings.horizon,
      discount: discount ?? settings.discount,
      optimiser: adamW({ learningRate: settings.learningRate, beta2: 0.95 }),
      seed: mixSeed(cell.seed, onlineStream)
    }
  ).pipe(
    Stream.runForEach(({ metrics, step }) => {
      curve.push({
        step: step + 1,
        reward: metrics.reward,
        "success@1": metrics.success_by_turn[0] ?? 0,
        questions: metrics.questions,
        entropy: metrics.entropy
      })
      return report((step + 1) / settings.steps, `step ${step + 1}/${settings.steps}`)
    })
  )
  return curve
})

/** The same weights, and an optimiser that remembers nothing. */
const forgetOptimiser = Effect.gen(function* () {
  const learner = yield* Learner
  const fs = yield* FileSystem.FileSystem
  const directory = yield* fs.makeTempDirectoryScoped({ prefix: "sml-cell-" })
  yield* learner.save(directory)
  yield* learner.restore(directory)
}).pipe(Effect.scoped)

/** Trains the learner as the cell's method says; the informative teacher is in the context. */
export const trainCell = Effect.fn("reproduce.trainCell")(function* (
  cell: Cell,
  settings: CellSettings,
  report: ReportWork
) {
  const { offline, online, primed: isPrimed, reticent } = methods[cell.method]
  const counts: Record<string, number> = {}
  const curve: Array<CurvePoint> = []
  const domain = cell.trained
  if (domain === "nothing") return { counts, curve }
  const both = (offline === true || isPrimed === true) && online === true
  if (offline === true || isPrimed === true) {
    const learnt = yield* learnOffline(domain, cell, settings, (share, doing) =>
      report(both ? 0.3 * share : share, doing)
    )
    Object.assign(counts, learnt.counts)
    curve.push(...learnt.curve)
  }
  if (both) yield* forgetOptimiser
  if (online === true) {
    const learning = learnOnline(domain, cell, settings, (share, doing) =>
      report(both ? 0.3 + 0.7 * share : share, doing)
    )
    const points = yield* reticent === true
      ? Effect.provide(learning, NanoTeacher.layer({ level: "reticent" }))
      : learning
    curve.push(...points)
  }
  return { counts, curve }
})
