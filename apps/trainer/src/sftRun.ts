/** Supervised fine-tuning on a file of chats: settings in, a run folder with the weights out. */
import { readChatFiles } from "@sml/language-model"
import { checkpointDirectory } from "@sml/nano-student/checkpointDirectory"
import type { FineTuneMetrics } from "@sml/offline-sft"
import { fineTuneExamples, splitExamples } from "@sml/offline-sft"
import { adamW, Learner, scheduleFault } from "@sml/policy"
import { OnnxPolicy } from "@sml/policy-onnx"
import type { Run } from "@sml/run-store"
import { RunStore } from "@sml/run-store"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Path from "effect/Path"
import * as Stream from "effect/Stream"

import { ConfigError } from "./ConfigError.ts"
import { engineFor, microBatchLine } from "./engineFor.ts"
import { short } from "./formatting.ts"
import { Progress } from "./Progress.ts"
import { scheduleOf } from "./scheduleOf.ts"
import type { SftChats } from "./sftChats.ts"
import { readSftChats } from "./sftChats.ts"
import type { SftOptions } from "./sftOptions.ts"

/** What is learnt, by which model, and where the result goes. */
export interface SftPlace {
  readonly data: string
  /** A folder or a GGUF file; the embedded student where there is none. */
  readonly model: string | undefined
  /** A new or empty folder. */
  readonly out: string
}

/** What a run has measured: losses in nats a token. */
export interface SftResult {
  readonly run: Run
  readonly steps: number
  readonly planned: number
  readonly chats: { readonly learnt: number; readonly heldOut: number }
  readonly tokens: SftChats["tokens"]
  readonly loss: { readonly first: number; readonly last: number }
  /** The held-out loss before the first update, and the smallest one after any, whose weights are kept. */
  readonly heldOut:
    | { readonly before: number; readonly best: number; readonly step: number }
    | undefined
  readonly seconds: number
}

const readingPart = "reading the chats"
const learningPart = "fine-tuning"

/** Shares of the file are shown in hundredths. */
const hundred = 100

const noteChats = (chats: SftChats, file: string, learnt: number, heldOut: number) => [
  `chats:      ${learnt} to learn and ${heldOut} held out of ${file}; ${short(chats.tokens.learnt)} of ${short(chats.tokens.all)} tokens are the assistant's`,
  ...(chats.duplicates === 0 ? [] : [`left out:   ${chats.duplicates} that repeat another chat`]),
  ...(chats.long === 0
    ? []
    : [`left out:   ${chats.long} that are too long, the first in line ${chats.firstLong}`]),
  ...(chats.tokens.unknown === 0
    ? []
    : [
        `warning:    ${chats.tokens.unknown} of ${chats.tokens.all} tokens are text that this model's vocabulary does not hold`
      ])
]

const metricsLine = ({ step, ...rest }: FineTuneMetrics) => ({ ...rest, step: step + 1 })

/**
 * Learns to say what the assistant says in the chats of `data`, through the `Learner` and the
 * cross-entropy objective, and keeps `config.json`, `metrics.jsonl`, `results.json` and `final/` in
 * `out`. With a holdout `final/` has the weights of the smallest held-out loss, otherwise the last.
 */
