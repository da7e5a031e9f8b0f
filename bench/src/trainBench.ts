/** Training steps beside PyTorch's. */
import { parameterCount } from "@sml/language-model"
import { adamW, type Datum } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import type { Bench, Setting } from "./Bench.ts"
import { asBenchError, openEngine } from "./engine.ts"
import { type BenchModel, type ModelName, provideModel } from "./models.ts"
import { type Row, timesGoal } from "./Row.ts"
import {
  answeredNumber,
  type Candidate,
  disqualified,
  openCandidate,
  sideBySide
} from "./sideBySide.ts"
import { secondsOf } from "./stopwatch.ts"
import { type LossOn, trainingData } from "./trainingData.ts"
import { trainingFlops } from "./trainingFlops.ts"

/** One model, its batches, and what is asked of it. */
interface TrainCase {
  readonly name: string
  readonly model: ModelName
  readonly batches: ReadonlyArray<Batch>
  /** How many times PyTorch's rate is asked for, if any. */
  readonly times?: { readonly eager: number; readonly compiled: number }
  /** The share of the matrix-multiply peak that is asked for. */
  readonly share?: number
  /** 5 unless given. */
  readonly repetitions?: number
  readonly seconds: number
}

/** `steps` make one repetition. */
interface Batch {
  readonly rows: number
  readonly positions: number
  readonly steps: number
}

const goals = { eager: 2, compiled: 1.5 }

const cases: ReadonlyArray<TrainCase> = [
  {
    name: "train/nano",
    model: "nano",
    batches: [
      { rows: 16, positions: 128, steps: 20 },
      { rows: 64, positions: 64, steps: 10 }
    ],
    times: goals,
    seconds: 60
  },
  {
    name: "train/3.5M",
    model: "3.5M",
    batches: [{ rows: 16, positions: 128, steps: 4 }],
    share: 0.6,
    seconds: 60
  },
  {
    name: "train/30M",
    model: "30M",
    batches: [{ rows: 16, positions: 128, steps: 1 }],
    times: goals,
    seconds: 120
  },
  {
    name: "train/width576",
    model: "width576",
    batches: [{ rows: 16, positions: 128, steps: 1 }],
    share: 0.75,
    repetitions: 3,
    seconds: 180
  },
  {
    name: "train/width576/long",
    model: "width576",
    batches: [{ rows: 4, positions: 512, steps: 1 }],
    share: 0.75,
    repetitions: 3,
    seconds: 180
  }
]

const quickBatches: ReadonlyArray<Batch> = [{ rows: 2, positions: 16, steps: 1 }]

/** Steps of either side on each batch before any is timed. */
const warmUp = 2

const optimiser = adamW({ learningRate: 1e-4, beta2: 0.999, weightDecay: 0.01 })

const eager = "PyTorch eager"
const compiled = "torch.compile"

interface Task {
  readonly batch: Batch
  readonly lossOn: LossOn
  readonly data: ReadonlyArray<Datum>
}

const tasksOf = (model: BenchModel, batches: ReadonlyArray<Batch>): ReadonlyArray<Task> =>
  batches.flatMap((batch) =>
    (["all", "student"] as const).map((lossOn) => ({
      batch,
      lossOn,
      data: trainingData(model.config.vocabularySize, batch.rows, batch.positions, lossOn)
    }))
  )

/** What both sides must agree on before they are timed. */
const Check = Schema.Struct({ loss: Schema.Finite, gradNorm: Schema.Finite })
const decodeChecks = Schema.decodeUnknownResult(
  Schema.Struct({ checks: Schema.Array(Check), parameters: Schema.Int })
)

/** The first disagreement about losses (1e-4), gradients' norms (1e-3 relative) or size, if any. */
const disagreement = (
  ready: unknown,
  checks: ReadonlyArray<typeof Check.Type>,
  parameters: number
): string | undefined => {
  const decoded = decodeChecks(ready)
  if (Result.isFailure(decoded)) return "answered without losses to compare"
  const theirs = decoded.success
  if (theirs.parameters !== parameters) {
    return `has ${theirs.parameters} parameters, ours ${parameters}`
  }
  for (const [index, { gradNorm, loss }] of checks.entries()) {
    const other = theirs.checks[index]
    if (other === undefined) return "answered with too few losses"
    if (Math.abs(other.loss - loss) > 1e-4) return `its loss is ${other.loss}, ours ${loss}`
    if (Math.abs(other.gradNorm - gradNorm) > 1e-3 * gradNorm) {
      return `its gradient's norm is ${other.gradNorm}, ours ${gradNorm}`
    }
  }
  return undefined
}

