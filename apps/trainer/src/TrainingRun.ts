/** A training run from the first dialogue to the report. */
import type { Group } from "@sml/env-pomdp"
import type { BeforeAfter } from "@sml/eval-harness"
import { Learner } from "@sml/policy"
import type { MetricsLine, Run } from "@sml/run-store"
import { compactEpisode } from "@sml/run-store"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

import type { Evaluation } from "./evaluateStudent.ts"
import { evaluationParts } from "./evaluateStudent.ts"
import { interruptedSentence, stoppedBy } from "./interruption.ts"
import { keepEvaluation, storedEvaluation } from "./keepEvaluation.ts"
import { Progress } from "./Progress.ts"
import { RunRecorder } from "./RunRecorder.ts"
import type { StepRecord } from "./StepRecord.ts"
import { stepMetrics } from "./StepRecord.ts"
import type { ResumePoint } from "./trainingState.ts"
import { writeTrainingState } from "./trainingState.ts"
import type { TrainOptions } from "./TrainOptions.ts"
import { trainStep } from "./trainStep.ts"
import type { Part } from "./ViewState.ts"

/** The numbers of a step by name, as they stand in `metrics.jsonl`. */
export type StepNumbers = Readonly<Record<string, number>> & { readonly step: number }

/** What a finished run has measured. */
export interface TrainingResult {
  readonly results: BeforeAfter
  readonly steps: ReadonlyArray<StepNumbers>
  readonly before: Evaluation | undefined
  readonly after: Evaluation | undefined
}

const trainingPart = "training"

/** Seconds per step before one has been measured. */
const GUESS = 1.4

const planOf = (options: TrainOptions): ReadonlyArray<Part> => [
  ...(options.eval ? evaluationParts("before", options) : []),
  { name: trainingPart, kind: "steps", total: options.steps, guess: GUESS },
  ...(options.eval ? evaluationParts("after", options) : [])
]

/** A sample for the view: the longest dialogue of the first task, where turns follow each other. */
const sampleDialogue = (groups: ReadonlyArray<Group>) =>
  (groups[0]?.episodes ?? [])
    .toSorted((left, right) => right.state.history.length - left.state.history.length)
    .at(0)?.state.history ?? []

const numbersOf = ({ step, ...line }: MetricsLine): StepNumbers => ({
  step,
  ...Object.fromEntries(
    Object.entries(line).flatMap(([name, value]) =>
      typeof value === "number" ? [[name, value] as const] : []
    )
  )
})

/**
 * Evaluates with `evaluate`, trains and evaluates again, keeping every step in the run folder; from
 * `resumed` on, where that is given, with the bits of a run that was never stopped. Ctrl-C ends it with
 * a checkpoint of the last finished step.
 */
export const trainingRun = Effect.fn("trainer.trainingRun")(function* <E, R>(
  run: Run,
  options: TrainOptions,
  evaluate: (when: string) => Effect.Effect<Evaluation, E, R>,
  resumed?: ResumePoint
) {
  const progress = yield* Progress
  const learner = yield* Learner
  const recorder = yield* RunRecorder
  const started = yield* Clock.currentTimeMillis
  const steps: Array<StepNumbers> = []
  const spent = resumed?.state.seconds ?? { train: 0, total: 0 }
  const sinceStart = Effect.map(Clock.currentTimeMillis, (now) => (now - started) / 1000)
  const elapsed = Effect.map(sinceStart, (seconds) => spent.total + seconds)
  let before: Evaluation | undefined
  let trainingFrom: number | undefined
  let saved = resumed?.checkpoint.step

  const trainSeconds = Effect.map(elapsed, (now) =>
    trainingFrom === undefined ? spent.train : spent.train + now - trainingFrom
  )

  const measure = Effect.fnUntraced(function* (when: string, step: number) {
    if (!options.eval) return undefined
    const evaluation = yield* evaluate(when)
    yield* keepEvaluation(run, when, step, evaluation)
    return evaluation
  })

  const keepStep = Effect.fnUntraced(function* (record: StepRecord, groups: ReadonlyArray<Group>) {
    yield* run.appendMetrics(stepMetrics(record))
    yield* run.appendEpisodes(
      groups.flatMap((group) =>
        group.episodes.map((episode) => ({
          step: record.step,
          phase: "train",
          episode: compactEpisode(episode)
        }))
      )
    )
    yield* recorder.step(stepMetrics(record), groups)
    steps.push(stepMetrics(record))
    yield* progress.emit({ _tag: "Dialogue", turns: sampleDialogue(groups) })
  })

  /** A checkpoint of the last finished step, if there is none of it, and no more than are wanted. */
  const save = Effect.fnUntraced(function* () {
    const step = steps.length
    if (saved !== step) {
      yield* progress.emit({ _tag: "Detail", text: "checkpoint" })
      const state = {
        format: 1,
        step,
        seed: options.seed,
        lines: yield* run.settleLines,
        seconds: { train: yield* trainSeconds, total: yield* elapsed },
        ...(before !== undefined && {
          before: { summaries: before.summaries, seconds: before.seconds }
        })
      } as const
      yield* run.saveCheckpoint(step, (directory) =>
        Effect.andThen(learner.saveState(directory), writeTrainingState(directory, state))
      )
      saved = step
    }
    for (const old of (yield* run.checkpoints).slice(0, -options.keepCheckpoints)) {
      yield* run.removeCheckpoint(old)
    }
  })

  const begin = Effect.gen(function* () {
    if (resumed === undefined) {
      before = yield* measure("before", 0)
      // so that what was measured is not measured again
      if (before !== undefined) yield* save()
    } else {
      yield* learner.restoreState(resumed.checkpoint.directory)
      steps.push(...(yield* run.readMetrics).values.map(numbersOf))
      const known = resumed.state.before
      if (known !== undefined) before = yield* storedEvaluation(run, "before", known)
    }
  })

  const work = Effect.gen(function* () {
    yield* progress.emit({
      _tag: "Plan",
      title: `sml train: ${options.domain}, ${options.steps} steps of ${options.tasks} tasks × ${options.group} dialogues`,
      parts:
        resumed === undefined ? planOf(options) : planOf(options).slice(-(options.eval ? 3 : 1))
    })
    yield* begin
    yield* progress.emit({ _tag: "Begin", name: trainingPart })
    if (steps.length > 0) yield* progress.emit({ _tag: "Advance", done: steps.length })
    trainingFrom = yield* elapsed
    while (steps.length < options.steps) {
      yield* trainStep(steps.length + 1, options, keepStep)
      if (steps.length % options.checkpointEvery === 0) yield* save()
    }
    yield* save()
    const train = yield* trainSeconds
    yield* run.saveFinal((directory) => learner.save(directory))
    const after = yield* measure("after", options.steps)
    const results: BeforeAfter = {
      before: before?.summaries ?? {},
      after: after?.summaries ?? {},
      seconds: {
        ...(before === undefined ? {} : { before: before.seconds }),
        train,
        ...(after === undefined ? {} : { after: after.seconds }),
        total: yield* elapsed
      }
    }
    return { results, steps, before, after } satisfies TrainingResult
  })

  return yield* work.pipe(
    Effect.onInterrupt(() =>
      Effect.flatMap(
        interruptedSentence(run, { finished: steps.length, of: options.steps }, save()),
        progress.farewell
      )
    ),
    Effect.catch((error) =>
      Effect.flatMap(
        stoppedBy(error, run, { finished: steps.length, saved: saved !== undefined }, save()),
        Effect.fail
      )
    )
  )
})