export const sftRun = Effect.fn("trainer.sft")(function* (options: SftOptions, place: SftPlace) {
  const path = yield* Path.Path
  const progress = yield* Progress
  const data = path.resolve(place.data)
  const checkpoint = path.resolve(place.model ?? checkpointDirectory)
  const note = (text: string) => progress.emit({ _tag: "Note", text })
  const engine = yield* engineFor({ ...options, checkpoint })
  const renderer = yield* readChatFiles(checkpoint)
  yield* note(`model:      ${checkpoint}`)
  yield* progress.emit({
    _tag: "Plan",
    title: `sml sft: ${options.epochs} epochs of ${data}`,
    parts: [{ name: readingPart, kind: "moments", total: hundred, guess: 0.05 }]
  })
  yield* progress.emit({ _tag: "Begin", name: readingPart })
  const maxLength = Math.min(options.maxLength ?? Infinity, engine.model.contextLength)
  const chats = yield* readSftChats({
    file: data,
    renderer,
    unknownToken: renderer.tokenizer.tokenId("<unk>"),
    dedup: options.dedup,
    maxLength,
    onRead: (share) => progress.emit({ _tag: "Advance", done: Math.floor(share * hundred) })
  }).pipe(Effect.onInterrupt(() => progress.farewell("interrupted before anything was learnt")))

  const { heldOut, learnt } = splitExamples(chats.examples, {
    share: options.holdout,
    seed: options.seed
  })
  if (options.holdout > 0 && heldOut.length === 0) {
    return yield* new ConfigError({
      reason: `--holdout needs chats that begin differently, and all ${chats.examples.length} of ${data} begin alike; give more, or --holdout 0`
    })
  }
  const whole = Math.ceil(learnt.length / options.batch) * options.epochs
  const planned = Math.min(options.steps ?? Infinity, whole)
  const schedule = scheduleOf(options)
  const fault = scheduleFault(schedule, planned)
  if (fault !== undefined) return yield* new ConfigError({ reason: fault })

  const run = yield* (yield* RunStore).create({
    root: path.dirname(path.resolve(place.out)),
    directory: path.resolve(place.out),
    label: "sft",
    config: { ...options, data, model: checkpoint }
  })
  for (const line of noteChats(chats, data, learnt.length, heldOut.length)) yield* note(line)
  yield* note(microBatchLine(engine))
  yield* note(`run folder: ${run.paths.directory}`)
  yield* progress.emit({
    _tag: "Plan",
    title: `${planned} updates of up to ${options.batch} chats`,
    parts: [{ name: learningPart, kind: "steps", total: planned, guess: 1 }]
  })
  yield* progress.emit({ _tag: "Begin", name: learningPart })

  let taken = 0
  const learning = Effect.gen(function* () {
    const learner = yield* Learner
    const start = yield* Clock.currentTimeMillis
    const seconds = Effect.map(Clock.currentTimeMillis, (now) => (now - start) / 1000)
    let tokens = 0
    let loss = { first: Number.NaN, last: Number.NaN }
    let before: number | undefined
    let best: { readonly loss: number; readonly step: number } | undefined
    const save = run.saveFinal((directory) => learner.save(directory))

    const onStep = Effect.fnUntraced(function* (metrics: FineTuneMetrics) {
      taken = metrics.step + 1
      tokens += metrics["tokens/trained"]
      loss = { first: taken === 1 ? metrics.loss : loss.first, last: metrics.loss }
      before ??= metrics["holdout/initial_loss"]
      yield* run.appendMetrics(metricsLine(metrics))
      yield* progress.emit({ _tag: "Advance", done: taken })
      const rate = tokens / Math.max(1e-3, yield* seconds)
      const text = `loss ${metrics.loss.toFixed(3)} nats  ${short(rate)} tokens/s`
      yield* progress.emit({ _tag: "Detail", text })
      const measured = metrics["holdout/loss"]
      if (measured === undefined) return
      const was = before === undefined ? "" : ` (${before.toFixed(4)} before)`
      yield* note(
        `step ${taken}/${planned}: held-out loss ${measured.toFixed(4)} nats a token${was}`
      )
      if (best !== undefined && measured >= best.loss) return
      best = { loss: measured, step: taken }
      yield* progress.emit({ _tag: "Detail", text: "saving" })
      yield* save
    })

    yield* fineTuneExamples(chats.examples, {
      epochs: options.epochs,
      batchSize: options.batch,
      balance: options.balance,
      holdout: options.holdout,
      ...(options.steps !== undefined && { maxSteps: options.steps }),
      ...(options.evaluateEvery !== undefined && { evaluateEvery: options.evaluateEvery }),
      ...(options.patience !== undefined && { patience: options.patience }),
      optimiser: adamW({
        learningRate: options.learningRate,
        beta1: options.beta1,
        beta2: options.beta2,
        weightDecay: options.weightDecay,
        maxGradNorm: options.clipNorm
      }),
      schedule,
      seed: options.seed
    }).pipe(
      Stream.runForEach(onStep),
      Effect.onInterrupt(() => {
        if (best !== undefined) {
          return progress.farewell(
            `interrupted after step ${taken} of ${planned}; ${run.paths.final} has the weights of step ${best.step}, whose held-out loss was the smallest`
          )
        }
        if (taken === 0) return Effect.void
        const sentence = `interrupted after step ${taken} of ${planned}`
        return Effect.matchEffect(save, {
          onSuccess: () => progress.farewell(`${sentence}; its weights are in ${run.paths.final}`),
          onFailure: (error) =>
            progress.farewell(`${sentence}; its weights could not be kept (${error.message})`)
        })
      })
    )
    if (best === undefined) yield* save
    const result: SftResult = {
      run,
      steps: taken,
      planned,
      chats: { learnt: learnt.length, heldOut: heldOut.length },
      tokens: chats.tokens,
      loss,
      heldOut:
        best === undefined || before === undefined
          ? undefined
          : { before, best: best.loss, step: best.step },
      seconds: yield* seconds
    }
    const { run: _, ...results } = result
    yield* run.writeFile("results.json", `${JSON.stringify(results, null, 2)}\n`)
    return result
  })
  return yield* Effect.provide(learning, OnnxPolicy.layer(engine.options)).pipe(
    Effect.onInterrupt(() =>
      // later there is something to be kept
      taken > 0
        ? Effect.void
        : progress.farewell(
            `interrupted before the first step was finished; ${run.paths.directory} holds no weights`
          )
    )
  )
})