const runCase = Effect.fnUntraced(function* (train: TrainCase, setting: Setting) {
  const model = yield* provideModel(train.model, setting)
  const tasks = tasksOf(model, setting.quick ? quickBatches : train.batches)
  const { learner } = yield* openEngine(model.folder, setting.threads)
  const pass = (task: Task) =>
    learner.forwardBackward(task.data, { _tag: "CrossEntropy", normaliser: "weight" })
  const step = (task: Task) => Effect.andThen(pass(task), learner.step(optimiser))

  const checks = yield* Effect.forEach(
    tasks,
    Effect.fnUntraced(function* (task) {
      const { loss } = yield* pass(task)
      // the weights stay: every task is compared at the same ones
      const { gradNorm } = yield* learner.step({ ...optimiser, learningRate: 0 })
      return { loss, gradNorm }
    })
  )
  const parameters = parameterCount(model.config)
  const open = Effect.fnUntraced(function* (name: string, compile: boolean) {
    const candidate = yield* openCandidate(setting, {
      name,
      script: "train.py",
      job: {
        checkpoint: model.folder,
        threads: setting.threads,
        compile,
        optimiser,
        warmUp,
        tasks: tasks.map(({ data }) => ({
          tokens: data.map(({ tokens }) => [...tokens]),
          weights: data.map(({ weights }) => [...weights])
        }))
      },
      deadline: "5 minutes"
    })
    if (Result.isFailure(candidate.peer)) return candidate
    const reason = disagreement(candidate.peer.success.ready, checks, parameters)
    return reason === undefined ? candidate : disqualified(candidate, reason)
  })
  const candidates: Array<Candidate> = [yield* open(eager, false)]
  // compilation takes longer than all the rest of a quick run
  if (!setting.quick) candidates.push(yield* open(compiled, true))

  const measure = Effect.fnUntraced(function* (task: Task, index: number) {
    const { lossOn } = task
    const { positions, rows, steps } = task.batch
    const rate = (seconds: number) => (rows * positions * steps) / seconds
    yield* Effect.repeat(step(task), { times: warmUp - 1 })
    const cells = yield* sideBySide({
      ours: Effect.map(secondsOf(Effect.repeat(step(task), { times: steps - 1 })), rate).pipe(
        Effect.mapError(asBenchError)
      ),
      candidates,
      theirs: (peer) =>
        peer.ask({ task: index, steps }).pipe(
          Effect.flatMap((answer) => answeredNumber(peer.name, answer, "seconds")),
          Effect.map(rate)
        ),
      repetitions: setting.quick ? 1 : (train.repetitions ?? 5)
    })
    const targets = task.data.reduce(
      (total, { weights }) => total + weights.reduce((a, b) => a + b, 0),
      0
    )
    const title = `${train.model}, ${rows} × ${positions} tokens, loss on ${lossOn === "all" ? "all of them" : "the student's third"}`
    const flops = trainingFlops(model.config, { rows, positions, targets }) / (rows * positions)
    const share =
      cells.ours === undefined || setting.peak === undefined
        ? undefined
        : (cells.ours.median * flops) / setting.peak
    const row = {
      bench: train.name,
      title,
      unit: "tokens/s",
      ...cells,
      ...(share !== undefined && { share })
    }
    return {
      ...row,
      goals: [
        ...(train.times === undefined
          ? []
          : [
              timesGoal(row, eager, train.times.eager),
              timesGoal(row, compiled, train.times.compiled)
            ]),
        ...(train.share === undefined
          ? []
          : [
              {
                claim: `${title}, share of the matrix-multiply peak`,
                needed: `≥ ${train.share * 100} %`,
                value: share === undefined ? "not measured" : `${(share * 100).toFixed(0)} %`,
                ...(share !== undefined && { met: share >= train.share })
              }
            ])
      ]
    } satisfies Row
  })
  return yield* Effect.forEach(tasks, measure)
})

/** Steps of cross entropy with AdamW: all targets, and a student's third of them. */
export const trainBenches: ReadonlyArray<Bench> = cases.map((train) => ({
  name: train.name,
  seconds: train.seconds,
  run: Effect.fn("bench.train")(
    (setting: Setting) => runCase(train, setting),
    Effect.mapError(asBenchError)
  )
}))
