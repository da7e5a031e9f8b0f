/** A training run from the first dialogue to the report. */
import type { Group } from "@sml/env-pomdp"
import type { BeforeAfter } from "@sml/eval-harness"
import { Learner } from "@sml/policy"
import type { Run } from "@sml/run-store"
import { compactEpisode } from "@sml/run-store"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

import type { Evaluation } from "./evaluateStudent.ts"
import { evaluationParts } from "./evaluateStudent.ts"
import { interruptedSentence, stoppedBy } from "./interruption.ts"
import { keepEvaluation } from "./keepEvaluation.ts"
import { Progress } from "./Progress.ts"
import type { StepRecord } from "./StepRecord.ts"
import { stepMetrics } from "./StepRecord.ts"
import type { TrainOptions } from "./TrainOptions.ts"
import { trainStep } from "./trainStep.ts"
import type { Part } from "./ViewState.ts"

/** What a finished run has measured. */
export interface TrainingResult {
  readonly results: BeforeAfter
  readonly steps: ReadonlyArray<StepRecord>
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

/**
 * Evaluates with `evaluate`, trains and evaluates again, keeping every step in the run folder. Ctrl-C
 * saves the weights of the last finished step.
 */
export const trainingRun = Effect.fn("trainer.trainingRun")(function* <E, R>(
  run: Run,
  options: TrainOptions,
  evaluate: (when: string) => Effect.Effect<Evaluation, E, R>
) {
  const progress = yield* Progress
  const learner = yield* Learner
  const started = yield* Clock.currentTimeMillis
  const steps: Array<StepRecord> = []
  const elapsed = Effect.map(Clock.currentTimeMillis, (now) => (now - started) / 1000)

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
    steps.push(record)
    yield* progress.emit({ _tag: "Dialogue", turns: sampleDialogue(groups) })
  })

  const work = Effect.gen(function* () {
    yield* progress.emit({
      _tag: "Plan",
      title: `sml train: ${options.domain}, ${options.steps} steps of ${options.tasks} tasks × ${options.group} dialogues`,
      parts: planOf(options)
    })
    const before = yield* measure("before", 0)
    yield* progress.emit({ _tag: "Begin", name: trainingPart })
    const from = yield* elapsed
    for (let step = 1; step <= options.steps; step++) {
      yield* trainStep(step, options, keepStep)
      if (step % options.checkpointEvery === 0 || step === options.steps) {
        yield* run.saveCheckpoint(step, (directory) => learner.save(directory))
      }
    }
    const train = (yield* elapsed) - from
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
      Effect.flatMap(interruptedSentence(run, steps.length, options), progress.farewell)
    ),
    Effect.catch((error) => Effect.flatMap(stoppedBy(error, run, steps.length), Effect.fail))
  )
})
